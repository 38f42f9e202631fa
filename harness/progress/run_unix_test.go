//go:build unix

package progress_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/process"
	"example.com/sseworkbook/harness/progress"
)

// A Ctrl-C that reaches the go command before it has its own group ends it at once, perhaps
// before ctx has ended. That is not a result.
func TestAGoCommandThatAnInterruptEndedIsAnError(t *testing.T) {
	root, lessons := write(t)
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "go"), []byte("#!/bin/sh\nkill -INT $$\n"), 0o755))
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	_, err := progress.Run(t.Context(), root, lessons, progress.Options{})
	require.True(t, process.EndedByInterrupt(err), "%v", err)
}
