package step

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A step that works is not late because others have the processors; one that waits is,
// though it needs none.
func TestWhatATickCounts(t *testing.T) {
	require.Equal(t, tick, counted(0, false), "all wait")
	require.Equal(t, time.Millisecond, counted(time.Millisecond, true), "on a machine with much else to do")
	require.Equal(t, tick, counted(3*tick, true), "on three processors")
}

func TestSomeoneRuns(t *testing.T) {
	var stop atomic.Bool
	var all sync.WaitGroup
	all.Go(func() {
		for !stop.Load() {
			runtime.Gosched()
		}
	})
	require.Eventually(t, someoneRuns, 10*time.Second, time.Microsecond)
	stop.Store(true)
	all.Wait()
}
