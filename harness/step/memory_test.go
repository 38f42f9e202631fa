package step

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is kept counts, and what is let go of does not.
func TestMemoryIsWhatIsReachable(t *testing.T) {
	const n, size = 10_000, 1000
	objects, bytes := Memory()
	kept := make([][]byte, n)
	for i := range kept {
		kept[i] = make([]byte, size)
	}
	moreObjects, moreBytes := Memory()
	require.InDelta(t, n, moreObjects-objects, n/10)
	require.InDelta(t, n*size, moreBytes-bytes, n*size/10)
	runtime.KeepAlive(kept)
	kept = nil
	objects, bytes = Memory()
	require.Less(t, objects, moreObjects-n/2)
	require.Less(t, bytes, moreBytes-n*size/2)
}
