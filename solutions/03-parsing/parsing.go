// Package parsing reads an event stream as the WHATWG HTML standard says
// (section 9.2.6, Interpreting an event stream), from any cut of the bytes.
package parsing

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// DefaultMaxEventSize is the MaxEventSize of a new [Decoder], in bytes.
const DefaultMaxEventSize = 16 << 20

// ErrEventTooLarge is returned by Decode when a peer sends an event that is
// larger than MaxEventSize.
var ErrEventTooLarge = errors.New("event too large")

// A Decoder reads events from an event stream. It is not safe for concurrent
// use.
type Decoder struct {
	// MaxEventSize is the most that the decoder holds for one event, in bytes:
	// its data so far, and the line that is being read.
	MaxEventSize int

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
}

// NewDecoder returns a decoder that reads from r. It buffers, and may read past
// the event that it returns, but never waits for more than that event.
//
//lesson:keep
func NewDecoder(r io.Reader) *Decoder {
	return &Decoder{
		MaxEventSize: DefaultMaxEventSize,
		in:           bufio.NewReader(r),
		bom:          []byte("\uFEFF"),
	}
}

// Decode returns the next event, as soon as its blank line was read. Its ID is
// the last event ID as it stands at that event, and its Type is "message" when
// the stream names none. Its Retry is zero: see ReconnectionTime.
//
// At the end of the stream the error is [io.EOF], and an event without its blank
// line is dropped. An event over MaxEventSize returns an error that wraps
// [ErrEventTooLarge]; an error of the reader comes back as it is. After an error
// Decode returns that error again.
//
//lesson:begin // TODO: enough as long as the stream lasts. Look again when you come to its end.
//lesson:begin for d.err == nil {
//lesson:begin 	var line []byte
//lesson:begin 	line, d.err = d.readLine()
//lesson:begin 	switch {
//lesson:begin 	case len(line) > 0:
//lesson:begin 		d.field(line)
//lesson:begin 	case d.dispatch(&event):
//lesson:begin 		return event, nil
//lesson:begin 	}
//lesson:begin }
//lesson:begin return framing.Event{}, d.err
func (d *Decoder) Decode() (event framing.Event, err error) {
	for d.err == nil {
		var line []byte
		line, d.err = d.readLine()
		switch {
		case d.err != nil:
		case len(line) > 0:
			d.field(line)
		case d.dispatch(&event):
			return event, nil
		}
	}
	return framing.Event{}, d.err
}

// Events returns the events as they come, until the stream ends. An error other
// than [io.EOF] is the last thing that it yields.
//
//lesson:keep
func (d *Decoder) Events() iter.Seq2[framing.Event, error] {
	return func(yield func(framing.Event, error) bool) {
		for {
			event, err := d.Decode()
			if err == io.EOF || !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// LastEventID returns the last event ID as it stands now: what a client sends
// as the Last-Event-ID header when it reconnects.
//
//lesson:keep
func (d *Decoder) LastEventID() string { return d.lastID }

// ReconnectionTime returns how long the server wants the client to wait before
// it reconnects. It is zero when the server has not said. A retry field that is
// not all digits, or too large for a [time.Duration], is ignored.
//
//lesson:keep
func (d *Decoder) ReconnectionTime() time.Duration { return d.retry }

// field takes one line that is not blank: a field or a comment.
//
//lesson:todo Split the line at its first colon, and act on the field's name.
func (d *Decoder) field(line []byte) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	switch string(name) { // a comment's name is empty
	case "data":
		d.data = append(d.data, value...)
		d.data = append(d.data, '\n')
	case "event":
		if string(value) != d.lastType { // the same again needs no new string
			d.lastType = validUTF8(value)
		}
		d.typ = d.lastType
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			d.id = validUTF8(value)
		}
	case "retry":
		ms, err := strconv.ParseUint(string(value), 10, 63) // takes nothing but digits
		if err == nil && ms <= uint64(math.MaxInt64/time.Millisecond) {
			d.retry = time.Duration(ms) * time.Millisecond
		}
	}
}

// dispatch takes a blank line: the end of an event. It fills in event, and
// reports whether there is one. There is none when there was no data; what else
// was said of it is forgotten then, but for its id.
//
//lesson:todo Make the event from what field has kept, and start afresh for the next one.
func (d *Decoder) dispatch(event *framing.Event) bool {
	data, typ := d.data, d.typ
	d.data, d.typ, d.lastID = d.data[:0], "", d.id
	if len(data) == 0 {
		return false
	}
	event.ID = d.lastID
	event.Type = cmp.Or(typ, "message")
	event.Data = validUTF8(data[:len(data)-1]) // without the last LF
	return true
}

// readLine returns the next line, without its end: LF, CRLF or CR. The line is
// good until the next call. It reads from the stream only when nothing is
// buffered, so that it never waits while a whole line is there.
//
//lesson:begin // TODO: enough for part 1. For part 2, lines end at CR and CRLF too, a BOM
//lesson:begin // may come first, and MaxEventSize is a limit.
//lesson:begin line, err := d.in.ReadBytes('\n')
//lesson:begin return bytes.TrimSuffix(line, []byte("\n")), err
func (d *Decoder) readLine() ([]byte, error) {
	d.line.Reset()
	for {
		if err := d.fill(); err != nil {
			return nil, err
		}
		line, ended := d.cutLine()
		if len(d.data)+d.line.Len()+len(line) > d.MaxEventSize {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrEventTooLarge, d.MaxEventSize)
		}
		if !ended { // keep what is here, and read on
			d.line.Write(line)
			d.unread = nil
			continue
		}
		d.afterCR = d.unread[len(line)] == '\r'
		d.unread = d.unread[len(line)+1:]
		if d.line.Len() > 0 {
			d.line.Write(line)
			line = d.line.Bytes()
		}
		if d.bom != nil {
			line = bytes.TrimPrefix(line, d.bom)
			d.bom = nil
		}
		return line, nil
	}
}

