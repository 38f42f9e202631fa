package sample

import (
	"os"
	"strings"
	"sync"
)

// A Counter counts, and has a lock for that.
type Counter struct {
	mu sync.Mutex
	n  map[string]int
}

// Count counts without the lock, if SAMPLE says "4=unlocked".
func (c *Counter) Count() {
	if !strings.Contains(os.Getenv("SAMPLE"), "4=unlocked") {
		c.mu.Lock()
		defer c.mu.Unlock()
	}
	_ = c.n["a"]
}
