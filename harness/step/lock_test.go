package step_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/step"
)

// An owner has a lock and a map that it guards.
type owner struct {
	mu   sync.RWMutex
	seen map[string]bool
}

func (o *owner) add() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen["a"] = true
}

func (o *owner) read() {
	o.mu.RLock()
	defer o.mu.RUnlock()
}

// Who asks for the lock waits until it is given back. The step fails with the name of
// the call that does not.
func TestWhoDoesNotWaitForTheLockIsNamed(t *testing.T) {
	o := &owner{seen: map[string]bool{}}
	step.Exclusive(t, o, step.Calls{{"add", o.add}, {"read", o.read}})
	require.Len(t, o.seen, 1)

	out, _ := run(t, build(), "4=unlocked")
	require.Contains(t, out, "another goroutine holds the map's lock, but Count did not wait for it")
	require.Contains(t, out, "--- FAIL: TestFour ")
}

// Of those that come at once, each looks before any of them acts on what it saw.
func TestAllWhoComeAtOnceSeeTheSame(t *testing.T) {
	o := &owner{seen: map[string]bool{}}
	var first atomic.Int64
	step.AtOnce(o, 5, func(int) {
		o.mu.Lock()
		seen := o.seen["a"]
		o.mu.Unlock()
		if !seen {
			first.Add(1)
			o.add()
		}
	})
	require.EqualValues(t, 5, first.Load())
	first.Store(0)
	delete(o.seen, "a")
	step.AtOnce(o, 5, func(int) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if !o.seen["a"] {
			first.Add(1)
			o.seen["a"] = true
		}
	})
	require.EqualValues(t, 1, first.Load())
}

// Where no lock is found, all come all the same.
func TestWithoutALockEachComesInTurn(t *testing.T) {
	var order []int
	step.AtOnce(&struct{}{}, 3, func(i int) { order = append(order, i) })
	require.Equal(t, []int{0, 1, 2}, order)
	step.Exclusive(t, &struct{}{}, step.Calls{{"nothing", func() { t.Error("called without a lock") }}})
}

// One of the crowd waits until the others have ended or wait for something.
func TestACrowdSettles(t *testing.T) {
	var crowd step.Crowd
	var came atomic.Bool
	gate := make(chan struct{})
	crowd.Start(func() {
		crowd.Start(func() {
			came.Store(true)
			<-gate
		})
		crowd.Settle()
		require.True(t, came.Load())
		close(gate)
	})
	crowd.Wait()
}

// Who looks under a mutex, and acts on that after it, is too late when the last one in
// turn has acted already.
func TestTheLastInTurnIsAheadOfWhoActsTooLate(t *testing.T) {
	o := &struct {
		mu   sync.Mutex
		shut bool
	}{}
	var late atomic.Bool
	var done atomic.Bool
	step.InTurn(o, 2, func(i int) {
		o.mu.Lock()
		shut := o.shut
		o.shut = i == 1
		o.mu.Unlock()
		if i == 1 {
			done.Store(true)
		} else if !shut {
			late.Store(done.Load())
		}
	})
	require.True(t, late.Load())
	step.InTurn(&struct{}{}, 2, func(int) {}) // there is no mutex to hold
}
