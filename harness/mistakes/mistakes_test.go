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

// A record may change another one of its folder, which may change a third, and each
// changes the solution in the end.
func TestARecordMayChangeAnother(t *testing.T) {
	root, lesson := t.TempDir(), catalog.Lesson{Name: "01-greeting"}
	dir := filepath.Join(root, mistakes.Dir, lesson.Name)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".txtar"), []byte(text), 0o644))
	}
	write("c-first", "title: 1\n-- old --\na\n-- new --\nb\n")
	write("b-second", "title: 2\nbase: c-first\n-- old --\nb\n-- new --\nc\n")
	write("a-third", "title: 3\nbase: b-second\n-- old --\nc\n-- new --\nd\n")
	records, err := mistakes.Of(root, lesson)
	require.NoError(t, err)
	changed, err := records[0].Apply(map[string]string{"x.go": "a\n"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"x.go": "d\n"}, changed)

	write("c-first", "title: 1\nbase: a-third\n-- old --\na\n-- new --\nb\n")
	_, err = mistakes.Of(root, lesson)
	require.ErrorContains(t, err, "is no other record of the same folder", "a circle")
	write("c-first", "title: 1\nbase: d-gone\n-- old --\na\n-- new --\nb\n")
	_, err = mistakes.Of(root, lesson)
	require.ErrorContains(t, err, `c-first.txtar: its base "d-gone" is no other record of the same folder`)
}

// A mistake is found in code that has it word for word, and not in the solution.
func TestAMistakeIsFoundInCodeThatHasIt(t *testing.T) {
	root, err := catalog.Root(".")
	require.NoError(t, err)
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	found := 0
	for _, lesson := range lessons {
		text, err := os.ReadFile(lesson.SolutionFile())
		require.NoError(t, err)
		name, right := filepath.Base(lesson.SolutionFile()), string(textfile.UnixLines(text))
		records, err := mistakes.Of(root, lesson)
		require.NoError(t, err)
		for _, r := range records {
			require.False(t, r.In(right, right), r.File)
			if changed, err := r.Apply(map[string]string{name: right}); err == nil && r.In(changed[name], right) {
				found++
			}
		}
	}
	require.Greater(t, found, 100, "of all that are on record")
}
