package pair

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// Explain returns one sentence on the most likely cause of err, an error that a
// client of an event stream got. For an error that it does not know, it returns
// the error's own text, and for nil an empty string.
func Explain(err error) string {
	if err == nil {
		return ""
	}
	for _, known := range causes {
		if known.is(err) {
			return known.sentence
		}
	}
	return err.Error()
}

// causes are tried in turn, so what says more comes first.
var causes = []struct {
	is       func(error) bool
	sentence string
}{
	{wraps(context.Canceled), "the client itself gave up the request: its context was cancelled"},
	{isTimeout, "a deadline passed: nothing arrived, or no one read, for that long"},
	{wraps(syscall.ECONNREFUSED), "no one listens at that address: the server is not running, or it listens on another port"},
	{says("GOAWAY"), "the server is shutting down its HTTP/2 connection and accepts no more requests on it"},
	{says("stream error: ", "stream ID"), "the HTTP/2 stream was reset: its handler panicked or aborted, or a write deadline passed"},
	{says("malformed", "invalid byte in chunk length", "server gave HTTP response"),
		"the bytes are not the HTTP that was expected: another protocol on that port, or bytes written past net/http"},
	{wraps(net.ErrClosed), "this side had already closed the connection"},
	{wraps(syscall.ECONNRESET, syscall.EPIPE),
		"the connection was cut: the other side died or closed it without reading to the end, or a proxy gave up"},
	{wraps(io.ErrUnexpectedEOF),
		"the connection closed in the middle of the response: the handler panicked or aborted, WriteTimeout passed, or the server stopped"},
	{beforeResponse, "the connection closed before any response: the handler panicked, or the server was stopping"},
	{wraps(io.EOF), "the handler returned: the stream ended as it should"},
}

func wraps(targets ...error) func(error) bool {
	return func(err error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
}

// says is for errors of net/http that have no exported type.
func says(texts ...string) func(error) bool {
	return func(err error) bool {
		for _, text := range texts {
			if strings.Contains(err.Error(), text) {
				return true
			}
		}
		return false
	}
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// beforeResponse tells the end of a connection that was still waiting for a
// status line, which http.Client wraps, from the end of a body, which it does not.
func beforeResponse(err error) bool {
	_, ok := errors.AsType[*url.Error](err)
	return ok && errors.Is(err, io.EOF)
}
