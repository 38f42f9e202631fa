package step_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/step"
)

// What is started then has the lock before the one that waited for it, if not each time.
func TestWhoWaitsForALockIsOvertaken(t *testing.T) {
	overtaken := 0
	for range 50 {
		o := &owner{seen: map[string]bool{}}
		var order step.List[string]
		var all sync.WaitGroup
		at := func(name string) func() {
			return func() {
				o.mu.Lock()
				defer o.mu.Unlock()
				order.Add(name)
			}
		}
		step.Overtaken(o, func() { order.Add("comes"); at("first")() }, func() { all.Go(at("second")) })
		all.Wait()
		if order.All()[1] == "second" {
			overtaken++
		}
		require.Equal(t, "comes", order.All()[0])
	}
	require.Positive(t, overtaken)
}

// Without a lock to wait for, f ends first.
func TestWithoutALockNobodyIsOvertaken(t *testing.T) {
	var order []string
	step.Overtaken(&struct{}{}, func() { order = append(order, "first") }, func() { order = append(order, "second") })
	require.Equal(t, []string{"first", "second"}, order)
}

// Who changes the map under RLock does not wait for one that reads it.
func TestAChangeUnderRLockIsNamed(t *testing.T) {
	o := &owner{seen: map[string]bool{}}
	step.ExclusiveToReaders(t, o, step.Calls{{"add", o.add}})
	require.Len(t, o.seen, 1)
	step.ExclusiveToReaders(t, &struct {
		mu sync.Mutex
		m  map[int]int
	}{}, step.Calls{{"nothing", func() { t.Error("called without a lock to share") }}})
	out, _ := run(t, build(), "4=shared")
	require.Contains(t, out, "another goroutine reads the map under RLock, but Count, which changes it, did not wait")
	require.Contains(t, out, "--- FAIL: TestFour ")
}
