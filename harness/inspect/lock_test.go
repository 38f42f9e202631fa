package inspect

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheLockOfTheOneMapIsFound(t *testing.T) {
	owner := &struct {
		name string
		mu   sync.RWMutex
		seen map[string]bool
	}{}
	lock, found := LockOf(owner)
	require.True(t, found)
	lock.Lock()
	require.False(t, owner.mu.TryLock())
	lock.Unlock()
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
		_, found := LockOf(owner)
		require.False(t, found, name)
	}
}

func TestTheOneMutexIsFoundWhateverItGuards(t *testing.T) {
	owner := &struct {
		mu    sync.Mutex
		calls sync.WaitGroup
	}{}
	lock, found := MutexOf(owner)
	require.True(t, found)
	lock.Lock()
	require.False(t, owner.mu.TryLock())
	lock.Unlock()
	_, found = MutexOf(&struct{ a, b sync.Mutex }{})
	require.False(t, found)
	_, found = MutexOf(&struct{ a sync.RWMutex }{})
	require.False(t, found)
}
