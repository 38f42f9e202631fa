package overlay_test

import (
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

// withCheck puts the check, as it is here, and the packages and modules that it
// uses into the workbook in root.
func withCheck(t *testing.T, root string) string {
	t.Helper()
	here, err := catalog.Root(".")
	require.NoError(t, err)
	folders, err := golang(t, here, "list", "-deps", "-test", "-f", "{{with .Module}}{{if .Main}}{{$.Dir}}{{end}}{{end}}", "./solutions")
	require.NoError(t, err, folders)
	files := []string{filepath.Join(here, "go.mod"), filepath.Join(here, "go.sum")}
	for folder := range strings.Lines(folders) {
		found, err := filepath.Glob(filepath.Join(strings.TrimSpace(folder), "*.go"))
		require.NoError(t, err)
		files = append(files, found...)
	}
	for _, file := range files {
		name, err := filepath.Rel(here, file)
		require.NoError(t, err)
		if strings.HasSuffix(name, "_test.go") && filepath.Dir(name) != "solutions" {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		put(t, filepath.Join(root, name), string(text))
	}
	age(t, root, time.Hour)
	return root
}
