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

// A stub that does not compile would be the first thing that a learner sees. The
// compiler has the last word, with the stubs in the places of their solutions.
func TestEverySolutionGivesAStubThatCompiles(t *testing.T) {
	replace := make(map[string]string)
	var packages []string
	scratch := t.TempDir()
	for _, lesson := range lessons(t) {
		stub, err := Of(lesson)
		require.NoError(t, err)
		require.NotContains(t, string(stub), "lesson:", "a directive was left in the stub of %s", lesson.Name)

		absolute, err := filepath.Abs(lesson.SolutionFile())
		require.NoError(t, err)
		replace[absolute] = filepath.Join(scratch, filepath.Base(absolute))
		require.NoError(t, os.WriteFile(replace[absolute], stub, 0o644))
		packages = append(packages, filepath.Dir(absolute))
	}
	vet(t, root, replace, packages)
}

// A stub that is behind its solution teaches what is no longer so. What a learner has made of theirs is no fault.
func TestTheStubsAreThoseOfTheirSolutions(t *testing.T) {
	for _, err := range Check(root, lessons(t)) {
		t.Error(err)
	}
}

// lessons are all that there are.
func lessons(t *testing.T) []catalog.Lesson {
	t.Helper()
	all, err := catalog.Find(root)
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
