// Package framing puts events on the wire so that no payload can break out of
// its event.
//
// The wire format is that of "Server-sent events" in the WHATWG HTML
// standard (section 9.2.5, Parsing an event stream): lines of "field: value",
// and a blank line after each event.
package framing

import (
	"io"
	"time"
)

// An Event is one message of an event stream. Its strings are UTF-8: a client reads
// anything else as U+FFFD. Its methods are safe for concurrent use.
type Event struct {
	// ID becomes the client's last event ID. The client sends it back when it
	// reconnects. If ID is empty, the event has no id field, and the client
	// keeps the last event ID that it has.
	ID string

	// Type is the event type, which a page in a browser listens for. If Type is
	// empty, the event has no event field, and the client treats it as a
	// "message".
	Type string

	// Data is the payload, of any number of lines. An empty payload still gets a data
	// field, because a client never dispatches an event without one.
	Data string

	// Retry is the reconnection time: how long the client waits before it
	// reconnects. It is sent in whole milliseconds; a fraction of a
	// millisecond is dropped. If Retry is zero, the event has no retry field,
	// and the client keeps the time that it has.
	Retry time.Duration
}

// AppendText appends the wire form of e to b and returns the extended slice. If b has
// room, AppendText allocates nothing; if not, b grows as append grows it. AppendText
// implements [encoding.TextAppender].
//
// AppendText returns b unchanged and a *[FieldError] if the event cannot be sent:
// ID or Type contains a line break, ID contains an ASCII control character other
// than a tab (no client can send it back in a header), or Retry is negative or
// between zero and one millisecond.
func (e Event) AppendText(b []byte) ([]byte, error) {
	// TODO: Write the fields that e has, one line each, and the blank line
	// that ends the event.
	return b, nil
}

// WriteTo writes the wire form of e to w in one Write, so that no failure between two
// fields can leave half an event on the wire. It implements [io.WriterTo], and
// returns how many bytes w took, even if w fails. If AppendText fails, WriteTo
// returns its error and does not call w; if w fails, WriteTo returns the error of w
// unchanged.
func (e Event) WriteTo(w io.Writer) (int64, error) {
	// TODO: Get the wire form from AppendText, and write it to w.
	return 0, nil
}

// AppendComment appends text to b as a comment and returns the extended slice.
// Clients ignore a comment, but it keeps a quiet connection alive. If text has
// several lines, so does the comment.
func AppendComment(b []byte, text string) []byte {
	// TODO: Start every line of text with a colon.
	return b
}
