package progress

import (
	"context"
	"errors"
	"io"
	"os/exec"

	"example.com/sseworkbook/harness/catalog"
)

// Plain runs the tests of one lesson in the workbook at root, passes on what go
// test prints, as it prints it, and returns whether they passed. An error means that
// the go command could not be run, or that ctx ended, as with [Run].
func Plain(ctx context.Context, root string, lesson catalog.Lesson, o Options, stdout, stderr io.Writer) (passed bool, err error) {
	if o.Tree == "" {
		o.Tree = "lessons"
	}
	args := o.arguments([]catalog.Lesson{lesson})
	args = append(args[:1], args[2:]...) // without -json
	cmd := golang(ctx, root, o, args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		killGroup(cmd)
	}
	if _, failed := errors.AsType[*exec.ExitError](err); ctx.Err() != nil || err != nil && !failed {
		return false, failure(ctx, "running the tests", err)
	}
	return err == nil, nil
}
