package inspect

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A shard is of the package of the struct that has it.
type shard struct{ mu sync.RWMutex }

func TestAllLocksOfAStructAreFound(t *testing.T) {
	owner := &struct {
		mu     sync.Mutex
		count  atomic.Int64
		shards [2]shard
		behind *shard
	}{}
	for _, lock := range LocksOf(&owner.shards[0]) {
		lock.Lock()
	}
	require.False(t, owner.shards[0].mu.TryRLock())
	require.Len(t, LocksOf(&owner.shards[1]), 1)
	require.Empty(t, LocksOf(&owner.count))
	require.Empty(t, LocksOf(&struct{ once sync.Once }{}))
}

// A struct without a name is of no package, and has the locks of its own fields.
func TestAStructWithoutANameHasLocksToo(t *testing.T) {
	require.Len(t, LocksOf(&struct {
		a sync.Mutex
		b [3]sync.RWMutex
	}{}), 4)
}
