package inspect

import (
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"
)

// LockOf returns the lock that guards the one map of the struct that owner points
// to. It is found where the struct has one sync.Mutex or sync.RWMutex, one map, and
// nothing else of package sync: of a struct that is built in another way, nobody
// can say what guards what.
func LockOf(owner any) (lock sync.Locker, found bool) {
	fields := reflect.ValueOf(owner).Elem()
	locks, maps := 0, 0
	for i := range fields.NumField() {
		field := fields.Field(i)
		switch field.Type() {
		case reflect.TypeFor[sync.Mutex](), reflect.TypeFor[sync.RWMutex]():
			locks++
			lock = reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Interface().(sync.Locker)
		default:
			if field.Kind() == reflect.Map {
				maps++
			}
			if strings.HasPrefix(field.Type().PkgPath(), "sync") {
				return nil, false // whatever it is for
			}
		}
	}
	return lock, locks == 1 && maps == 1
}

// MutexOf returns the one sync.Mutex of the struct that owner points to, whatever it
// guards.
func MutexOf(owner any) (lock sync.Locker, found bool) {
	fields := reflect.ValueOf(owner).Elem()
	for i := range fields.NumField() {
		if field := fields.Field(i); field.Type() == reflect.TypeFor[sync.Mutex]() {
			if found {
				return nil, false
			}
			lock, found = reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Interface().(sync.Locker), true
		}
	}
	return lock, found
}

// starved is how long a goroutine waits for a sync.Mutex before the mutex changes
// its ways: from then on it goes from one to the next in the order in which they
// came, until nobody waits any more. In package sync it is a millisecond.
const starved = 2 * time.Millisecond

// HandOver gives lock, which the caller holds, to each of those who have waited for it
// since the moment began, in turn, and to each of them once before anyone has it for
// a second time. settle has to return when each of them has ended or waits.
func HandOver(lock sync.Locker, began time.Time, settle func()) {
	// On one processor nobody is woken between Unlock and Lock. So the first who is
	// woken finds the lock taken again, and by then has waited for too long.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for time.Since(began) < starved {
		runtime.Gosched()
	}
	lock.Unlock()
	lock.Lock()
	settle()
	lock.Unlock()
}
