// Package parsing reads an event stream as the WHATWG HTML standard says
// (section 9.2.6, Interpreting an event stream), from any cut of the bytes.
package parsing

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"strconv"
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
//
//lesson:keep
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
//
//lesson:begin // TODO: enough while the stream lasts. Step 5 asks what happens at its end.
//lesson:begin for d.err == nil {
//lesson:begin 	var line []byte
//lesson:begin 	line, d.err = d.readLine()
//lesson:begin 	if len(line) > 0 {
//lesson:begin 		d.field(line)
//lesson:begin 	} else if event, ok := d.dispatch(); ok {
//lesson:begin 		return event, nil
//lesson:begin 	}
//lesson:begin }
//lesson:begin return framing.Event{}, d.err
func (d *Decoder) Decode() (framing.Event, error) {
	for d.err == nil {
		var line []byte
		line, d.err = d.readLine()
		if d.err != nil {
			break
		}
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
//
//lesson:keep
func (d *Decoder) LastEventID() string { return d.lastID }

// SetLastEventID sets the last event ID with which the stream begins, before the
// first Decode: the one that the client sent when it reconnected. An event
// without an id has it, until the stream names another.
//
//lesson:keep
func (d *Decoder) SetLastEventID(id string) { d.id, d.lastID = id, id }

// ReconnectionTime returns how long the server wants the client to wait before
// it reconnects, and whether the server has said. A retry field that is not digits
// only, one at least, or too large for a [time.Duration], is ignored.
//
//lesson:keep
func (d *Decoder) ReconnectionTime() (wait time.Duration, said bool) { return d.retry, d.hasRetry }

// field takes one line that is not blank: a field or a comment.
//
//lesson:todo Split the line at its first colon, and act on the field's name.
//lesson:todo A comment has no name: OnComment gets its text.
func (d *Decoder) field(line []byte) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	switch string(name) {
	case "": // a comment
		if d.OnComment != nil {
			d.OnComment(validUTF8(value))
		}
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
			d.retry, d.hasRetry = time.Duration(ms)*time.Millisecond, true
		}
	}
}

// dispatch takes a blank line: the end of an event. It returns the event, and
// whether there is one. There is none when there was no data; all else that was
// said of it is forgotten then, except its id.
//
//lesson:todo Make the event from what field has kept, and reset that for the next one.
//lesson:return event, false
func (d *Decoder) dispatch() (event framing.Event, ok bool) {
	data, typ := d.data, d.typ
	d.data, d.typ, d.lastID = d.data[:0], "", d.id
	if len(data) == 0 {
		return framing.Event{}, false
	}
	return framing.Event{
		ID:   d.lastID,
		Type: cmp.Or(typ, "message"),
		Data: validUTF8(data[:len(data)-1]), // without the last LF
	}, true
}

// readLine returns the next line, without its end: LF, CRLF or CR. The line is
// good until the next call. It reads from the stream only when nothing is
// buffered, so that it never waits while a whole line is there.
//
//lesson:begin // TODO: enough for part 1. In part 2, lines end at CR and CRLF too, a BOM
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
		limit := cmp.Or(d.MaxEventSize, DefaultMaxEventSize)
		if size := len(d.data) + d.line.Len() + len(line); limit >= 0 && size > limit {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrEventTooLarge, limit)
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
//
//lesson:todo Send a copy of r that has the headers, and take nothing but an event stream. Close the body of any other response.
//lesson:return &Source{}, nil
func Connect(c *http.Client, r *http.Request) (*Source, error) {
	header := http.Header{"Accept": {"text/event-stream"}, "Cache-Control": {"no-cache"}}
	maps.Copy(header, r.Header)
	asked := r.WithContext(r.Context())
	asked.Header = header

	resp, err := c.Do(asked)
	if err != nil {
		return nil, fmt.Errorf("connecting to an event stream: %w", err)
	}
	if resp.StatusCode != http.StatusOK || !isEventStream(resp.Header) {
		resp.Body.Close()
		return nil, &ResponseError{StatusCode: resp.StatusCode, Header: resp.Header}
	}
	source := NewSource(resp.Body)
	source.URL = cmp.Or(resp.Request, r).URL // a RoundTripper may leave Request nil
	source.SetLastEventID(header.Get("Last-Event-ID"))
	return source, nil
}
