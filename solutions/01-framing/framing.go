// Package framing puts events on the wire so that no payload can break out of
// its event.
//
// The wire format is the one of "Server-sent events" in the WHATWG HTML
// standard (section 9.2.5, Parsing an event stream): lines of "field: value",
// and a blank line after each event.
package framing

import (
	"io"
	"strconv"
	"strings"
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
//
//lesson:todo Write the fields that e has, one line each, and the blank line that ends the event.
//lesson:return b, nil
func (e Event) AppendText(b []byte) ([]byte, error) {
	if err := e.check(); err != nil {
		return b, err
	}
	if e.Type != "" {
		b = appendLine(b, "event: ", e.Type)
	}
	if e.ID != "" {
		b = appendLine(b, "id: ", e.ID)
	}
	if e.Retry != 0 {
		b = append(b, "retry: "...)
		b = strconv.AppendInt(b, e.Retry.Milliseconds(), 10)
		b = append(b, '\n')
	}
	b = appendLines(b, "data: ", e.Data)
	return append(b, '\n'), nil
}

// WriteTo writes the wire form of e to w in one Write, so that a failure never
// leaves the first fields of an event on the wire and the rest behind. It
// implements [io.WriterTo], and returns how many bytes w took, also where w fails.
// The errors are those of AppendText, for which w is not called, and those of w.
//
//lesson:todo Get the wire form from AppendText, and give it to w.
func (e Event) WriteTo(w io.Writer) (int64, error) {
	b, err := e.AppendText(nil)
	if err != nil {
		return 0, err
	}
	n, err := w.Write(b)
	return int64(n), err
}

// AppendComment appends text as a comment to b and returns the longer slice.
// Clients read past comments; they keep a quiet connection alive. A text of
// several lines becomes a comment of several lines.
//
//lesson:todo Start every line of text with a colon.
//lesson:return b
func AppendComment(b []byte, text string) []byte {
	return appendLines(b, ": ", text)
}

// check returns a *FieldError for what no client could read, or send back.
func (e Event) check() error {
	switch {
	case strings.ContainsAny(e.Type, "\r\n"):
		return &FieldError{Field: "event", Reason: "contains a line break"}
	case strings.ContainsAny(e.ID, "\r\n"):
		return &FieldError{Field: "id", Reason: "contains a line break"}
	case strings.ContainsFunc(e.ID, notInHeaders):
		return &FieldError{Field: "id", Reason: "contains a control character, which no client can send back"}
	case e.Retry < 0:
		return &FieldError{Field: "retry", Reason: "is negative"}
	case e.Retry != 0 && e.Retry < time.Millisecond:
		return &FieldError{Field: "retry", Reason: "is less than a millisecond, and would be sent as 0"}
	}
	return nil
}

// notInHeaders reports whether no HTTP header, such as Last-Event-ID, may hold c
// (RFC 9110, section 5.5). A NUL is one of these, and a client would ignore the
// id for it.
func notInHeaders(c rune) bool {
	return c < ' ' && c != '\t' || c == 0x7F
}

// appendLines appends each line of text as a line of its own that starts with
// prefix. A line of text ends at LF, CR or CRLF, as it does for the client. It
// searches for one byte at a time: IndexByte is vectorised, and IndexAny 3 to 19
// times slower.
func appendLines(b []byte, prefix, text string) []byte {
	if strings.IndexByte(text, '\r') < 0 {
		return appendSplit(b, prefix, text, '\n')
	}
	for more := true; more; {
		var line string
		line, text, more = strings.Cut(text, "\n")
		if more {
			line = strings.TrimSuffix(line, "\r") // CRLF is one line end, not two
		}
		b = appendSplit(b, prefix, line, '\r')
	}
	return b
}

// appendSplit appends what stands before, between and after the seps in text,
// each as a line that starts with prefix.
func appendSplit(b []byte, prefix, text string, sep byte) []byte {
	for {
		end := strings.IndexByte(text, sep)
		if end < 0 {
			return appendLine(b, prefix, text)
		}
		b = appendLine(b, prefix, text[:end])
		text = text[end+1:]
	}
}

func appendLine(b []byte, prefix, line string) []byte {
	b = append(b, prefix...)
	b = append(b, line...)
	return append(b, '\n')
}
