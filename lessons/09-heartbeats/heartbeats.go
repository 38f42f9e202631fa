// Package heartbeats tells within seconds that the other side is gone: a server sends a
// comment when a stream is quiet, and a client gives up a stream that is quieter than
// that.
package heartbeats

import (
	"cmp"
	"net/http"
	"time"
)

// Handler returns h, with heartbeats in its event streams: whenever a stream has been
// quiet for the interval, its client gets an empty comment, which it skips. A stream is
// quiet from one flush to the next. It begins with the first flush of a response whose
// Content-Type is text/event-stream and that is not compressed. Other responses, and
// those to HEAD requests or to a writer that cannot flush, are h's alone. A heartbeat is never put into the middle of a
// frame: it waits for the blank line, even if the half of a frame was flushed. If the
// interval is zero or less, Handler returns h itself.
//
// A client that does not take a heartbeat within ten seconds is gone: it is sent no more
// of them, and the request's context ends. Its cause wraps [flushing.ErrClientLeft] and
// the error of the write, unless net/http has ended the context first. A write deadline
// of h's own still holds after a heartbeat; a server's WriteTimeout, which counts from
// the request, does not. Once h has returned, its ResponseWriter is no longer used.
func Handler(h http.Handler, interval time.Duration) http.Handler {
	// TODO: Call h with a beating writer around w, and a context that the
	// writer's gone ends. Stop it at the end.
	return h
}

// Write writes p as the handler wants it, but not during a heartbeat.
func (b *beating) Write(p []byte) (int, error) {
	// TODO: Write p under the lock, and let b.frames see what was written.
	return b.ResponseWriter.Write(p)
}

// FlushError flushes, and the stream is quiet from now on. The first flush of an event
// stream starts the heartbeats.
func (b *beating) FlushError() error {
	// TODO: note when that was, under the lock. Start the timer if there is none yet.
	return http.NewResponseController(b.ResponseWriter).Flush()
}

// SetWriteDeadline sets the deadline of the handler's writes. It holds again after a
// heartbeat, which has a deadline of its own.
func (b *beating) SetWriteDeadline(t time.Time) error {
	// TODO: remember the deadline, under the lock.
	return http.NewResponseController(b.ResponseWriter).SetWriteDeadline(t)
}

// A Transport is an http.RoundTripper that gives up a server from which nothing comes.
// It is safe for concurrent use; its fields are not to be changed once it is used.
type Transport struct {
	Base  http.RoundTripper // nil: http.DefaultTransport
	Limit time.Duration     // how long nothing may come; zero: DefaultLimit
}

// RoundTrip sends r by Base. If the response's header does not come within Limit, or a
// Read of an event stream waits for longer than Limit, the error is an *[IdleError], and
// the connection is closed, even if Base returns a response after that. Any byte of the stream will do: half a line, a comment, a
// blank line. A reader that takes its time is no quiet server, so only the time in Read
// counts. The bodies of other responses have no limit. When r's own context ends, the
// error is Base's.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	// TODO: Send r with a context that a timer can end: the cause is an
	// *IdleError.
	// Stop the timer when the header is there, and see whether it was in time.
	// The body (see limited) needs the context until it is closed.
	return cmp.Or(t.Base, http.DefaultTransport).RoundTrip(r)
}

// Read reads, but waits no longer than the limit, if there is one.
func (b *limited) Read(p []byte) (int, error) {
	// TODO: Let the timer run while the body's Read waits.
	return b.ReadCloser.Read(p)
}
