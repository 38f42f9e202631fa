package chaos

import (
	"bytes"
	"strconv"
)

// tailSize is how many of the last bytes a tracker keeps, to show them.
const tailSize = 96

// A Place is where in a response a proxy is.
type Place struct {
	Passed      int  // how many bytes have passed
	InFrame     bool // an event has begun and its blank line has not come
	InCharacter bool // a character has begun and its last byte has not come
}

// A tracker follows a response that passes in pieces, and knows its place. It reads the
// chunks of HTTP/1.1 (RFC 9112, section 7.1), and the frames in them.
type tracker struct {
	Place
	tail []byte // the last bytes that passed, as they were

	read func(t *tracker, c byte) // what the next byte is
	line []byte                   // of the header, or with a chunk's size
	left int                      // how many bytes of the chunk are to come

	first byte // what the current line of the stream begins with; zero: nothing yet
	rest  int  // how many bytes of the current character are to come
}

// newTracker returns a tracker at the beginning of a response.
func newTracker() *tracker { return &tracker{read: (*tracker).header} }

// passed takes note of bytes that went to the client.
func (t *tracker) passed(p []byte) {
	t.Passed += len(p)
	t.tail = append(t.tail, p...)
	t.tail = t.tail[max(0, len(t.tail)-tailSize):]
	for _, c := range p {
		t.read(t, c)
	}
}

// header reads the response's header, up to its blank line.
func (t *tracker) header(c byte) {
	t.line = append(t.line, c)
	if bytes.HasSuffix(t.line, []byte("\r\n\r\n")) {
		t.line = nil
		t.read = (*tracker).size
	}
}

// size reads the line with a chunk's size.
func (t *tracker) size(c byte) {
	t.line = append(t.line, c)
	if c != '\n' {
		return
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(t.line)), 16, 32)
	t.line, t.left = nil, int(n)
	switch {
	case err == nil && n > 0:
		t.read = (*tracker).stream
	default:
		t.read = func(*tracker, byte) {} // the last chunk, or something that is not one
	}
}

// stream reads a byte of the event stream.
func (t *tracker) stream(c byte) {
	t.character(c)
	switch {
	case c == '\n' && t.first == 0:
		t.InFrame = false // a blank line
	case c == '\n':
		t.first = 0
	case t.first == 0:
		t.first = c
		t.InFrame = t.InFrame || c != ':' // a comment is no part of an event
	}
	if t.left--; t.left == 0 {
		t.read, t.left = (*tracker).chunkEnd, len("\r\n")
	}
}

// character counts the bytes of a character (RFC 3629, section 3).
func (t *tracker) character(c byte) {
	switch {
	case c >= 0xF0:
		t.rest = 3
	case c >= 0xE0:
		t.rest = 2
	case c >= 0xC0:
		t.rest = 1
	case t.rest > 0:
		t.rest--
	}
	t.InCharacter = t.rest > 0
}

// chunkEnd reads the line ending after a chunk.
func (t *tracker) chunkEnd(byte) {
	if t.left--; t.left == 0 {
		t.read = (*tracker).size
	}
}
