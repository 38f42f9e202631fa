// Package framing puts events on the wire so that no payload can break out of
// its event.
//
// The wire format is the one of "Server-sent events" in the WHATWG HTML
// standard (section 9.2.5, Parsing an event stream): lines of "field: value",
// and a blank line after each event.
package framing

import (
	"io"
	"time"
)

// An Event is one message of an event stream. Its texts are UTF-8: a client
// reads anything else as U+FFFD. Its methods may be called from many goroutines
// at once.
type Event struct {
	// ID becomes the client's last event ID. The client sends it back when it
	// reconnects. Empty: the event has no id field, and the client keeps the
	// last event ID that it has.
	ID string

	// Type is the event type, for which a browser's page adds a listener.
	// Empty: the event has no event field, and the client takes it for a
	// "message".
	Type string

	// Data is the payload, of any number of lines. An empty payload is sent
	// too: a client never dispatches an event that has no data field.
	Data string

	// Retry is the reconnection time: how long the client waits before it
	// reconnects. It is sent in whole milliseconds; what is left over is
	// dropped. Zero: the event has no retry field, and the client keeps the
	// time that it has.
	Retry time.Duration
}

// AppendText appends the wire form of e to b and returns the longer slice. Where b
// has room, AppendText allocates nothing; where it has none, b grows as append
// grows it. It implements [encoding.TextAppender].
//
// An event that cannot be sent returns b unchanged and a *[FieldError]: a line
// break in ID or Type, an ASCII control character other than a tab in ID (no client
// can send it back in a header), a Retry that is negative or between zero and one
// millisecond.
func (e Event) AppendText(b []byte) ([]byte, error) {
	// TODO: Write the fields that e has, one line each, and the blank line
	// that ends the event.
	return b, nil
}

// WriteTo writes the wire form of e to w in one Write, so that a failure never
// leaves the first fields of an event on the wire and the rest behind. It
// implements [io.WriterTo], and returns how many bytes w took, also where w fails.
// The errors are those of AppendText, for which w is not called, and those of w.
func (e Event) WriteTo(w io.Writer) (int64, error) {
	// TODO: Get the wire form from AppendText, and give it to w.
	return 0, nil
}

// AppendComment appends text as a comment to b and returns the longer slice.
// Clients read past comments; they keep a quiet connection alive. A text of
// several lines becomes a comment of several lines.
func AppendComment(b []byte, text string) []byte {
	// TODO: Start every line of text with a colon.
	return b
}
