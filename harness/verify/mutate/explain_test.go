package mutate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
)

const twoEntries = `# For readers.

drop in f
- g()
equivalent: nobody hears of g.

boundary in f #2
- if n < m {
+ if n <= m {
not asked: n is never that large,
whatever m is.
`

func TestEntriesAreParagraphs(t *testing.T) {
	entries, err := parse("file", twoEntries)
	require.NoError(t, err)
	require.Equal(t, []explanation{
		{"drop in f\n- g()", true, "file", 3},
		{"boundary in f #2\n- if n < m {\n+ if n <= m {", false, "file", 7},
	}, entries)
}

func TestAnEntryThatIsNotWholeIsNamed(t *testing.T) {
	for _, text := range []string{"drop in f\n- g()\n", "drop in f\n- g()\nBecause.\n", "drop in f\nNo change.\n", "drop in f\n+ h()\nNo line.\n", "g is of no use\n"} {
		_, err := parse("file", twoEntries+"\n"+text)
		require.ErrorContains(t, err, "file:13: an entry must have the kind of change", text)
	}
}

func TestEachSurvivorNeedsAnEntryAndEachEntryASurvivor(t *testing.T) {
	drop, boundary := explanation{change: "drop in f\n- g()", line: 1}, explanation{change: "boundary in f\n- n < m", line: 2}
	again := explanation{change: drop.change, line: 3}
	g, h := Change{Kind: "drop", In: "f", Nth: 1, Old: "g()"}, Change{Kind: "drop", In: "f", Nth: 1, Old: "h()"}

	again.equivalent = true
	var r Report
	r.explain([]Change{g, h}, []explanation{drop, boundary, again})
	require.Equal(t, Report{
		Equivalent: 1,
		Survivors:  []Change{h},
		Stale:      []string{drop.String(), boundary.String()},
	}, r)
}

// What is explained must at least be a change that is made: nobody runs all of
// them each time that a line of a solution is edited.
func TestTheEntriesAreAboutTheSolutionsAsTheyAre(t *testing.T) {
	root, err := catalog.Root(".")
	require.NoError(t, err)
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	for _, lesson := range lessons {
		entries, err := explanations(root, lesson)
		require.NoError(t, err)
		made := map[string]bool{}
		files, err := lesson.SolutionFiles()
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			changes, err := find(filepath.Base(file), string(text))
			require.NoError(t, err)
			for _, c := range changes {
				made[c.String()] = true
			}
		}
		for _, e := range entries {
			require.True(t, made[e.change], "no such change is made to the solution any more: %v", e)
		}
	}
}
