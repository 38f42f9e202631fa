package progress

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/process"
	"example.com/sseworkbook/harness/toolchain"
)

// Options are what a run may be told. The zero value runs the lessons as they
// stand in lessons/.
type Options struct {
	Tree    string   // the folder whose packages are tested, "lessons" if ""
	Overlay string   // the file for the go command's -overlay; "" is none
	Race    bool     // with the race detector
	Args    []string // further flags of go test
	Env     []string // further environment, "KEY=value"
}

// tree returns the folder whose packages are tested.
func (o Options) tree() string { return cmp.Or(o.Tree, "lessons") }

// arguments returns what go test is told for these lessons.
func (o Options) arguments(lessons ...catalog.Lesson) []string {
	args := slices.Clone(o.Args)
	for _, lesson := range lessons {
		args = append(args, "./"+path.Join(o.tree(), lesson.Name))
	}
	return args
}

// Run runs the tests of the lessons in the workbook at root, all in one go
// test, and returns a result for each, in the order given. Steps that fail and
// lessons that do not compile are results; an error means that there are none:
// the go command could not be run, or ctx ended, which takes with it everything
// that was started.
func Run(ctx context.Context, root string, lessons []catalog.Lesson, o Options) ([]Result, error) {
	if len(lessons) == 0 {
		return nil, nil
	}
	var stdout, stderr bytes.Buffer
	cmd := golang(ctx, root, o, "test", append([]string{"-json"}, o.arguments(lessons...)...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if _, err := run(ctx, cmd, "running the tests"); err != nil {
		return nil, err
	}
	runs := parse(stdout.Bytes())
	var results []Result
	for _, lesson := range lessons {
		run, ok := runs[lesson.Name]
		if !ok {
			return nil, fmt.Errorf("running the tests of lesson %s: go test did not get to it: %s",
				lesson.Name, strings.TrimSpace(stderr.String()))
		}
		results = append(results, run.result(lesson, o.tree()))
	}
	return results, nil
}

// Stream runs the tests of one lesson in the workbook at root, passes on what go
// test prints, as it prints it, and returns whether they passed. An error means that
// the go command could not be run, or that ctx ended, as with [Run].
func Stream(ctx context.Context, root string, lesson catalog.Lesson, o Options, stdout, stderr io.Writer) (passed bool, err error) {
	cmd := golang(ctx, root, o, "test", o.arguments(lesson)...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return run(ctx, cmd, "running the tests")
}

// golang returns a go command to be run in dir, which ends with ctx, and with it
// what it has started. Without the GORACE here, each test binary sleeps a second
// at its end for races still to come.
func golang(ctx context.Context, dir string, o Options, verb string, args ...string) *exec.Cmd {
	words := []string{verb}
	if o.Overlay != "" {
		words = append(words, "-overlay="+o.Overlay)
	}
	if o.Race {
		words = append(words, "-race")
	}
	cmd := toolchain.Command(ctx, dir, append(words, args...)...)
	if o.Race {
		cmd.Env = append(cmd.Env, "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	}
	cmd.Env = append(cmd.Env, o.Env...)
	return cmd
}

// run runs a command to its end and returns whether it succeeded. An error means
// that it could not be run, that a Ctrl-C ended it, or that ctx ended, which ends all that
// it has started; it says what was being done.
func run(ctx context.Context, cmd *exec.Cmd, doing string) (succeeded bool, err error) {
	err = cmd.Run()
	if ctx.Err() != nil {
		process.KillGroup(cmd)
		err = context.Cause(ctx)
	} else if _, failed := errors.AsType[*exec.ExitError](err); failed && !process.EndedByInterrupt(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", doing, err)
	}
	return true, nil
}

// combinedOutput is run, and returns what the command has printed.
func combinedOutput(ctx context.Context, cmd *exec.Cmd, doing string) (output string, succeeded bool, err error) {
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	succeeded, err = run(ctx, cmd, doing)
	return text.String(), succeeded, err
}
