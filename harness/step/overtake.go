package step

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"example.com/sseworkbook/harness/inspect"
)

// Overtaken calls f, which comes to a lock of the struct that owner points to while
// all its locks are held. They are given back, and then is called: what that starts
// with a go statement mostly has its turn before f goes on: do it several times. So whatever f did before it came to
// the lock meets what is not to come before the rest. It returns when f has. Where f
// needs none of these locks, it has ended when then is called.
func Overtaken(owner any, f, then func()) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // f, when it is woken, waits for its turn
	var crowd Crowd
	defer crowd.Wait()
	locks := inspect.LocksOf(owner)
	release := current.holdLock()
	for _, lock := range locks {
		lock.Lock()
	}
	crowd.come(f)
	for _, lock := range locks {
		lock.Unlock()
	}
	release()
	then()
}

// ExclusiveToReaders is [Exclusive] for the calls that change the map, where its lock is a
// sync.RWMutex: each of them comes while another one only reads, and has to wait as well.
func ExclusiveToReaders(t *testing.T, owner any, calls Calls) {
	t.Helper()
	lock, _ := inspect.LockOf(owner)
	shared, found := lock.(*sync.RWMutex)
	for i := 0; found && i < len(calls); i++ {
		if passesReader(shared, calls[i].Call) {
			Fail(t, fmt.Sprintf("somebody reads the map under RLock, and %s, which changes it, did not wait", calls[i].Name),
				"RLock lets in all who ask for RLock; where two change a map in the same instant, Go may end the whole server:",
				"fatal error: concurrent map writes")
		}
	}
}

// passesReader reports whether call ends while lock is held by a reader.
func passesReader(lock *sync.RWMutex, call func()) bool {
	var crowd Crowd
	defer crowd.Wait()
	lock.RLock()
	defer lock.RUnlock()
	defer current.holdLock()()
	return crowd.come(call)
}
