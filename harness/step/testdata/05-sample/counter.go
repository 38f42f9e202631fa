package sample

import (
	"os"
	"strings"
	"sync"
)

// A Counter counts, and has a lock for that.
type Counter struct {
	mu sync.RWMutex
	n  map[string]int
}

// Count counts without the lock, if SAMPLE says "4=unlocked", and under RLock, if it says
// "4=shared".
func (c *Counter) Count() {
	switch sample := os.Getenv("SAMPLE"); {
	case strings.Contains(sample, "4=unlocked"):
	case strings.Contains(sample, "4=shared"):
		c.mu.RLock()
		defer c.mu.RUnlock()
	default:
		c.mu.Lock()
		defer c.mu.Unlock()
	}
	_ = c.n["a"]
}
