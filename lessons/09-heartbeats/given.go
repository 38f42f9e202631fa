package heartbeats

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// heartbeatTimeout is how long a client may take to accept a heartbeat.
const heartbeatTimeout = 10 * time.Second

// DefaultLimit is the limit of a [Transport] that is told none. It is right for servers
// whose heartbeats come every 15 seconds: one of them may get lost in a slow minute.
const DefaultLimit = 40 * time.Second

// An IdleError says that nothing came from a server for too long.
type IdleError struct {
	After time.Duration
	Err   error // how the connection ended then; nil if it did not
}

func (e *IdleError) Error() string { return fmt.Sprintf("nothing came for %v", e.After) }

// Unwrap returns Err.
func (e *IdleError) Unwrap() error { return e.Err }

// Timeout returns true, because the error is a timeout: see [net.Error].
func (e *IdleError) Timeout() bool { return true }

// beating is the ResponseWriter of a handler whose stream gets heartbeats. Its lock
// keeps the handler's calls and the heartbeats apart.
type beating struct {
	http.ResponseWriter
	interval time.Duration
	gone     context.CancelCauseFunc // ends the request's context

	mu       sync.Mutex  // guards the rest, and the use of ResponseWriter
	timer    *time.Timer // calls beat; nil until the stream has begun
	flushed  time.Time   // when the stream became quiet
	deadline time.Time   // of the handler's own writes; zero: none
	frames   frames
	ended    bool // no more heartbeats
}

// Flush is FlushError, for a handler that asks for an http.Flusher.
func (b *beating) Flush() { b.FlushError() }

// Unwrap returns the ResponseWriter that b is around, as http.ResponseController wants it.
func (b *beating) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// frames knows whether the frames that were written are complete. The zero value is
// ready to use: nothing was written.
type frames struct {
	open    bool // there was a field since the last blank line
	line    byte // what the current line begins with; zero: nothing yet
	afterCR bool // an LF now belongs to the same line ending
}

// wrote takes note of what was written.
func (f *frames) wrote(p []byte) {
	if bytes.HasSuffix(p, []byte("\n\n")) {
		*f = frames{} // as nearly always
		return
	}
	for _, c := range p {
		switch {
		case c == '\n' && f.afterCR:
			f.afterCR = false
		case c == '\n' || c == '\r':
			f.open = f.line != 0 && (f.open || f.line != ':') // a comment neither begins nor ends an event
			f.line, f.afterCR = 0, c == '\r'
		case f.line == 0:
			f.line, f.afterCR = c, false
		}
	}
}

// complete reports whether every event has its blank line, and every comment its line
// ending.
func (f *frames) complete() bool { return !f.open && f.line == 0 }

// isEventStream reports whether h is the header of an event stream that is not
// compressed, so that a comment can be put into its bytes, or found there.
func isEventStream(h http.Header) bool {
	mediaType, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	encoding := h.Get("Content-Encoding")
	return strings.EqualFold(strings.TrimSpace(mediaType), "text/event-stream") && (encoding == "" || strings.EqualFold(encoding, "identity"))
}

// limited is the body of a response that came through a Transport.
type limited struct {
	io.ReadCloser
	ctx    context.Context // of the request
	cancel context.CancelCauseFunc
	timer  *time.Timer // ends ctx; nil: no limit
	limit  time.Duration
}

// Close closes the body, and lets go of its context.
func (b *limited) Close() error {
	defer b.cancel(nil)
	return b.ReadCloser.Close()
}
