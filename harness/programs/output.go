package programs

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// An output is where a client writes what it is there to write. When that cannot be
// written, the client has nothing left to do, and stop ends it.
type output struct {
	w    io.Writer
	stop context.CancelCauseFunc
}

// Write implements [io.Writer].
func (o output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil {
		err = &outputError{err}
		o.stop(err)
	}
	return n, err
}

// An outputError says that the output could not be written.
type outputError struct{ err error }

func (e *outputError) Error() string { return fmt.Sprintf("the output cannot be written: %v", e.err) }
func (e *outputError) Unwrap() error { return e.err }

// unwritten returns the error with which an output has ended ctx, or nil.
func unwritten(ctx context.Context) error {
	if err, ok := errors.AsType[*outputError](context.Cause(ctx)); ok {
		return err
	}
	return nil
}
