package stub

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
	for _, file := range solutions(t) {
		solution, err := os.ReadFile(file)
		require.NoError(t, err)
		stub, err := Derive(file, solution)
		require.NoError(t, err)
		require.NotContains(t, string(stub), "lesson:", "a directive was left in the stub of %s", file)

		absolute, err := filepath.Abs(file)
		require.NoError(t, err)
		replace[absolute] = filepath.Join(scratch, filepath.Base(file))
		require.NoError(t, os.WriteFile(replace[absolute], stub, 0o644))
		packages = append(packages, filepath.Dir(absolute))
	}
	vet(t, root, replace, packages)
}

// A stub that is behind its solution teaches what is no longer so. What a learner has made of theirs is no fault.
func TestTheStubsAreThoseOfTheirSolutions(t *testing.T) {
	var targets []Target
	for _, file := range solutions(t) {
		name := filepath.Base(filepath.Dir(file))
		targets = append(targets, Target{
			Name:         name,
			SolutionFile: path.Join("solutions", name, filepath.Base(file)),
			StubFile:     path.Join("lessons", name, filepath.Base(file)),
		})
	}
	for _, err := range Check(root, targets) {
		t.Error(err)
	}
}

// solutions returns the files of all solutions, without tests.
func solutions(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(root + "/solutions/[0-9][0-9]-*/*.go")
	require.NoError(t, err)
	files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
	require.NotEmpty(t, files, "no solution was found: this test would prove nothing")
	return files
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
