package step_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/step"
)

// Who asks for the lock waits until it is given back; who does not has ended.
func TestACrowdWaitsForTheLockOfTheOneMap(t *testing.T) {
	owner := &struct {
		name string
		mu   sync.RWMutex
		seen map[string]bool
	}{seen: map[string]bool{}}
	lock, found := step.LockOf(owner)
	require.True(t, found)

	lock.Lock()
	var visitors step.Crowd
	require.False(t, visitors.Come(func() {
		owner.mu.Lock()
		defer owner.mu.Unlock()
		owner.seen["a"] = true
	}))
	require.True(t, visitors.Come(func() {}))
	require.False(t, visitors.Come(func() {
		owner.mu.RLock()
		defer owner.mu.RUnlock()
	}))
	require.Empty(t, owner.seen)
	lock.Unlock()
	visitors.Wait()
	require.Len(t, owner.seen, 1)
}

func TestNoLockIsFoundWhereNobodyCanSayWhatItGuards(t *testing.T) {
	for name, owner := range map[string]any{
		"no lock": &struct{ m map[int]int }{},
		"no map":  &struct{ mu sync.Mutex }{},
		"two locks": &struct {
			a, b sync.Mutex
			m    map[int]int
		}{},
		"two maps": &struct {
			mu   sync.Mutex
			m, n map[int]int
		}{},
		"a pool": &struct {
			mu   sync.Mutex
			pool sync.Pool
			m    map[int]int
		}{},
	} {
		_, found := step.LockOf(owner)
		require.False(t, found, name)
	}
}
