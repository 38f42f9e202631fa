package step

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"example.com/sseworkbook/harness/inspect"
)

// Overtaken calls f while all locks of the struct that owner points to are held, so that
// f stops at one of them. Then it unlocks them and calls then. What then starts with a go
// statement mostly runs before f goes on, so do it several times. In this way it comes
// between what f did before it reached the lock and the rest of f. Overtaken returns when
// f has returned. If f needs none of these locks, it has ended before then is called.
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

// ExclusiveToReaders is [Exclusive] for calls that change the map, if its lock is a
// sync.RWMutex: it makes each of them while a reader holds the lock, and they must wait
// for that one as well.
func ExclusiveToReaders(t *testing.T, owner any, calls Calls) {
	t.Helper()
	lock, _ := inspect.LockOf(owner)
	shared, found := lock.(*sync.RWMutex)
	for i := 0; found && i < len(calls); i++ {
		if passesReader(shared, calls[i].Call) {
			Fail(t, fmt.Sprintf("another goroutine reads the map under RLock, but %s, which changes it, did not wait", calls[i].Name),
				"RLock does not keep out other RLock calls; when two goroutines change a map at the same time, Go may end the whole server:",
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
