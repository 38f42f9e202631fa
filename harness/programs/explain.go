package programs

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"syscall"

	"example.com/sseworkbook/harness/visible"
	heartbeats "example.com/sseworkbook/solutions/09-heartbeats"
)

// Explain puts the likely cause before the errors that say little by themselves. A
// peer may have had a part in others, so these are made fit to be printed.
func Explain(err error) error {
	if kind, ok := errors.AsType[kindError](err); ok {
		return kind // it is the client's own sentence
	}
	if idle, ok := errors.AsType[*heartbeats.IdleError](err); ok {
		return fmt.Errorf("%w: the server or the connection is gone", idle)
	}
	failed, asking := errors.AsType[*url.Error](err)
	switch {
	case errors.Is(err, io.EOF) && !asking:
		return errors.New("the server ended the stream")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return errors.New("the connection broke")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nothing listens there; is the server running?")
	}
	if asking {
		err = failed.Err // without the URL, which the reader has seen
	}
	return shown{err}
}

// shown is an error whose text can neither steer a terminal nor fill a log.
type shown struct{ error }

func (e shown) Error() string { return visible.Short(e.error.Error()) }
func (e shown) Unwrap() error { return e.error }

// explainFor is [Explain], and names the command that starts the server.
func explainFor(server string, err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w (go run ./harness %s)", Explain(err), server)
	}
	return Explain(err)
}
