package update

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain keeps git from what the machine's owner has told it.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@localhost", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@localhost",
	} {
		os.Setenv(name, value)
	}
	goleak.VerifyTestMain(m)
}

// A copy is a repository with the workbook, or what stands for it here: the authors', or a learner's clone.
type copy struct {
	*testing.T
	dir string
}

const (
	stub1   = "package framing // stub 1\n"
	stub2   = "package framing // stub 2\n"
	answer  = "package framing // my answer\n"
	framing = "lessons/01-framing/framing.go"
	test1   = "lessons/01-framing/part1_test.go"
	reads   = "lessons/03-parsing/parsing.go"
	module  = "module example.com/sseworkbook\n\ngo 1.26\n\nrequire example.com/a v1.0.0\n"
)

// newAuthors returns a workbook of two lessons in its first state; the flags are for git init.
func newAuthors(t *testing.T, flags ...string) copy {
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no git")
		}
		t.Skip("there is no git, so there is nothing to update from")
	}
	c := copy{t, t.TempDir()}
	c.git(append([]string{"init", "-q", "-b", "main"}, flags...)...)
	c.write("go.mod", module)
	c.write(".gitignore", "*.orig-*\n/.workbook/\n")
	c.write("harness/main.go", "package main // 1\n")
	c.write("harness/old/old.go", "package old\n")
	c.write("harness/stub/derived.sum", ledger("an earlier stub\n", stub1, "package parsing // stub\n"))
	c.write(framing, stub1)
	c.write(test1, "package framing // test 1\n")
	c.write("lessons/01-framing/README.md", "# 01\n")
	c.write(reads, "package parsing // stub\n")
	c.write("lessons/03-parsing/part1_test.go", "package parsing // test\n")
	c.commit("first")
	return c
}

// ledger is the text of a file with the sums of these stubs.
func ledger(stubs ...string) string {
	var text strings.Builder
	for _, stub := range stubs {
		fmt.Fprintf(&text, "%x  lessons/x.go\n", sha256.Sum256([]byte(stub)))
	}
	return text.String()
}

// goOn brings the authors' workbook to its second state: a stub, a test, the harness and go.mod have changed, there is
// a new lesson, and a file is gone.
func (c copy) goOn() {
	c.write("go.mod", strings.Replace(module, "v1.0.0", "v1.1.0", 1))
	c.write("harness/main.go", "package main // 2\n")
	c.remove("harness/old/old.go")
	c.write("harness/new/new.go", "package new\n")
	c.write("harness/stub/derived.sum", ledger("an earlier stub\n", stub1, "package parsing // stub\n", stub2))
	c.write(framing, stub2)
	c.write(test1, "package framing // test 2\n")
	c.write("lessons/08-reconnection/reconnection.go", "package reconnection // stub\n")
	c.write("lessons/08-reconnection/README.md", "# 08\n")
	c.commit("second")
}

// clone makes a learner's copy.
func (c copy) clone(flags ...string) copy {
	dir := filepath.Join(c.TempDir(), "mine")
	c.git(append(append([]string{"clone", "-q"}, flags...), "file://"+c.dir, dir)...)
	return copy{c.T, dir}
}

// git runs git and returns what it says.
func (c copy) git(args ...string) string {
	c.Helper()
	output, err := gitIn(c.dir, args...).CombinedOutput()
	require.NoError(c, err, "git %s: %s", strings.Join(args, " "), output)
	return strings.TrimRight(string(output), "\n")
}

// gitIn is git in a folder, to be started.
func gitIn(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	return cmd
}

// commit commits all that is there.
func (c copy) commit(message string) {
	c.Helper()
	c.git("add", "-A")
	c.git("commit", "-q", "--allow-empty", "-m", message)
}

func (c copy) write(path, text string) {
	c.Helper()
	name := filepath.Join(c.dir, path)
	require.NoError(c, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(c, os.WriteFile(name, []byte(text), 0o644))
}

func (c copy) remove(path string) {
	c.Helper()
	require.NoError(c, os.RemoveAll(filepath.Join(c.dir, path)))
}

// read returns the text of a file, or "none".
func (c copy) read(path string) string {
	text, err := os.ReadFile(filepath.Join(c.dir, path))
	if err != nil {
		return "none"
	}
	return string(text)
}

// stamp is what the name of a copy has of the moment.
var stamp = regexp.MustCompile(`\.orig-\d{8}-\d{4}`)

// files returns all files but git's, by their paths, without the moments in the names of copies.
func (c copy) files() map[string]string {
	c.Helper()
	all := make(map[string]string)
	require.NoError(c, filepath.WalkDir(c.dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			if e != nil && e.Name() == ".git" {
				return fs.SkipDir
			}
			return err
		}
		rel, err := filepath.Rel(c.dir, name)
		path := stamp.ReplaceAllString(filepath.ToSlash(rel), ".orig")
		for all[path] != "" { // a copy of another minute
			path += "'"
		}
		all[path] = c.read(rel)
		return err
	}))
	return all
}

// status is what git status says of the files.
func (c copy) status() string { c.Helper(); return c.git("status", "--porcelain", "-uall") }

// update updates a learner's copy, which has to go well, and returns what it says. In each case nothing of what the
// learner had is lost, nothing of ours is left behind, and the repository is sound.
func (c copy) update() string {
	c.Helper()
	before := c.files()
	var out strings.Builder
	_, err := Run(c.Context(), c.dir, Options{}, &out)
	require.NoError(c, err)
	c.nothingLost(before)
	require.NoDirExists(c, filepath.Join(c.dir, ".workbook"))
	require.Empty(c, c.git("for-each-ref", "refs/workbook"))
	c.git("fsck", "--strict", "--no-dangling")
	return stamp.ReplaceAllString(out.String(), ".orig")
}

// nothingLost demands that each text of before that no commit of the authors' has is still there, under its name or one
// that begins with it.
func (c copy) nothingLost(before map[string]string) {
	c.Helper()
	after := c.files()
	for path, text := range before {
		if !strings.Contains(text, "my ") { // the learner's texts have that
			continue
		}
		found := false
		for name, now := range after {
			found = found || now == text && (name == path || strings.Contains(name, ".orig"))
		}
		require.True(c, found, "%s is lost: %q; there is %q", path, text, after)
	}
}

// refused demands that the update is refused with the sentence, and that nothing has changed.
func (c copy) refused(sentence string, o Options) {
	c.Helper()
	files, status, refs := c.files(), c.status(), c.git("for-each-ref", "refs/heads", "refs/workbook")
	changed, err := Run(c.Context(), c.dir, o, &strings.Builder{})
	require.ErrorContains(c, err, sentence)
	require.False(c, changed)
	require.NotContains(c, err.Error(), "\n")
	require.Equal(c, files, c.files())
	require.Equal(c, status, c.status())
	require.Equal(c, refs, c.git("for-each-ref", "refs/heads", "refs/workbook"))
}
