// Package flushing sends events down one HTTP response, each at the moment it
// happens: an event still in a buffer has not been sent.
package flushing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// writeTimeout is how long a client may take to accept one Send.
const writeTimeout = 10 * time.Second

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
//
//lesson:todo Set the headers, and get them to the client before any event exists.
//lesson:return &Stream{}, nil
func Open(w http.ResponseWriter, r *http.Request) (*Stream, error) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache, no-transform")
	w.Header().Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		return nil, fmt.Errorf("opening an event stream: %w", http.ErrBodyNotAllowed)
	}

	rc := http.NewResponseController(w)
	err := liftWriteTimeout(rc, r)
	if err == nil {
		err = rc.Flush()
	}
	switch {
	case errors.Is(err, http.ErrNotSupported):
		http.Error(w, "this server cannot stream", http.StatusInternalServerError)
		return nil, fmt.Errorf("opening an event stream: %w", err)
	case err != nil:
		return nil, fmt.Errorf("opening an event stream: %w: %w", ErrClientLeft, err)
	}
	return &Stream{ctx: r.Context(), rc: rc, w: w}, nil
}

// liftWriteTimeout takes the server's WriteTimeout off the response. If the response
// does not support deadlines, that is fine as long as the server has no WriteTimeout.
func liftWriteTimeout(rc *http.ResponseController, r *http.Request) error {
	err := rc.SetWriteDeadline(time.Time{})
	if errors.Is(err, http.ErrNotSupported) && !hasWriteTimeout(r) {
		return nil
	}
	return err
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
//
//lesson:todo Frame the events (framing.Event has AppendText for that) and pass them to SendFrames.
func (s *Stream) Send(events ...framing.Event) error {
	var frames []byte
	for _, e := range events {
		var err error
		if frames, err = e.AppendText(frames); err != nil {
			return err
		}
	}
	return s.SendFrames(frames)
}

// Comment sends text as a comment, which the client skips; text may be empty.
// Comment flushes once, and has the limits and errors of SendFrames.
//
//lesson:todo Frame the comment (framing.AppendComment) and pass it to SendFrames.
func (s *Stream) Comment(text string) error {
	return s.SendFrames(framing.AppendComment(nil, text))
}

// SendFrames sends frames that are already encoded, as for a broadcast that is
// encoded once for all clients. Like Send, it sends them in order, does not change
// them, and has the same limits. It flushes once, however many frames there are. All
// errors wrap [ErrClientLeft] and what led to it.
//
//lesson:todo Write the frames, and flush them once.
func (s *Stream) SendFrames(frames ...[]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	if err := s.ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrClientLeft, err)
	}
	s.rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err := s.write(frames); err != nil {
		return fmt.Errorf("%w: %w", ErrClientLeft, err)
	}
	s.rc.SetWriteDeadline(time.Time{}) // or it resets an idle stream on HTTP/2
	return nil
}

// write writes the frames and flushes them. The caller holds mu.
func (s *Stream) write(frames [][]byte) error {
	if err := writeAll(s.w, frames); err != nil {
		return err
	}
	return s.rc.Flush() // only Flush reports a deadline that has passed
}
