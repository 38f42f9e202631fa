// Package parsing reads an event stream as the WHATWG HTML standard says
// (section 9.2.6, Interpreting an event stream), however the bytes are cut.
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
	// DefaultMaxEventSize, and a negative size means no limit. The decoder allocates
	// for the event, not for the limit.
	MaxEventSize int

	// OnComment, if not nil, is called by Decode with the text of each comment
	// when its line ends, before the next event is returned. One leading space is
	// removed from the text, and what is not UTF-8 is replaced with U+FFFD. OnComment may
	// be changed between two calls of Decode, and may itself call LastEventID and
	// ReconnectionTime.
	OnComment func(text string)

	in     *bufio.Reader
	err    error        // what ended the stream
	unread []byte       // the part of d.in's buffer that is not used yet
	line   bytes.Buffer // the part of the current line that is no longer in unread

	hasCR   bool   // whether the bytes read last contain a CR: if not, no line in them ends with one
	afterCR bool   // the last line ended with CR: an LF right after it belongs to the same line ending
	bom     []byte // the byte order mark that the first line may begin with; nil after that line

	// The event read so far, in what the standard calls buffers.
	data []byte // each data field's value, followed by LF
	typ  string
	id   string

	lastID   string // the value of id at the last blank line
	lastType string // the value of the last event field: if it repeats, no new string is needed
	retry    time.Duration
	hasRetry bool // whether the server sent a retry
}

// NewDecoder returns a decoder that reads from r. It buffers, and may read past
// the event that it returns, but never waits for more than that event.
func NewDecoder(r io.Reader) *Decoder {
	return &Decoder{in: bufio.NewReader(r), bom: []byte("\uFEFF")}
}

// Decode returns the next event as soon as its blank line is read. Its ID is
// the last event ID at that event, and its Type is "message" if the stream
// gives it none. Its Retry is zero: see ReconnectionTime. Comments and blank lines
// before the event take no memory, however many come.
//
// At the end of the stream, Decode returns [io.EOF] and drops an event without its
// blank line, and a line without its line ending. If an event is larger than
// MaxEventSize, Decode returns an error that wraps [ErrEventTooLarge] as soon as the
// bytes over the limit arrive, even if their line has not ended. It returns an error of
// the reader unchanged. After an error, every later call returns the same error.
func (d *Decoder) Decode() (framing.Event, error) {
	// TODO: this works until the stream ends. Step 6 asks what happens then.
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

// LastEventID returns the current last event ID, which a client sends
// as the Last-Event-ID header when it reconnects.
func (d *Decoder) LastEventID() string { return d.lastID }

// SetLastEventID sets the last event ID that the stream begins with: the one that
// the client sent when it reconnected. Call it before the first Decode. An event
// without an id has this ID, until the stream sends another.
func (d *Decoder) SetLastEventID(id string) { d.id, d.lastID = id, id }

// ReconnectionTime returns how long the server wants the client to wait before
// it reconnects, and whether the server sent a time at all. A retry field is ignored
// unless it is one or more digits and nothing else, and fits into a [time.Duration].
func (d *Decoder) ReconnectionTime() (wait time.Duration, said bool) { return d.retry, d.hasRetry }

// field handles one line that is not blank: a field or a comment.
func (d *Decoder) field(line []byte) {
	// TODO: Split the line at its first colon, and act on the field's name.
	// A comment has no name: OnComment gets its text.
}

// dispatch handles a blank line: the end of an event. It returns the event, and
// whether there is one. Without data there is no event: the type is discarded, but
// the id still counts.
func (d *Decoder) dispatch() (event framing.Event, ok bool) {
	// TODO: Make the event from what d.field kept, then reset the data and the
	// type.
	return event, false
}

// readLine returns the next line, without its line ending: LF, CRLF or CR. The
// line is valid until the next call. readLine reads from the stream only when nothing is
// buffered, so that it never waits while a whole line is there.
func (d *Decoder) readLine() ([]byte, error) {
	// TODO: this is enough for part 1. In part 2, lines end at CR and CRLF too, a
	// BOM may come first, and MaxEventSize is a limit: the fields from unread to bom
	// are for that.
	line, err := d.in.ReadBytes('\n')
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// Connect sends the whole request r, once, and returns the event stream in the
// response. It asks for text/event-stream only, and asks caches not to answer, unless
// r has its own Accept or Cache-Control header, even an empty one. The stream begins
// with the last event ID in r's Last-Event-ID header. Its URL is the URL of the
// response's Request, or of r if a RoundTripper leaves Request nil. The stream ends
// when r's context ends, and not before, unless c has a Timeout. The caller closes it.
// Connect leaves c and r unchanged, even while it runs, and a nil Header stays nil.
//
// Connect returns a *[ResponseError] if the response has a status other than 200, is
// not text/event-stream, or has a content encoding that net/http does not undo. It
// closes such a response's body unread, because the body may never end. It wraps an
// error of c.Do: [errors.AsType] finds the *url.Error in it.
func Connect(c *http.Client, r *http.Request) (*Source, error) {
	// TODO: Send a copy of r with the two headers, and accept only an event
	// stream. Close the body of any other response.
	return &Source{}, nil
}
