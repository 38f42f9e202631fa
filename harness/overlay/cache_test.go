package overlay_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
)

// The go command keeps the green of solutions/ while nothing has changed, and no
// longer: each file that the lessons' tests depend upon makes it run again.
func TestACachedHealthCheckIsNeverStale(t *testing.T) {
	root := withCheck(t, write(t))
	require.False(t, isCached(t, root))
	require.True(t, isCached(t, root))
	for minutes, file := range []string{
		"lessons/01-greeting/part1_test.go",
		"solutions/02-shouting/mark.go",
		"harness/step/step.go",
		"harness/pair/pair.go",
		"harness/inspect/inspect.go",
		"go.mod",
	} {
		text, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		put(t, filepath.Join(root, file), string(text)+"\n// changed\n")
		age(t, filepath.Join(root, file), time.Hour-time.Duration(minutes+1)*time.Minute)
		require.False(t, isCached(t, root), "%s has changed", file)
	}
	require.True(t, isCached(t, root))
}

// isCached runs the check of the workbook in root, and reports whether the go
// command had its green from before.
func isCached(t *testing.T, root string) bool {
	t.Helper()
	output, err := golang(t, root, "test", "-vet=off", "./solutions")
	require.NoError(t, err, output)
	return strings.Contains(output, "(cached)")
}

// withCheck puts the check, as it is here, and the packages that it uses into
// the workbook in root.
func withCheck(t *testing.T, root string) string {
	t.Helper()
	here, err := catalog.Root(".")
	require.NoError(t, err)
	for _, pattern := range []string{"solutions/*.go", "harness/overlay/*.go", "harness/catalog/*.go", "harness/progress/*.go", "harness/toolchain/*.go"} {
		files, err := fs.Glob(os.DirFS(here), pattern)
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasPrefix(file, "harness/") && strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(filepath.Join(here, file))
			require.NoError(t, err)
			put(t, filepath.Join(root, file), string(text))
		}
	}
	age(t, root, time.Hour)
	return root
}
