package update

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var errCrash = errors.New("the machine is off")

// crash updates up to the change number n, and there it stops. It returns what was to come, or "" if all was done.
func (c copy) crash(n int) (change string) {
	c.Helper()
	_, err := run(c.Context(), c.dir, Options{}, &strings.Builder{}, func(next string) error {
		if n--; n < 0 {
			change = next
			return errCrash
		}
		return nil
	})
	if change == "" {
		require.NoError(c, err)
		return ""
	}
	require.ErrorIs(c, err, errCrash)
	c.write(".workbook/update/half", "what a crash leaves")
	return change
}

// busy makes a learner's copy with something of everything in it.
func (c copy) busy(commits bool) copy {
	mine := c.clone()
	mine.write(framing, answer)
	mine.write("harness/main.go", "package main // my committed harness\n")
	if commits {
		mine.commit("lesson 1")
	}
	mine.write("lessons/01-framing/helper.go", "package framing // my helper\n")
	mine.git("add", "lessons/01-framing/helper.go")
	mine.write(test1, "package framing // my test\n")
	mine.write("lessons/08-reconnection/README.md", "my text\n")
	return mine
}

// state is all that counts after an update: the files, what git says of them, and what the branch has.
func (c copy) state() map[string]string {
	state := c.files()
	state["git status"] = c.status()
	state["git tree"] = c.git("rev-parse", "HEAD^{tree}")
	state["git parents"] = c.git("log", "-1", "--format=%P")
	return state
}

// Wherever an update is interrupted: nothing is lost, and the next one makes of it what the first would have made.
func TestAnInterruptedUpdateIsFinishedByTheNextOne(t *testing.T) {
	t.Parallel()
	for name, commits := range map[string]bool{"with commits": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			authors := newAuthors(t)
			pattern := authors.busy(commits)
			authors.goOn()
			whole := pattern.twin()
			whole.update()
			for _, n := range pattern.twin().turns() {
				mine := pattern.twin()
				before := mine.files()
				change := mine.crash(n)
				mine.nothingLost(before)
				mine.update()
				mine.nothingLost(before)
				require.Equal(t, whole.state(), mine.state(), "interrupted before: %s", change)
			}
		})
	}
}

// Between the interrupted update and the next, the authors go on, and take back what was new: still all becomes right,
// and the files of the interrupted one are not taken for the learner's.
func TestAnInterruptedUpdateMayBeFinishedByANewerOne(t *testing.T) {
	t.Parallel()
	for name, commits := range map[string]bool{"with commits": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			authors := newAuthors(t)
			pattern := authors.busy(commits)
			authors.goOn()
			broken := make(map[string]copy)
			for _, n := range pattern.twin().turns() {
				mine := pattern.twin()
				broken[mine.crash(n)] = mine
			}
			authors.write("harness/main.go", "package main // 3\n")
			authors.write(framing, "package framing // stub 3\n")
			authors.remove("harness/new/new.go")
			authors.commit("third")
			whole := pattern.twin()
			whole.update()
			delete(broken, "end") // it was at its end, and what comes then is a second one
			for change, mine := range broken {
				mine.update()
				require.Equal(t, whole.state(), mine.state(), "interrupted before: %s", change)
			}
		})
	}
}

// A commit that is made while the update is at work is not left out of the branch.
func TestWhatIsCommittedMeanwhileIsKept(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.busy(true)
	authors.goOn()
	_, err := run(t.Context(), mine.dir, Options{}, &strings.Builder{}, func(change string) error {
		if change == "branch" {
			mine.git("commit", "-q", "-m", "at the last minute", framing, "--allow-empty")
		}
		return nil
	})
	require.ErrorContains(t, err, "nothing is lost: run this again to continue")
	mine.update()
	require.Contains(t, mine.git("log", "--format=%s"), "at the last minute\n")
	require.Equal(t, authors.read("harness/main.go"), mine.read("harness/main.go"))
}

// turns updates, and returns the numbers of the changes worth a crash: the first two of each kind.
func (c copy) turns() (numbers []int) {
	c.Helper()
	var kinds []string
	_, err := run(c.Context(), c.dir, Options{}, &strings.Builder{}, func(change string) error {
		kind := strings.Fields(change)[0]
		if n := len(kinds); n < 2 || kind != kinds[n-1] || kind != kinds[n-2] {
			numbers = append(numbers, n)
		}
		kinds = append(kinds, kind)
		return nil
	})
	require.NoError(c, err)
	require.Equal(c, []string{"stage", "journal", "remove", "aside", "write", "index", "branch", "end"}, slices.Compact(kinds))
	return numbers
}

// twin copies a learner's copy, with all that git has of it.
func (c copy) twin() copy {
	c.Helper()
	dir := filepath.Join(c.TempDir(), "twin")
	require.NoError(c, os.CopyFS(dir, os.DirFS(c.dir)))
	return copy{c.T, dir}
}

// A file that is saved while the update is at work is not overwritten.
func TestWhatIsSavedMeanwhileIsKept(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	pattern := authors.clone()
	authors.goOn()
	for _, file := range []string{framing, test1, "harness/old/old.go"} {
		mine := pattern.twin()
		_, err := run(t.Context(), mine.dir, Options{}, &strings.Builder{}, func(change string) error {
			if strings.HasSuffix(change, file) {
				mine.write(file, "my last minute\n")
			}
			return nil
		})
		require.ErrorContains(t, err, file+" was saved just now; nothing is lost: run this again to continue")
		require.Equal(t, "my last minute\n", mine.read(file))
		mine.update()
	}
}

// Ctrl-C before the first change is the end of it; after that the update goes through.
func TestCtrlCLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.busy(false)
	authors.goOn()
	before := mine.state()
	for _, point := range []string{"stage", "journal"} {
		ctx, interrupt := context.WithCancel(t.Context())
		_, err := run(ctx, mine.dir, Options{}, &strings.Builder{}, func(change string) error {
			if change == point {
				interrupt()
			}
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, before, mine.state())
	}
	ctx, interrupt := context.WithCancel(t.Context())
	_, err := run(ctx, mine.dir, Options{}, &strings.Builder{}, func(change string) error {
		if strings.HasPrefix(change, "write ") {
			interrupt()
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, authors.git("rev-parse", "HEAD"), mine.git("rev-parse", "HEAD"))
}

// When the newer files cannot all be written, as on a full disk, none is put in place.
func TestAFullDiskChangesNothing(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.busy(true)
	authors.goOn()
	mine.write(".workbook", "a file, so that nothing can be written below it\n")
	mine.refused("making room for the newer files (is another update running?): ", Options{})
	mine.remove(".workbook")
	mine.update()
}

// Nobody needs to have told git who they are.
func TestAMergeCommitNeedsNoName(t *testing.T) {
	authors := newAuthors(t)
	mine := authors.busy(true)
	authors.goOn()
	for _, name := range []string{"GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"} {
		t.Setenv(name, "") // for this test; it is set again afterwards
		require.NoError(t, os.Unsetenv(name))
	}
	mine.git("config", "user.useConfigOnly", "true")
	require.Error(t, exec.Command("git", "-C", mine.dir, "var", "GIT_COMMITTER_IDENT").Run(), "that is what this test is about")
	mine.update()
	require.Equal(t, "workbook", mine.git("log", "-1", "--format=%an"))
}
