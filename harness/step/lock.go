package step

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"example.com/sseworkbook/harness/inspect"
)

// Calls are calls into the learner's code, each with the name that a failure uses for it.
type Calls []struct {
	Name string
	Call func()
}

// Exclusive locks the lock that guards the only map of the struct that owner points
// to, and then makes each of these calls. The step fails if one of them does not wait
// for the lock. If the struct is built in a different way, so that it is unclear what
// guards the map, Exclusive calls nothing. It must not be called in a bubble.
func Exclusive(t *testing.T, owner any, calls Calls) {
	t.Helper()
	lock, found := inspect.LockOf(owner)
	if !found {
		return
	}
	var crowd Crowd
	defer crowd.Wait()
	lock.Lock()
	defer lock.Unlock()
	defer current.holdLock()()
	for _, c := range calls {
		if crowd.come(c.Call) {
			Fail(t, "another goroutine holds the map's lock, but "+c.Name+" did not wait for it",
				"when two goroutines use a map at the same time, Go may end the whole server:", "fatal error: concurrent map read and map write")
		}
	}
}

// AtOnce calls f n times, on n goroutines, with the numbers from 0 to n-1, and returns
// when all calls have returned. All of them reach the lock of the struct that owner
// points to (see [Exclusive]) while it is held, and then get it in turn: each goroutine
// gets it once before any gets it a second time. So anything that f looks up under the
// lock and uses after unlocking is out of date by then. If no lock is found, each call
// starts when the one before it has ended or waits. AtOnce must not be called in a
// bubble.
func AtOnce(owner any, n int, f func(i int)) {
	lock, found := inspect.LockOf(owner)
	if !found {
		lock = new(sync.Mutex) // no one else wants it
	}
	inTurn(lock, n, f)
}

// InTurn is [AtOnce] for a struct with one sync.Mutex, whatever that guards. The last
// goroutine keeps running after it unlocks the mutex: whatever the others do after they
// had the mutex comes later than everything that the last one does without waiting.
func InTurn(owner any, n int, f func(i int)) {
	lock, found := inspect.MutexOf(owner)
	if !found {
		lock = new(sync.Mutex) // no one else wants it
	}
	inTurn(lock, n, f)
}

func inTurn(lock sync.Locker, n int, f func(i int)) {
	var crowd Crowd
	defer crowd.Wait()
	defer current.holdLock()()
	lock.Lock()
	for i := range n {
		crowd.come(func() { f(i) })
	}
	// Waiting counts from now on: if the last one has not waited long enough, the lock
	// goes to the others as usual.
	inspect.HandOver(lock, time.Now(), func() { crowd.settle(inspect.Goroutine.InSync) })
}

// OnOneProcessor runs f on a single processor, so that nothing else runs until f ends or
// waits.
func OnOneProcessor(f func()) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	f()
}
