package update

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// In the middle of something of git's, the learner is told how to end it.
func TestInTheMiddleOfSomethingNothingIsDone(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	authors.goOn()
	for file, sentence := range map[string]string{
		"MERGE_HEAD": "a merge is unfinished", "CHERRY_PICK_HEAD": "a cherry-pick is unfinished", "REVERT_HEAD": "a revert is unfinished",
		"BISECT_LOG": "a bisect is unfinished", "index.lock": "another git command is running here",
		"rebase-merge": "a rebase is unfinished", "rebase-apply": "a rebase is unfinished",
	} {
		mine.write(".git/"+file, "")
		_, err := Run(t.Context(), mine.dir, Options{}, &strings.Builder{})
		require.ErrorContains(t, err, sentence)
		require.ErrorContains(t, err, "run this again")
		mine.remove(".git/" + file)
	}
	mine.write(framing, answer)
	mine.git("stash", "-q")
	mine.write(framing, "package framing // my other answer\n")
	mine.commit("other")
	cmd := gitIn(mine.dir, "stash", "pop")
	require.Error(t, cmd.Run(), "a conflict is what this test is about")
	mine.refused("files here have a git conflict", Options{})
}

// A zip has no git, and a zip with a git of its own has no past: both are told what to do.
func TestACopyWithoutAPastIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	zip := copy{t, t.TempDir()}
	for path, text := range authors.files() {
		zip.write(path, text)
	}
	_, err := Run(t.Context(), zip.dir, Options{From: authors.dir}, &strings.Builder{})
	require.ErrorContains(t, err, "has no git history, as from a zip")

	zip.git("init", "-q")
	_, err = Run(t.Context(), zip.dir, Options{}, &strings.Builder{})
	require.ErrorContains(t, err, "git has no remote here that might have a newer workbook: name a URL or a folder with -from")
	_, err = Run(t.Context(), zip.dir, Options{From: authors.dir}, &strings.Builder{})
	require.ErrorContains(t, err, "shares no commit with "+authors.dir)
	zip.commit("mine")
	zip.refused("shares no commit with "+authors.dir, Options{From: authors.dir})

	inside := copy{t, filepath.Join(authors.dir, "harness")} // some folder of another repository
	_, err = Run(t.Context(), inside.dir, Options{}, &strings.Builder{})
	require.ErrorContains(t, err, "has no git history")
}

// What cannot be reached, or is something else, is one sentence.
func TestASourceThatIsNone(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	authors.goOn()
	other := copy{t, t.TempDir()}
	other.git("init", "-q")
	other.write("go.mod", "module example.com/other\n")
	other.commit("other")

	mine.refused("cannot get a newer workbook from http://127.0.0.1:1/x: ", Options{From: "http://127.0.0.1:1/x"})
	mine.refused("cannot get a newer workbook from nowhere: ", Options{From: "nowhere"})
	mine.refused("cannot get a newer workbook from "+mine.dir+"/lessons: ", Options{From: mine.dir + "/lessons"})
	mine.refused("cannot get a newer workbook from -x: ", Options{From: "-x"})
	mine.refused("what "+other.dir+" has is not this workbook", Options{From: other.dir})
	mine.git("remote", "set-url", "origin", "http://127.0.0.1:1/x")
	mine.refused("cannot get a newer workbook from origin (http://127.0.0.1:1/x): ", Options{})
}

// Through a link nothing is written.
func TestALinkedFolderIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	elsewhere := filepath.Join(t.TempDir(), "lessons")
	require.NoError(t, os.Rename(filepath.Join(mine.dir, "lessons"), elsewhere))
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(mine.dir, "lessons")))
	authors.goOn()
	_, err := Run(t.Context(), mine.dir, Options{}, &strings.Builder{})
	require.ErrorContains(t, err, "lessons is a link")
	require.Equal(t, stub1, copy{t, filepath.Dir(elsewhere)}.read(framing))
}

