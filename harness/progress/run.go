package progress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"

	"example.com/sseworkbook/harness/catalog"
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

// Run runs the tests of the lessons in the workbook at root, all in one go
// test, and returns a result for each, in the order given. Steps that fail and
// lessons that do not compile are results; an error means that there are none:
// the go command could not be run, or ctx ended, which takes with it everything
// that was started.
func Run(ctx context.Context, root string, lessons []catalog.Lesson, o Options) ([]Result, error) {
	if len(lessons) == 0 {
		return nil, nil
	}
	if o.Tree == "" {
		o.Tree = "lessons"
	}
	var stdout, stderr bytes.Buffer
	cmd := golang(ctx, root, o, o.arguments(lessons)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		killGroup(cmd)
	}
	if _, failed := errors.AsType[*exec.ExitError](err); ctx.Err() != nil || err != nil && !failed {
		return nil, failure(ctx, "running the tests", err)
	}
	runs := parse(stdout.Bytes())
	var results []Result
	for _, lesson := range lessons {
		run, ok := runs[lesson.Name]
		if !ok {
			return nil, fmt.Errorf("running the tests of lesson %s: go test did not get to it: %s",
				lesson.Name, strings.TrimSpace(stderr.String()))
		}
		results = append(results, run.result(lesson, o.Tree))
	}
	return results, nil
}

// arguments returns the command line of the go command.
func (o Options) arguments(lessons []catalog.Lesson) []string {
	args := []string{"test", "-json"}
	if o.Overlay != "" {
		args = append(args, "-overlay="+o.Overlay)
	}
	if o.Race {
		args = append(args, "-race")
	}
	args = append(args, o.Args...)
	for _, lesson := range lessons {
		args = append(args, "./"+path.Join(o.Tree, lesson.Name))
	}
	return args
}

// golang returns a go command to be run in dir, which ends with ctx, and with it
// what it has started. Without the GORACE here, each test binary sleeps a second
// at its end for races still to come.
func golang(ctx context.Context, dir string, o Options, args ...string) *exec.Cmd {
	cmd := toolchain.Command(ctx, dir, args...)
	if o.Race {
		cmd.Env = append(cmd.Env, "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	}
	cmd.Env = append(cmd.Env, o.Env...)
	inGroupOfItsOwn(cmd)
	return cmd
}
