package step_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/step"
)

// Time passes while others wait for a channel or a moment, and not while one waits for
// a lock, which would stop the bubble's clock for good.
func TestTimePassesUnlessSomebodyWaitsForALock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, end := time.Now(), make(chan struct{})
		go func() { <-end }()
		go time.Sleep(time.Hour)
		step.Pass(time.Minute)
		require.Equal(t, time.Minute, time.Since(start))

		var lock sync.RWMutex
		lock.RLock()
		go func() {
			lock.Lock()
			defer lock.Unlock()
		}()
		step.Pass(time.Minute)
		require.False(t, lock.TryRLock(), "the other one waits")
		require.Equal(t, time.Minute, time.Since(start))
		lock.RUnlock()
		close(end)
		time.Sleep(time.Hour)
	})
}
