package step

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Without the names of the steps a run goes on, in no order: nothing waits.
func TestWithoutTheNamesNoStepWaits(t *testing.T) {
	binary := os.Args[0]
	defer func() { os.Args[0] = binary }()
	os.Args[0] = t.TempDir() // which nobody can run
	names := stepNames()
	require.Empty(t, names)

	l := lesson{}
	l.read(names)
	require.Empty(t, l.begin("TestOne"))
	l.end("TestOne", true)
	require.Empty(t, l.begin("TestTwo"))
	require.Empty(t, l.closing())
}
