// Package flushing sends events down one HTTP response, each at the moment it
// happens: an event still in a buffer has not been sent.
package flushing

import (
	"context"
	"net/http"
	"sync"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// A Stream is an open event stream to one client. It belongs to the handler
// that opened it, and ends when that handler returns: the request's context ends
// then, and the Stream stops using w. It is safe for concurrent use. After an error
// that wraps [ErrClientLeft], the client may lack a part of what was sent: the
// handler should return.
type Stream struct {
	ctx context.Context // the request's: it ends when the client leaves
	rc  *http.ResponseController

	mu sync.Mutex // guards w: one frame at a time
	w  http.ResponseWriter
}

// Open turns w, the response to r, into an event stream. When it returns, the client
// has the status 200 and the headers. The server's WriteTimeout no longer applies to
// the response. Open neither reads nor closes r's body, which is the handler's.
//
// If w cannot flush, or cannot lift a WriteTimeout, the client gets a 500, and the
// error wraps [http.ErrNotSupported], as the controller's error does. A HEAD request
// asks for the headers alone: it gets them, and the error wraps
// [http.ErrBodyNotAllowed]. These two errors do not wrap [ErrClientLeft]. Any other
// error wraps [ErrClientLeft] and its cause; in that case, no 500 is sent. After any
// error, the handler has nothing left to do.
func Open(w http.ResponseWriter, r *http.Request) (*Stream, error) {
	// TODO: Set the headers, and get them to the client before any event
	// exists.
	return &Stream{}, nil
}

// Send sends the events in order, all of them in one flush, and does not change them.
// When it returns nil, they have left the server's buffers. If w supports write
// deadlines, as net/http's does, Send gives up on a client that has not taken all of
// them after ten seconds. The ten seconds start once no other goroutine is sending.
//
// If an event cannot be framed, Send returns the *[framing.FieldError], even if the
// client left: nothing was sent, and the stream goes on as before. All other errors
// wrap [ErrClientLeft] and what led to it: the error of a write or flush, or the
// context's.
func (s *Stream) Send(events ...framing.Event) error {
	// TODO: Frame the events (framing.Event has AppendText for that) and pass
	// them to SendFrames.
	return nil
}

// Comment sends text as a comment, which the client skips; text may be empty.
// Comment flushes once, and has the limits and errors of SendFrames.
func (s *Stream) Comment(text string) error {
	// TODO: Frame the comment (framing.AppendComment) and pass it to
	// SendFrames.
	return nil
}

// SendFrames sends frames that are already encoded, as for a broadcast that is
// encoded once for all clients. Like Send, it sends them in order, does not change
// them, and has the same limits. It flushes once, however many frames there are. All
// errors wrap [ErrClientLeft] and what led to it.
func (s *Stream) SendFrames(frames ...[]byte) error {
	// TODO: Write the frames, and flush them once.
	return nil
}
