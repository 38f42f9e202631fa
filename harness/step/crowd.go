package step

import (
	"runtime"
	"sync"
	"sync/atomic"

	"example.com/sseworkbook/harness/inspect"
)

// A Crowd is a group of goroutines that meet at one thing, such as a lock or a writer.
// Only one goroutine at a time may call its methods, and none in a bubble, where waiting
// for a lock is not an event.
type Crowd struct {
	all     sync.WaitGroup
	members []*member
}

// A member is a goroutine of a crowd. Its ID is zero until it runs.
type member struct {
	id    atomic.Int64
	ended atomic.Bool
}

// Start adds a goroutine that runs f. A goroutine of the crowd may call it too.
func (c *Crowd) Start(f func()) {
	m := &member{}
	c.members = append(c.members, m)
	c.all.Go(func() {
		m.id.Store(inspect.Self())
		defer m.ended.Store(true)
		f()
	})
}

// Settle returns when each goroutine of the crowd has ended, or is waiting for a lock, a
// channel or a timer. A goroutine of the crowd may call it, and then waits for the others.
func (c *Crowd) Settle() { c.settle(inspect.Goroutine.Waits) }

// Wait returns when each goroutine of the crowd has ended.
func (c *Crowd) Wait() { c.all.Wait() }

// come adds a goroutine that runs f, and returns when each of the crowd has ended or
// waits for a lock. It reports whether the new one has ended.
func (c *Crowd) come(f func()) (ended bool) {
	c.Start(f)
	c.settle(inspect.Goroutine.InSync)
	return c.members[len(c.members)-1].ended.Load()
}

// settle returns when each of the crowd but the caller has ended, or waits.
func (c *Crowd) settle(waits func(inspect.Goroutine) bool) {
	for !c.settled(waits) {
		runtime.Gosched()
	}
}

func (c *Crowd) settled(waits func(inspect.Goroutine) bool) bool {
	all := inspect.Goroutines()
	calm := map[int64]bool{all[0].ID: true} // the caller
	for _, g := range all[1:] {
		calm[g.ID] = waits(g)
	}
	for _, m := range c.members {
		if !m.ended.Load() && !calm[m.id.Load()] {
			return false
		}
	}
	return true
}
