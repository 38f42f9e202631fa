// Package framing puts events on the wire so that no payload can break out of
// its event.
//
// The wire format is that of "Server-sent events" in the WHATWG HTML
// standard (section 9.2.5, Parsing an event stream): lines of "field: value",
// and a blank line after each event.
package framing

import (
	"io"
	"strconv"
	"strings"
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

// WriteTo writes the wire form of e to w in one Write, so that no failure between two
// fields can leave half an event on the wire. It implements [io.WriterTo], and
// returns how many bytes w took, even if w fails. If AppendText fails, WriteTo
// returns its error and does not call w; if w fails, WriteTo returns the error of w
// unchanged.
//
//lesson:todo Get the wire form from AppendText, and write it to w.
func (e Event) WriteTo(w io.Writer) (int64, error) {
	b, err := e.AppendText(nil)
	if err != nil {
		return 0, err
	}
	n, err := w.Write(b)
	return int64(n), err
}

// AppendComment appends text to b as a comment and returns the extended slice.
// Clients ignore a comment, but it keeps a quiet connection alive. If text has
// several lines, so does the comment.
//
//lesson:todo Start every line of text with a colon.
//lesson:return b
func AppendComment(b []byte, text string) []byte {
	return appendLines(b, ": ", text)
}

// check returns a *FieldError if a client would misread e, or could not send its ID
// back.
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

// notInHeaders reports whether c is forbidden in an HTTP header such as Last-Event-ID
// (RFC 9110, section 5.5). NUL is one such character; a client also ignores an ID
// that contains it.
func notInHeaders(c rune) bool {
	return c < ' ' && c != '\t' || c == 0x7F
}

// appendLines appends each line of text as its own line, which starts with prefix.
// A line of text ends at LF, CR or CRLF, as it does for the client. appendLines
// searches for LF and CR separately, because IndexByte is vectorised, and IndexAny is
// 3 to 19 times slower.
func appendLines(b []byte, prefix, text string) []byte {
	if strings.IndexByte(text, '\r') < 0 {
		return appendSplit(b, prefix, text, '\n')
	}
	for more := true; more; {
		var line string
		line, text, more = strings.Cut(text, "\n")
		if more {
			line = strings.TrimSuffix(line, "\r") // CRLF is one line ending, not two
		}
		b = appendSplit(b, prefix, line, '\r')
	}
	return b
}

// appendSplit cuts text at each sep, and appends each piece as a line that starts
// with prefix.
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
