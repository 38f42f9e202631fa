package update

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A learner who has written and not committed gets what a git pull would give, without a conflict and without a commit.
func TestUncommittedWorkStays(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	mine.write(framing, answer)
	mine.write("lessons/01-framing/helper.go", "package framing // my helper\n")
	mine.write("notes/today.txt", "my notes\n")
	authors.goOn()

	out := mine.update()
	require.Contains(t, out, "\nnewer   1 commit, of ")
	require.Contains(t, out, "new     08-reconnection\n")
	require.Contains(t, out, "yours   what you wrote in 01-framing stays unchanged\n")
	require.Contains(t, out, "tests   changed in 01-framing: run them again\n")
	require.Contains(t, out, "-package framing // stub 1\n+package framing // stub 2\n")
	require.NotContains(t, out, "edited")

	require.Equal(t, answer, mine.read(framing))
	require.Equal(t, "package framing // test 2\n", mine.read(test1))
	require.Equal(t, "none", mine.read("harness/old/old.go"))
	require.NoDirExists(t, mine.dir+"/harness/old")
	require.Equal(t, "package reconnection // stub\n", mine.read("lessons/08-reconnection/reconnection.go"))
	require.Equal(t, authors.git("rev-parse", "HEAD"), mine.git("rev-parse", "main"))
	require.Equal(t, " M "+framing+"\n?? lessons/01-framing/helper.go\n?? notes/today.txt", mine.status())
	require.Contains(t, mine.git("status", "-sb"), "## main...origin/main\n", "git knows that nothing is ahead or behind")

	require.Contains(t, mine.update(), "from    origin (file://"+authors.dir+")\nnothing to do: your workbook is up to date\n")
}

// Where nothing was written, all is as in a fresh clone: the stub is the newer one.
func TestAFreshCloneBecomesTheNewerOne(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	authors.goOn()
	out := mine.update()
	require.NotContains(t, out, "yours ")
	require.NotContains(t, out, "stub ")
	require.Equal(t, authors.files(), mine.files())
	require.Empty(t, mine.status())
}

// Work that is committed is joined by a merge commit; the workbook's files in it are the newer ones all the same.
func TestCommittedWorkIsMerged(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	mine.git("checkout", "-q", "-b", "evenings")
	mine.write(framing, answer)
	mine.write("lessons/01-framing/helper.go", "package framing // my helper\n")
	mine.write(test1, "package framing // my test\n")
	mine.commit("lesson 1")
	mine.write("notes.txt", "my notes\n")
	mine.commit("notes")
	head := mine.git("rev-parse", "HEAD")
	mine.write(reads, "package parsing // my half of it\n")
	authors.goOn()

	out := mine.update()
	require.Contains(t, out, "edited  "+test1+" belongs to the workbook and is updated; your version is kept as "+test1+".orig\n")
	require.Contains(t, out, "done    a merge commit joins")
	require.Equal(t, " M "+reads, mine.status())
	require.Equal(t, head+" "+authors.git("rev-parse", "HEAD"), mine.git("log", "-1", "--format=%P", "evenings"))
	require.Equal(t, "M\t"+framing+"\nA\tlessons/01-framing/helper.go\nA\tnotes.txt", mine.git("diff", "--name-status", "origin/main", "HEAD"))
	require.Equal(t, "package framing // test 2\n", mine.read(test1))
}

// The second update begins where the first has ended, with commits and without.
func TestAnUpdateKnowsWhatTheOneBeforeHasBrought(t *testing.T) {
	t.Parallel()
	for name, commits := range map[string]bool{"with commits": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			authors := newAuthors(t)
			mine := authors.clone()
			mine.write(framing, answer)
			if commits {
				mine.commit("lesson 1")
			}
			authors.goOn()
			mine.update()
			authors.write("harness/main.go", "package main // 3\n")
			authors.write(framing, "package framing // stub 3\n")
			authors.commit("third")

			out := mine.update()
			require.Contains(t, out, "\nnewer   1 commit, of ")
			require.Contains(t, out, "-package framing // stub 2\n+package framing // stub 3\n")
			require.NotContains(t, out, "edited")
			require.NotContains(t, out, "stub 1")
			require.Equal(t, "package main // 3\n", mine.read("harness/main.go"))
			require.Equal(t, answer, mine.read(framing))
		})
	}
}

// A branch that has all the newer commits and more is left alone, whatever is edited in it.
func TestAheadThereIsNothingToDo(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	mine.write("harness/main.go", "package main // my own\n")
	mine.commit("mine")
	mine.write(test1, "package framing // my test\n")
	require.Contains(t, mine.update(), "nothing to do")
	require.Equal(t, " M "+test1, mine.status())
	require.Equal(t, "package main // my own\n", mine.read("harness/main.go"))
}

// With HEAD on no branch, HEAD goes forward, and no branch does.
func TestADetachedHeadGoesForward(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	first := mine.git("rev-parse", "HEAD")
	mine.git("checkout", "-q", "--detach")
	mine.write(framing, answer)
	authors.goOn()
	require.Contains(t, mine.update(), "\ndone    HEAD moved forward; it is detached, so no branch did; ")
	require.Equal(t, authors.git("rev-parse", "HEAD"), mine.git("rev-parse", "HEAD"))
	require.Equal(t, first, mine.git("rev-parse", "main"))
	require.Equal(t, " M "+framing, mine.status())
}

// A dry run says the same, and touches nothing.
func TestADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	mine.write(framing, answer)
	mine.write(test1, "package framing // my test\n")
	authors.goOn()
	files, status, head := mine.files(), mine.status(), mine.git("rev-parse", "HEAD")

	var dry strings.Builder
	changed, err := Run(t.Context(), mine.dir, Options{DryRun: true}, &dry)
	require.NoError(t, err)
	require.False(t, changed)
	require.Equal(t, files, mine.files())
	require.Equal(t, status, mine.status())
	require.Equal(t, head, mine.git("rev-parse", "HEAD"))

	said, _, _ := strings.Cut(mine.update(), "done ")
	planned, rest, _ := strings.Cut(stamp.ReplaceAllString(dry.String(), ".orig"), "dry run ")
	require.Equal(t, said, planned)
	require.Equal(t, "nothing was changed\n", rest)
}
