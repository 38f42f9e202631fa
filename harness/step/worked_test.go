package step

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// work keeps a processor busy for n rounds.
func work(n int) (sum int) {
	for i := range n {
		sum += i * sum
	}
	return sum
}

func TestWorkedIsMoreForMoreWork(t *testing.T) {
	var sum int
	little := Worked(func() { sum += work(100_000) })
	much := Worked(func() { sum += work(10_000_000) })
	require.Positive(t, little)
	require.Greater(t, much, 4*little, "a hundred times the work; the sum is %d", sum)
}

func TestWorkedWithoutWorkIsLittle(t *testing.T) {
	least := Worked(func() {})
	for range 100 {
		least = min(least, Worked(func() {}))
	}
	var sum int
	require.Less(t, least, Worked(func() { sum += work(10_000_000) }), "the sum is %d", sum)
}