// fill waits for bytes when none are unread. The LF of a CRLF is skipped here,
// with the line after it: waiting for it when the CR was read would hold the
// event back.
func (d *Decoder) fill() error {
	if len(d.unread) == 0 {
		d.in.Discard(d.in.Buffered()) // all of it is used
		if _, err := d.in.Peek(1); err != nil {
			return err
		}
		d.unread, _ = d.in.Peek(d.in.Buffered())
		d.hasCR = bytes.IndexByte(d.unread, '\r') >= 0
	}
	if d.afterCR {
		d.unread = bytes.TrimPrefix(d.unread, []byte("\n")) // it may be all there was
		d.afterCR = false
	}
	return nil
}

// cutLine returns what is unread up to the first line end, or all of it when
// there is none.
func (d *Decoder) cutLine() (line []byte, ended bool) {
	line = d.unread
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line, ended = line[:i], true
	}
	if d.hasCR { // most streams have none
		if i := bytes.IndexByte(line, '\r'); i >= 0 {
			line, ended = line[:i], true
		}
	}
	return line, ended
}

// validUTF8 returns b as a string in which what is not UTF-8 became U+FFFD, as
// a browser does it: one for each byte that can begin no character, and one for
// all bytes of a character that was cut short.
//
//lesson:keep
func validUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		for size < len(b) && !utf8.FullRune(b[:size+1]) {
			size++ // a character was cut short, and this belongs to it too
		}
		s.WriteRune(r)
		b = b[size:]
	}
	return s.String()
}

// A ResponseError says that a server answered with something that is not an
// event stream.
type ResponseError struct {
	StatusCode int
	Header     http.Header
}

func (e *ResponseError) Error() string {
	if e.StatusCode != http.StatusOK {
		return fmt.Sprintf("the server answered %d %s, not with an event stream", e.StatusCode, http.StatusText(e.StatusCode))
	}
	return fmt.Sprintf("the server answered with %q, not with text/event-stream", e.Header.Get("Content-Type"))
}

// A Source is an open event stream from a server.
type Source struct {
	*Decoder
	body io.Closer
}

// Connect sends r and returns the event stream that is the response to it. It
// asks for text/event-stream, unless r has an Accept header of its own. The
// stream ends when r's context does; the caller closes it.
//
// A response that has another status than 200, or that is no text/event-stream,
// returns a *[ResponseError]. The errors of c come back wrapped.
//
//lesson:todo Send the request, and take nothing but an event stream. Close the body of any other response.
func Connect(c *http.Client, r *http.Request) (*Source, error) {
	if r.Header.Get("Accept") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("Accept", "text/event-stream")
	}
	resp, err := c.Do(r)
	if err != nil {
		return nil, fmt.Errorf("connecting to an event stream: %w", err)
	}
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode != http.StatusOK || mediaType != "text/event-stream" {
		resp.Body.Close()
		return nil, &ResponseError{resp.StatusCode, resp.Header}
	}
	return &Source{Decoder: NewDecoder(resp.Body), body: resp.Body}, nil
}

// Close ends the stream. A Decode that waits returns an error.
//
//lesson:keep
func (s *Source) Close() error { return s.body.Close() }
