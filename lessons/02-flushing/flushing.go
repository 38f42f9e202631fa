// Package flushing sends events down one HTTP response, each of them at the
// moment that it happens: an event that stays in a buffer was not sent.
package flushing

import (
	"context"
	"net/http"
	"sync"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// A Stream is an open event stream to one client. It belongs to the handler
// that opened it, and ends when that handler returns: the request's context ends
// then, and w is not used again. It is safe for concurrent use. After an error that
// wraps [ErrClientLeft] the stream is over: the handler should return.
type Stream struct {
	ctx context.Context // the request's: it ends when the client leaves
	rc  *http.ResponseController

	mu sync.Mutex // guards w: one frame at a time
	w  http.ResponseWriter
}

// Open turns the response w to r into an event stream. When it returns, the
// client has the status 200 and the headers. The server's WriteTimeout no longer
// applies to the response.
//
// A w that cannot flush, or that cannot lift a WriteTimeout, gets a 500, and the
// error wraps [http.ErrNotSupported]. A HEAD request asks for the headers alone:
// it gets them, and the error wraps [http.ErrBodyNotAllowed]. Any other error
// wraps [ErrClientLeft] and its cause; these two do not wrap ErrClientLeft. After an
// error the handler has nothing left to do.
func Open(w http.ResponseWriter, r *http.Request) (*Stream, error) {
	// TODO: Set the headers, and get them to the client before any event
	// exists.
	return &Stream{}, nil
}

// Send sends events in their order, all of them in one flush, and does not change
// them. When it returns nil, they have left the server's buffers. A client that has
// not taken all of them after ten seconds is given up, if w supports write deadlines,
// as net/http's does.
//
// An event that cannot be framed returns a *[framing.FieldError]: nothing was
// sent, and the stream goes on. All other errors wrap [ErrClientLeft] and what led
// to it: the error of a write or flush, or the context's.
func (s *Stream) Send(events ...framing.Event) error {
	// TODO: Frame the events (framing.Event has AppendText for that) and hand
	// them to SendFrames.
	return nil
}

// Comment sends text, which may be empty, as a comment, which the client reads past.
// It flushes once, and has the limits and errors of SendFrames.
func (s *Stream) Comment(text string) error {
	// TODO: Frame the comment (framing.AppendComment) and hand it to
	// SendFrames.
	return nil
}

// SendFrames sends frames that were framed before, as for a broadcast that is
// encoded once for all clients. Like Send, it keeps their order, flushes once, however
// many they are, does not change them, and has the same limits. All errors wrap
// [ErrClientLeft] and what led to it.
func (s *Stream) SendFrames(frames ...[]byte) error {
	// TODO: Write the frames, and flush them once.
	return nil
}
