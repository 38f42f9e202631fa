package step

import (
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// LockOf returns the lock that guards the one map of the struct that owner points
// to, so that a step can hold it while others want it, and see who does not ask.
// It is found where the struct has one sync.Mutex or sync.RWMutex, one map, and
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

// A Crowd is goroutines that want the same lock. Whoever made it waits for them
// with [sync.WaitGroup.Wait]. Its methods are for one goroutine, and not for a
// bubble's: who waits for a lock is no event there.
type Crowd struct {
	sync.WaitGroup
	size  int
	ended atomic.Int64
}

// Come adds a goroutine that runs f, and returns when each of the crowd has ended
// or waits for a lock. It reports whether one has ended.
func (c *Crowd) Come(f func()) bool {
	before := c.ended.Load()
	c.size++
	c.Go(func() {
		defer c.ended.Add(1)
		f()
	})
	c.Settle()
	return c.ended.Load() > before
}

// Settle returns when each of the crowd has ended or waits for a lock.
func (c *Crowd) Settle() {
	for int(c.ended.Load())+waitingInCrowd() < c.size {
		runtime.Gosched()
	}
}

// waitingInCrowd counts the goroutines of a crowd that wait for a lock. There is
// one crowd at a time.
func waitingInCrowd() int {
	n := 0
	for stack := range strings.SplitSeq(allStacks(), "\n\n") {
		if strings.Contains(stack, ".(*Crowd).Come.func") && waitsForLock.MatchString(stack) {
			n++
		}
	}
	return n
}

var waitsForLock = regexp.MustCompile(`^goroutine \d+ \[(sync\.|semacquire)`)
