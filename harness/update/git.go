package update

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/process"
)

// A git runs git in one folder.
type git struct {
	dir       string
	indexFile string // an index to work on in place of the learner's, absolute; "" for theirs
}

// gitVars are the variables by which a caller, such as a hook, tells git of another repository than the folder's.
var gitVars = []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS",
	"GIT_INTERNAL_SUPER_PREFIX", "GIT_IMPLICIT_WORK_TREE", "GIT_LITERAL_PATHSPECS"}

// run returns what git writes to its standard output, without the end of the last line.
func (g git) run(ctx context.Context, args ...string) (string, error) {
	text, err := g.runWithInput(ctx, "", args...)
	return strings.TrimRight(text, "\r\n"), err
}

// runWithInput returns what git writes to its standard output when it has this text as its standard input.
func (g git) runWithInput(ctx context.Context, input string, args ...string) (string, error) {
	args = append([]string{"-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.quotePath=false"}, args...)
	cmd := process.AtTerminal(ctx, "git", args...) // ssh may have to ask there for a passphrase
	cmd.Dir = g.dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(setting string) bool {
		name, _, _ := strings.Cut(setting, "=")
		return slices.Contains(gitVars, name)
	})
	cmd.Env = append(cmd.Env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")
	if g.indexFile != "" {
		cmd.Env = append(cmd.Env, "GIT_INDEX_FILE="+g.indexFile)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		process.KillGroup(cmd) // what git was just starting may have missed the interrupt
		return "", ctx.Err()
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", &gitError{complaint(stderr.String(), exit)}
	}
	if err != nil {
		return "", fmt.Errorf("starting git: %w", err)
	}
	return stdout.String(), nil
}

// A gitError is what git says when it refuses.
type gitError struct{ complaint string }

// Error returns git's own words.
func (e *gitError) Error() string { return "git says: " + e.complaint }

// complaints are the lines in which git says what is wrong, and else the first of what it says.
var complaints = []*regexp.Regexp{regexp.MustCompile(`(?m)^(?:fatal|error): *(.*?)[.:\s]*$`), regexp.MustCompile(`\A\s*(.+)`)}

// complaint picks the line in which git says what is wrong.
func complaint(stderr string, err error) string {
	for _, pattern := range complaints {
		if match := pattern.FindStringSubmatch(stderr); match != nil {
			return match[1]
		}
	}
	return err.Error()
}

// An entry is what git has at a path: the kind of file and the sum of its bytes. The zero entry is no file.
type entry struct{ mode, sum string }

// exists tells whether there is a file.
func (e entry) exists() bool { return e.sum != "" }

// A tree is files by their slash-separated paths.
type tree map[string]entry

// treeOf returns the files of a commit, or of a tree that git has.
func (g git) treeOf(ctx context.Context, name string) (tree, error) {
	files := make(tree)
	text, err := g.run(ctx, "ls-tree", "-r", "-z", "--full-tree", name)
	for line := range strings.SplitSeq(text, "\x00") { // mode, kind and sum, a tab, the path
		words, path, _ := strings.Cut(line, "\t")
		if fields := strings.Fields(words); len(fields) == 3 {
			files[path] = entry{fields[0], fields[2]}
		}
	}
	return files, err
}

// indexTree returns the files in the index.
func (g git) indexTree(ctx context.Context) (tree, error) {
	name, err := g.run(ctx, "write-tree")
	if err != nil {
		return nil, err
	}
	return g.treeOf(ctx, name)
}

// changeIndex puts files into the index, in place of what is in their way there. One of mode 0 is taken out.
func (g git) changeIndex(ctx context.Context, changes tree) error {
	var lines strings.Builder
	for path, e := range changes {
		fmt.Fprintf(&lines, "%s %s\t%s\x00", e.mode, e.sum, path)
	}
	_, err := g.runWithInput(ctx, lines.String(), "update-index", "-z", "--index-info")
	return err
}

// textsOf returns the bytes of files that git has, by their sums.
func (g git) textsOf(ctx context.Context, sums ...string) (map[string][]byte, error) {
	rest, err := g.runWithInput(ctx, strings.Join(sums, "\n"), "cat-file", "--batch")
	texts := make(map[string][]byte)
	for err == nil && rest != "" { // for each a line with sum, kind and size, the bytes, a line feed
		var sum, kind string
		var size int
		var head string
		head, rest, _ = strings.Cut(rest, "\n")
		if _, err = fmt.Sscan(head, &sum, &kind, &size); err == nil {
			texts[sum], rest = []byte(rest[:size]), rest[size+1:]
		}
	}
	return texts, err
}
