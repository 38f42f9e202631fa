// Package parsing reads an event stream as the WHATWG HTML standard says
// (section 9.2.6, Interpreting an event stream), from any cut of the bytes.
package parsing

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// A Decoder reads events from an event stream. It is not safe for concurrent
// use.
type Decoder struct {
	// MaxEventSize is the most that the decoder holds for one event, in bytes:
	// its data so far, and the line that is being read. Zero means
	// DefaultMaxEventSize, and a negative size means no limit.
	MaxEventSize int

	// OnComment, if it is not nil, is called by Decode with the text of each
	// comment when its line ends, before the next event is returned. The text has
	// lost one leading space, and what is not UTF-8 has become U+FFFD.
	OnComment func(text string)

	in     *bufio.Reader
	err    error        // what ended the stream
	unread []byte       // what is not used yet of the buffer of in
	line   bytes.Buffer // the part of the current line that is no longer in unread

	hasCR   bool   // there was a CR in the bytes that were read last
	afterCR bool   // the last line ended with CR: an LF right after it belongs to that end
	bom     []byte // the byte order mark that the first line may begin with; then nil

	// What the standard calls the buffers: the event as far as it was read.
	data []byte // each data field's value, followed by LF
	typ  string
	id   string

	lastID   string // id as it stood at the last blank line
	lastType string // the last type that was named
	retry    time.Duration
	hasRetry bool // whether the server has said retry
}

// NewDecoder returns a decoder that reads from r. It buffers, and may read past
// the event that it returns, but never waits for more than that event.
func NewDecoder(r io.Reader) *Decoder {
	return &Decoder{in: bufio.NewReader(r), bom: []byte("\uFEFF")}
}

// Decode returns the next event, as soon as its blank line was read. Its ID is
// the last event ID as it stands at that event, and its Type is "message" when
// the stream names none. Its Retry is zero: see ReconnectionTime.
//
// At the end of the stream the error is [io.EOF], and an event without its blank
// line is dropped, as is a line without its end. An event over MaxEventSize returns an error that wraps
// [ErrEventTooLarge]; an error of the reader is returned unchanged. After an
// error Decode returns that error again.
func (d *Decoder) Decode() (framing.Event, error) {
	// TODO: enough while the stream lasts. Step 5 asks what happens at its end.
	for d.err == nil {
		var line []byte
		line, d.err = d.readLine()
		if len(line) > 0 {
			d.field(line)
		} else if event, ok := d.dispatch(); ok {
			return event, nil
		}
	}
	return framing.Event{}, d.err
}

// LastEventID returns the last event ID as it stands now: what a client sends
// as the Last-Event-ID header when it reconnects.
func (d *Decoder) LastEventID() string { return d.lastID }

// SetLastEventID sets the last event ID with which the stream begins, before the
// first Decode: the one that the client sent when it reconnected. An event
// without an id has it, until the stream names another.
func (d *Decoder) SetLastEventID(id string) { d.id, d.lastID = id, id }

// ReconnectionTime returns how long the server wants the client to wait before
// it reconnects, and whether the server has said. A retry field that is not digits
// only, one at least, or too large for a [time.Duration], is ignored.
func (d *Decoder) ReconnectionTime() (wait time.Duration, said bool) { return d.retry, d.hasRetry }

// field takes one line that is not blank: a field or a comment.
func (d *Decoder) field(line []byte) {
	// TODO: Split the line at its first colon, and act on the field's name.
	// A comment has no name: OnComment gets its text.
}

// dispatch takes a blank line: the end of an event. It returns the event, and
// whether there is one. There is none when there was no data; all else that was
// said of it is forgotten then, except its id.
func (d *Decoder) dispatch() (event framing.Event, ok bool) {
	// TODO: Make the event from what field has kept, and reset that for the
	// next one.
	return event, false
}

// readLine returns the next line, without its end: LF, CRLF or CR. The line is
// good until the next call. It reads from the stream only when nothing is
// buffered, so that it never waits while a whole line is there.
func (d *Decoder) readLine() ([]byte, error) {
	// TODO: enough for part 1. In part 2, lines end at CR and CRLF too, a BOM
	// may come first, and MaxEventSize is a limit.
	line, err := d.in.ReadBytes('\n')
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// Connect sends r and returns the event stream that is the response to it. It
// asks for text/event-stream, and that no cache answers, unless r has an Accept or
// a Cache-Control header of its own. The stream's last event ID begins with r's
// Last-Event-ID header. The stream ends when r's context does, and not before; the
// caller closes it. Connect leaves c and r unchanged, and a nil Header stays nil.
//
// A response that has another status than 200, is not text/event-stream, or has a
// content encoding that net/http does not undo returns a *[ResponseError]. Its body
// is closed unread: it may never end. The errors of c come back wrapped, with the
// *url.Error that they are.
func Connect(c *http.Client, r *http.Request) (*Source, error) {
	// TODO: Send a copy of r that has the headers, and take nothing but an
	// event stream. Close the body of any other response.
	return &Source{}, nil
}
