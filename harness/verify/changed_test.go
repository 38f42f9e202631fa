package verify_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/verify"
)

// What has changed since a revision is proven, and nothing else: records each by
// itself, a lesson with all that is about it, and what all of them stand on with all.
func TestOnlyWhatHasChangedIsProven(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here, which says what has changed")
	}
	root := write(t, nil)
	git(t, root, "init", "-q")
	git(t, root, "add", "--all")
	git(t, root, "-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "-q", "-m", "all")
	proven := func() string {
		_, output := run(t, root, verify.Options{Since: "HEAD", Only: []string{"stubs", "mistakes", "alternatives"}, Runs: 1})
		return output
	}
	require.Regexp(t, `(?m)^01-greeting +0 ok +0 ok +0 ok$`, proven())

	const record = "harness/mistakes/01-greeting/second.txtar"
	text, err := os.ReadFile(filepath.Join(root, "harness/mistakes/01-greeting/impolite.txtar"))
	require.NoError(t, err)
	put(t, record, string(text))
	require.Regexp(t, `(?m)^01-greeting +0 ok +1 ok +0 ok$`, proven())

	put(t, "harness/step/step.go", "package step\n")
	_, output := run(t, root, verify.Options{Since: "HEAD", Only: []string{"mistakes", "alternatives"}, Runs: 1})
	require.Regexp(t, `(?m)^01-greeting +2 WRONG +1 WRONG$`, output, "nothing compiles any more, and all of it was tried")
}

// git runs git in the workbook, whatever its user has set.
func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}
