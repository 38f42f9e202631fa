package step

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"example.com/sseworkbook/harness/inspect"
)

// Calls are calls of the learner's code, each with the name that a failure gives it.
type Calls []struct {
	Name string
	Call func()
}

// Exclusive holds the lock that guards the one map of the struct that owner points
// to, and lets each of these calls come. The step fails if one of them does not wait
// for the lock. Where the struct is built in another way, and so nobody can say what
// guards the map, nothing is called. It is not for a bubble.
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
			Fail(t, "somebody is at the map and holds its lock, and "+c.Name+" did not wait for it",
				"when two are at a map in the same instant, Go may end the whole server:", "fatal error: concurrent map read and map write")
		}
	}
}

// AtOnce calls f n times, on as many goroutines, with the numbers from zero on, and
// returns when all have returned. All come to the lock of the struct that owner
// points to (see [Exclusive]) while it is held, and then get it in turn: each of them
// once, before anyone gets it for a second time. So what is looked up under the lock
// and used after it has gone back is out of date by then. Where no lock is found, each
// comes when the one before it has ended or waits. It is not for a bubble.
func AtOnce(owner any, n int, f func(i int)) {
	lock, found := inspect.LockOf(owner)
	if !found {
		lock = new(sync.Mutex) // nobody wants it
	}
	inTurn(lock, n, f)
}

// InTurn is [AtOnce] for a struct with one sync.Mutex, whatever that guards. Who comes
// last runs on when it has given the mutex back: what those before it do after they
// had the mutex comes later than all that the last one does without a wait.
func InTurn(owner any, n int, f func(i int)) {
	lock, found := inspect.MutexOf(owner)
	if !found {
		lock = new(sync.Mutex) // nobody wants it
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
	// From now on: where the last one has waited for too short a time, the lock goes to
	// the others as it does on other days.
	inspect.HandOver(lock, time.Now(), func() { crowd.settle(inspect.Goroutine.InSync) })
}

// OnOneProcessor runs f on the only processor, so that nothing else runs before f has ended
// or waits.
func OnOneProcessor(f func()) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	f()
}
