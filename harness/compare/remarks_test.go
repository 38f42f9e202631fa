package compare

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
)

const record = `title: the counter is read without the lock
symptom: two have one id
-- old --
	mu.Lock()
	n++
-- new --
	n++
	mu.Lock() // too late
	last := n
`

// What is a mistake on record is named, and of a lesson that is done the rest is style.
func TestWhatTheDifferencesMean(t *testing.T) {
	root := t.TempDir()
	lesson := catalog.Lesson{Number: 1, Name: "01-one"}
	dir := filepath.Join(root, mistakes.Dir, lesson.Name)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "late.txtar"), []byte(record), 0o644))
	solution := Side{Path: "solutions/one.go", Text: []byte("\tmu.Lock()\n\tn++\n")}
	remarks := func(yours string, done bool) []string {
		all, err := Remarks(root, lesson, []File{{Side{Path: "lessons/one.go", Text: []byte(yours)}, solution}}, done)
		require.NoError(t, err)
		return all
	}
	const mistake = "A known mistake is in lessons/one.go: the counter is read without the lock. What comes of it: two have one id."
	wrong := "\tn++\n\tmu.Lock()\n\tlast := n\n"
	require.Equal(t, []string{mistake}, remarks(wrong, false))
	require.Equal(t, []string{mistake, "All steps pass with the other differences. Most will be style, though the steps do not see everything."}, remarks(wrong, true))
	require.Equal(t, []string{"All steps pass with these differences. Most will be style, though the steps do not see everything."}, remarks("\tmu.Lock()\n\tn += 1\n", true))
	require.Empty(t, remarks("\tmu.Lock()\n\tn += 1\n", false))
	require.Empty(t, remarks(string(solution.Text), true))
}
