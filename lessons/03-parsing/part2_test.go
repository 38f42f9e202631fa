package parsing_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 2, how the bytes come.

// A line ends at LF, at CRLF or at CR, and one stream may mix them.
func TestLinesEndWithLFOrCRLFOrCR(t *testing.T) {
	defer step.Begin(t)()
	for _, end := range []string{"\n", "\r\n", "\r"} {
		wantTypes(t, fmt.Sprintf("for a browser, %q ends a line", end),
			strings.ReplaceAll("event: e\ndata: a\ndata: b\n\ndata: c\n\n", "\n", end), `e "a\nb"`, `message "c"`)
	}
	wantData(t, "a browser takes each line end as it comes: CR, then CRLF, then LF",
		"data: a\rdata: b\r\ndata: c\n\r\n", "a\nb\nc")
	wantData(t, "LF and then CR are two line ends: the second one ends the event",
		"data: a\n\rdata: b\n\n", "a", "b")
	wantData(t, "CRLF and then LF are two line ends: the LF after a CRLF does not belong to it",
		"data: a\r\n\ndata: b\r\n\n", "a", "b")
	wantData(t, "only LF and CR end a line: other characters that break lines elsewhere belong to the value",
		"data: a\vb\fc\u0085d\u2028e\n\n", "a\vb\fc\u0085d\u2028e")
}

// A quiet connection may stay quiet for an hour. A browser shows an event as soon
// as its blank line is there, so it cannot wait for what comes after a CR.
func TestAnEventIsHandedOverAtItsBlankLine(t *testing.T) {
	defer step.Begin(t)()
	for _, wire := range []string{"data: now\n\n", "data: now\r\n\r\n"} {
		step.Equal(t, "the blank line was sent, the connection is quiet, and Decode still waits: for a full buffer, or the end?"+wireLine(wire),
			list{`"now"`}, whileOpen(t, wire))
	}
	for _, wire := range []string{"data: now\r\r", "data: now\r\n\r"} {
		step.Equal(t, "the blank line was sent, the connection is quiet, and Decode still waits: for the byte after the CR?"+wireLine(wire),
			list{`"now"`}, whileOpen(t, wire))
	}
	for _, wire := range []string{": ping\n", ": ping\r\n", ": ping\r"} {
		step.Equal(t, "a comment was sent, the connection is quiet, and OnComment was not called: a comment counts as soon as its line ends"+wireLine(wire),
			list{`comment "ping"`}, whileOpen(t, wire))
	}
}

// The network cuts the bytes where it likes, also between a CR and its LF. The
// events are the same for every cut.
func TestEveryCutOfTheBytesReadsTheSame(t *testing.T) {
	defer step.Begin(t)()
	wire := "id: 7\r\ndata: a\r\ndata: ä\r\n\r\nevent: e\rdata: c\r\rdata: d\n\n"
	want := reading{events: []framing.Event{
		{ID: "7", Type: "message", Data: "a\nä"}, {ID: "7", Type: "e", Data: "c"}, {ID: "7", Type: "message", Data: "d"},
	}, lastID: "7", retry: "0s, false", err: io.EOF}
	step.Equal(t, "the bytes came in one piece"+wireLine(wire), want, read(t, strings.NewReader(wire)))
	for at := range wire {
		step.Equal(t, "the bytes came in two pieces, and the events are not the same: is the LF of a CRLF taken for a line?"+wireLine(wire[:at], wire[at:]),
			want, read(t, cut(wire, at)))
	}
	step.Equal(t, "the bytes came one at a time, and the events are not the same"+wireLine(wire),
		want, read(t, iotest.OneByteReader(strings.NewReader(wire))))
	step.Equal(t, "the last bytes came together with io.EOF, and the events are not the same"+wireLine(wire),
		want, read(t, iotest.DataErrReader(strings.NewReader(wire))))
}

// An event stream is UTF-8. A byte order mark may come first, and is not part of
// the first field. What is not UTF-8 becomes U+FFFD, the replacement character.
func TestTheStreamIsUTF8(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "a byte order mark at the start is not part of the first field's name",
		"\uFEFFdata: x\n\n", "x")
	wantData(t, "only one byte order mark is dropped: with the second, the field has a name that no browser knows",
		"\uFEFF\uFEFFdata: x\n\ndata: y\n\n", "y")
	wantData(t, "later in the stream U+FEFF is a character like any other: with it, the field has a name that no browser knows",
		"data: x\n\n\uFEFFdata: y\n\n", "x")
	wantData(t, "a byte order mark comes first or not at all: after a blank line, U+FEFF is part of the field's name",
		"\n\uFEFFdata: x\n\ndata: y\n\n", "y")
	wantData(t, "in a value U+FEFF is a character like any other",
		"data: \uFEFFx\n\n", "\uFEFFx")
	wantData(t, "a byte that is not UTF-8 is shown as U+FFFD, two of them as two",
		"data: a\xffb\xff\xff\n\n", "a\uFFFDb\uFFFD\uFFFD")
	wantData(t, "a character that was cut short is shown as one U+FFFD",
		"data: \xe2\x82\n\n", "\uFFFD")
	wantEach(t, "a type is text too, with U+FFFD for what is not UTF-8",
		"event: \xff\ndata: x\n\n", typeOf, "\"\uFFFD\"")
	wantLastID(t, "an id is text too, with U+FFFD for what is not UTF-8",
		"id: \xff\ndata: x\n\n", "\uFFFD")
	wantLog(t, "a comment is text too, with U+FFFD for what is not UTF-8",
		": \xff\n", "comment \"\uFFFD\"")
}

// A browser limits a line by nothing but its memory. A server needs a limit, and
// one that real events do not reach. MaxEventSize is zero unless it was set.
func TestALongLineIsReadAndAnEndlessOneIsRefused(t *testing.T) {
	defer step.Begin(t)()
	wantLong(t, "MaxEventSize is 0, which means DefaultMaxEventSize: a line of 64 KiB and one byte is within that", 0, 64<<10+1)
	wantLong(t, "MaxEventSize is 0, which means DefaultMaxEventSize: a line of 4 MiB is within that", 0, 4<<20)
	wantLong(t, "MaxEventSize is negative, which means no limit: a line of 64 KiB is read too", -1, 64<<10)
	wantManyLines(t, 1<<11)
	wantMany(t, "MaxEventSize counts for each event: a stream may go on for days", "data: "+strings.Repeat("x", 1000)+"\n\n", 100)
	wantMany(t, "comments belong to no event: a quiet stream may send them for days", ": "+strings.Repeat("x", 1000)+"\n", 0)
	wantTooLarge(t, "a line without an end fills the memory of a decoder that keeps it", 1<<20, strings.Repeat("x", 1000))
	wantTooLarge(t, "an event without an end fills the memory of a decoder that keeps it", 1<<20, "data: "+strings.Repeat("x", 1000)+"\n")
	wantTooLarge(t, "MaxEventSize is 0, which means DefaultMaxEventSize: a larger event must be refused", 0, strings.Repeat("x", 1000))
}
