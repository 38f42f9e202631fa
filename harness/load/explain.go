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
		return "no more open files: see ulimit -n"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "no more ports: this system has too few for so many clients"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection broke"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the server does not listen any longer"
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
