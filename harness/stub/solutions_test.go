package stub

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/toolchain"
)

// root is the workbook's root, seen from this folder.
const root = "../.."

// A stub that does not compile would be the first thing that a learner sees. Derive checks each by itself; here the
// compiler has the last word, with the stubs in the places of their solutions.
func TestEverySolutionGivesAStubThatCompiles(t *testing.T) {
	replace := make(map[string]string)
	var packages []string
	scratch := t.TempDir()
	for _, target := range targets(t) {
		stub, _, err := derive(root, target)
		require.NoError(t, err)
		require.NotContains(t, string(stub), "lesson:", "a directive was left in the stub of %s", target.SolutionFile)

		absolute, err := filepath.Abs(filepath.Join(root, target.SolutionFile))
		require.NoError(t, err)
		replace[absolute] = filepath.Join(scratch, filepath.Base(absolute))
		require.NoError(t, os.WriteFile(replace[absolute], stub, 0o644))
		packages = append(packages, filepath.Dir(absolute))
	}
	vet(t, root, replace, packages)
}

// A stub that is behind its solution teaches what is no longer so. What a learner has made of theirs is no fault.
func TestTheStubsAreThoseOfTheirSolutions(t *testing.T) {
	for _, err := range Check(root, targets(t)) {
		t.Error(err)
	}
}

// targets returns the targets of all lessons.
func targets(t *testing.T) (all []Target) {
	t.Helper()
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	all, err = Targets(root, lessons...)
	require.NoError(t, err)
	return all
}

// vet runs go vet on packages, with some files in the places of others.
func vet(t *testing.T, dir string, replace map[string]string, packages []string) {
	t.Helper()
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(file, overlay, 0o644))

	output, err := toolchain.Command(t.Context(), dir, append([]string{"vet", "-overlay", file}, packages...)...).CombinedOutput()
	require.NoError(t, err, "%s", output)
}
