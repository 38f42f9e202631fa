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
	code := func(body string) string {
		return "package one\n\nfunc next() int {\n" + body + "\tdefer mu.Unlock()\n\treturn n\n}\n\nfunc other() {}\n"
	}
	solution := code("\tmu.Lock()\n\tn++\n")
	remarks := func(yours string, done bool) []string {
		file := File{Side{Path: "lessons/one.go", Text: []byte(yours)}, Side{Path: "solutions/one.go", Text: []byte(solution)}}
		all, err := Remarks(root, lesson, []File{file}, done)
		require.NoError(t, err)
		return all
	}
	const mistake = "lessons/one.go contains a known mistake: the counter is read without the lock. The result: two have one id."
	wrong := code("\tn++\n\tmu.Lock()\n\n\t// in time\n\tlast := n\n") + "\nfunc further() {}\n"
	require.Equal(t, []string{mistake}, remarks(wrong, false))
	require.Equal(t, []string{mistake, "All steps pass with the other differences. Most are probably a matter of style, but the steps do not catch everything."}, remarks(wrong, true))
	style := []string{"All steps pass with these differences. Most are probably a matter of style, but the steps do not catch everything."}
	require.Equal(t, style, remarks(code("\tmu.Lock()\n\tn += 1\n"), true))
	require.Equal(t, style, remarks(code("\tn++\n\tmu.Lock()\n\tlast := n\n\tlast++\n"), true), "the lines are there, and what they do is another thing")
	require.Empty(t, remarks(code("\tmu.Lock()\n\tn += 1\n"), false))
	require.Empty(t, remarks(solution, true))
}
