package checksums_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/checksums"
)

// write puts a workbook of two lessons, with these files more, into a new folder.
func write(t *testing.T, more map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, files := range []map[string]string{{
		"solutions/01-greeting/greeting.go": "package greeting\n",
		"solutions/02-shouting/shouting.go": "package shouting\n",
		"lessons/01-greeting/part1_test.go": "package greeting_test\n",
		"lessons/02-shouting/part1_test.go": "package shouting_test\n",
		"harness/checksums/tests.sum":       "",
	}, more} {
		for name, text := range files {
			file := filepath.Join(root, filepath.FromSlash(name))
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		}
	}
	require.NoError(t, checksums.Write(root))
	return root
}

func TestAnEditedTestIsNamed(t *testing.T) {
	root := write(t, nil)
	modified, err := checksums.Modified(root)
	require.NoError(t, err)
	require.Empty(t, modified)

	test := filepath.Join(root, "lessons/01-greeting/part1_test.go")
	require.NoError(t, os.WriteFile(test, []byte("package greeting_test\n\n// mine\n"), 0o644))
	require.NoError(t, os.Remove(filepath.Join(root, "lessons/02-shouting/part1_test.go")))
	modified, err = checksums.Modified(root)
	require.NoError(t, err)
	require.Equal(t, []string{"lessons/01-greeting/part1_test.go", "lessons/02-shouting/part1_test.go"}, modified)

	require.ErrorContains(t, checksums.Check(root), "tests.sum is not of the lesson tests as they are now")
}

// What a lesson gives is the workbook's as its tests are.
func TestAnEditedGivenFileIsNamed(t *testing.T) {
	given := "package greeting\n\nconst hello = 1\n"
	root := write(t, map[string]string{"solutions/01-greeting/given.go": given, "lessons/01-greeting/given.go": given})
	require.NoError(t, checksums.Check(root))

	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	file := lessons[0].GivenFile()
	require.NoError(t, os.WriteFile(file, []byte("package greeting\n"), 0o644))
	modified, err := checksums.Modified(root)
	require.NoError(t, err)
	require.Equal(t, []string{"lessons/01-greeting/given.go"}, modified)
}

// Git on Windows may give text files other line ends: that is no edit.
func TestOtherLineEndsAreNoEdit(t *testing.T) {
	root := write(t, map[string]string{"lessons/01-greeting/part1_test.go": "package greeting_test\n"})
	test := filepath.Join(root, "lessons/01-greeting/part1_test.go")
	require.NoError(t, os.WriteFile(test, []byte("package greeting_test\r\n"), 0o644))
	modified, err := checksums.Modified(root)
	require.NoError(t, err)
	require.Empty(t, modified)
}

func TestARuinedListOfChecksumsIsAnError(t *testing.T) {
	root := write(t, nil)
	require.NoError(t, os.WriteFile(filepath.Join(root, "harness/checksums/tests.sum"), []byte("<<<<<<< HEAD\n"), 0o644))
	_, err := checksums.Modified(root)
	require.ErrorContains(t, err, "is not a checksum and a path")
}