// A fork has nothing new by itself; its upstream has. And -from goes before all.
func TestWhereTheNewerWorkbookComesFrom(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	fork := authors.clone("--bare")
	mine := fork.clone()
	mine.git("checkout", "-q", "-b", "evenings")
	mine.git("remote", "rename", "origin", "mine")
	mine.git("branch", "-q", "--set-upstream-to", "mine/main")
	bundle := filepath.Join(t.TempDir(), "newer.bundle")
	authors.goOn()
	authors.git("bundle", "create", "-q", bundle, "HEAD", "main")

	require.Contains(t, mine.twin().update(), "from    mine (file://"+fork.dir+")\nnothing to do: your workbook is up to date\n")
	with := mine.twin()
	with.git("remote", "add", "upstream", authors.dir)
	require.Contains(t, with.update(), "from    upstream ("+authors.dir+")\nnewer   1 commit, of ")
	for _, from := range []string{authors.dir, "file://" + authors.dir, bundle} {
		twin := mine.twin()
		var out strings.Builder
		changed, err := Run(t.Context(), twin.dir, Options{From: from}, &out)
		require.NoError(t, err)
		require.True(t, changed)
		require.Contains(t, out.String(), "from    "+from+"\nnewer   1 commit, of ")
		require.Equal(t, authors.files(), twin.files())
	}
}

// A clone of the last commit alone, and one with git's newer kind of sums, are clones like others.
func TestOtherKindsOfClones(t *testing.T) {
	t.Parallel()
	shallow := newAuthors(t)
	shallow.write("notes", "one\n")
	shallow.commit("one more")
	for authors, mine := range map[copy]copy{
		shallow:                                 shallow.clone("--depth", "1"),
		newAuthors(t, "--object-format=sha256"): {},
	} {
		if mine.dir == "" {
			mine = authors.clone()
		}
		mine.write(framing, answer)
		mine.commit("lesson 1")
		mine.write(reads, "package parsing // my half\n")
		authors.goOn()
		mine.update()
		require.Equal(t, " M "+reads, mine.status())
		require.Equal(t, "package framing // test 2\n", mine.read(test1))
		require.Equal(t, answer, mine.read(framing))
	}
}

// Without git there is no update, and it says so. (It changes the PATH, and so it has no other beside it.)
func TestWithoutGitThereIsNoUpdate(t *testing.T) {
	authors := newAuthors(t)
	t.Setenv("PATH", t.TempDir())
	_, err := Run(t.Context(), authors.dir, Options{}, &strings.Builder{})
	require.ErrorContains(t, err, "update needs git")
}

// A hook, or an editor that git has started, tells git of another repository: that is not the workbook's.
func TestAnotherRepositoryInTheEnvironmentIsNotMeant(t *testing.T) {
	authors := newAuthors(t)
	mine := authors.clone()
	authors.goOn()
	other := newAuthors(t)
	state := other.state()
	t.Setenv("GIT_DIR", filepath.Join(other.dir, ".git"))
	t.Setenv("GIT_WORK_TREE", other.dir)
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other.dir, ".git", "index"))
	_, err := Run(t.Context(), mine.dir, Options{}, &strings.Builder{})
	require.NoError(t, err)
	for _, name := range []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"} {
		require.NoError(t, os.Unsetenv(name))
	}
	require.Equal(t, state, other.state())
	require.Equal(t, authors.files(), mine.files())
}

// Ctrl-C ends the wait for a server that does not answer, and what git has started for it.
func TestCtrlCEndsAWaitForTheNetwork(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		interrupt()
		if err == nil {
			_, err = io.Copy(io.Discard, conn) // until the other side is gone
			conn.Close()
		}
		ended <- err
	}()
	_, err = Run(ctx, mine.dir, Options{From: "http://" + listener.Addr().String() + "/x"}, &strings.Builder{})
	require.ErrorIs(t, err, context.Canceled)
	<-ended
}
