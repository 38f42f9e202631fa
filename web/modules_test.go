package web_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The parts of the pages' modules that need no page are tested without a browser. The
// tests are in the same folders, for Node's own test runner. Only Node uses package.json.
func TestThePagesModules(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal("Node is not installed, and a CI run must test the pages' modules")
	}
	if err != nil {
		t.Skip("Node is not installed, so the pages' modules cannot be tested")
	}
	files, err := filepath.Glob("*/*.test.mjs")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	output, err := exec.CommandContext(t.Context(), node, append([]string{"--test"}, files...)...).CombinedOutput()
	require.NoError(t, err, "%s", output)
}
