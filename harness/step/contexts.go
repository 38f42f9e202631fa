package step

import (
	"context"
	"runtime"
	"time"
	"weak"
)

// HeldContexts calls f n times, each time with a different context of a program that keeps
// running. The function that it returns waits a minute and then reports how many of these
// contexts are still reachable, and so stay in memory. It must be called in a bubble, and
// only once.
func HeldContexts(n int, f func(ctx context.Context)) (held func() int) {
	type key struct{}
	type load [64]byte // too large to share its memory with others
	var loads []weak.Pointer[load]
	program, end := context.WithCancel(context.Background())
	for range n {
		l := new(load)
		loads = append(loads, weak.Make(l))
		f(context.WithValue(program, key{}, l))
	}
	return func() (reachable int) {
		defer end()
		time.Sleep(time.Minute) // by then, the clock has let go of the timers that were stopped
		runtime.GC()
		for _, l := range loads {
			if l.Value() != nil {
				reachable++
			}
		}
		return reachable
	}
}
