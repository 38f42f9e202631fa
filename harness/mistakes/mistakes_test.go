package mistakes_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/textfile"
)

// Each mistake on record can be read, and is still an edit of its solution. That the
// tests catch it is proven by harness/verify, which takes far longer.
func TestTheMistakesFitTheSolutions(t *testing.T) {
	root, err := catalog.Root(".")
	require.NoError(t, err)
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	for _, lesson := range lessons {
		files, err := lesson.SolutionFiles()
		require.NoError(t, err)
		solution := map[string]string{}
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			solution[filepath.Base(file)] = string(textfile.UnixLines(text))
		}
		records, err := mistakes.Of(root, lesson)
		require.NoError(t, err)
		require.NotEmpty(t, records)
		for _, r := range records {
			require.NotEmpty(t, r.Step(), r.File)
			changed, err := r.Apply(solution)
			require.NoError(t, err, r.File)
			require.NotEqual(t, solution, changed, r.File)
		}
	}
}
