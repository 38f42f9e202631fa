package update

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A git runs git in one folder.
type git struct {
	dir   string
	index string // an index file to work on in place of the learner's, absolute; "" for theirs
}

// foreign are the variables by which a caller, such as a hook, tells git of another repository than the folder's.
var foreign = []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS",
	"GIT_INTERNAL_SUPER_PREFIX", "GIT_IMPLICIT_WORK_TREE", "GIT_LITERAL_PATHSPECS"}

// patience is for how long an interrupted git may take to end.
const patience = 2 * time.Second

// run returns what git writes to its standard output.
func (g git) run(ctx context.Context, args ...string) (string, error) {
	return g.feed(ctx, "", args...)
}

// feed is run with a text as git's standard input.
func (g git) feed(ctx context.Context, input string, args ...string) (string, error) {
	args = append([]string{"-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.quotePath=false"}, args...)
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = g.dir
	endAll(cmd)
	cmd.WaitDelay = patience
	cmd.Env = slices.DeleteFunc(os.Environ(), func(setting string) bool {
		name, _, _ := strings.Cut(setting, "=")
		return slices.Contains(foreign, name)
	})
	cmd.Env = append(cmd.Env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")
	if g.index != "" {
		cmd.Env = append(cmd.Env, "GIT_INDEX_FILE="+g.index)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if _, exited := errors.AsType[*exec.ExitError](err); exited {
		return stdout.String(), &gitError{complaint(stderr.String(), err)}
	}
	if err != nil {
		return "", fmt.Errorf("starting git: %w", err)
	}
	return stdout.String(), nil
}

// line is run for what answers with a single line.
func (g git) line(ctx context.Context, args ...string) (string, error) {
	text, err := g.run(ctx, args...)
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), err
}

// A gitError is what git says when it refuses.
type gitError struct{ complaint string }

// Error returns git's own words.
func (e *gitError) Error() string { return "git says: " + e.complaint }

// complaint picks the line in which git says what is wrong.
func complaint(stderr string, err error) string {
	for line := range strings.Lines(stderr) {
		for _, prefix := range []string{"fatal: ", "error: "} {
			if words, ok := strings.CutPrefix(line, prefix); ok {
				return strings.TrimRight(strings.TrimSpace(words), ".:")
			}
		}
	}
	if first, _, _ := strings.Cut(strings.TrimSpace(stderr), "\n"); first != "" {
		return first
	}
	return err.Error()
}
