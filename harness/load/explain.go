package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"syscall"
)

// explain says in words what the errors mean that a system at its limits gives.
func explain(err error) string {
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many open files: see ulimit -n"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "no ports left: this system has too few for this many clients"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection broke"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the server is no longer listening"
	case errors.Is(err, context.DeadlineExceeded):
		return "the server did not reply in time"
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err // without the URL, which is always the same
	}
	if failed, ok := errors.AsType[*net.OpError](err); ok {
		err = failed.Err // without the ports, which are different each time
	}
	return err.Error()
}
