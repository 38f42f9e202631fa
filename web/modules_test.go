package web_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the pages' modules do without a page is tested without a browser: each has its
// tests beside it, for Node's own test runner. The package.json is for Node alone.
func TestThePagesModules(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal("there is no Node on this machine, and a CI run must test the pages' modules")
	}
	if err != nil {
		t.Skip("there is no Node on this machine to run the pages' modules")
	}
	files, err := filepath.Glob("*/*.test.mjs")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	output, err := exec.CommandContext(t.Context(), node, append([]string{"--test"}, files...)...).CombinedOutput()
	require.NoError(t, err, "%s", output)
}
