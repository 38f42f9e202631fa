package parsing_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/lessons/03-parsing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

func TestMain(m *testing.M) { step.Main(m) }

// Part 1, what the lines mean.

// A browser keeps what it has read of an event until the blank line comes, and
// then shows it. The end of the stream is io.EOF, as with every reader in Go.
// Hint: field keeps what follows "data: " in d.data. dispatch makes an event of it, if there is any, and empties d.data.
func TestAnEventEndsAtItsBlankLine(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "a blank line ends the event, and data is all that it needs: here a browser shows hello",
		"data: hello\n\n", "hello")
	wantData(t, "two blank lines, two events: a browser shows one after the other",
		"data: hello\n\ndata: world\n\n", "hello", "world")
	wantData(t, "a blank line after a blank line ends nothing: a browser shows no second event",
		"data: hello\n\n\n\n", "hello")
}

// A payload of several lines comes as several data fields. A browser puts the
// lines together again, with a line feed between them and none after the last.
// Hint: append each value and a '\n' to d.data, and leave out the last '\n' when you make the event.
func TestLinesOfDataAreJoined(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "lines of data belong together: a JSON text of two lines must not arrive as its last one",
		"data: [1,\ndata: 2]\n\n", "[1,\n2]")
	wantData(t, "an empty line of data is a line too: a browser keeps it, in the middle and at the end",
		"data: a\ndata: \ndata: c\ndata: \n\n", "a\n\nc\n")
	wantData(t, "the next event begins with no data: a browser does not show a and b again",
		"data: a\ndata: b\n\ndata: c\n\n", "a\nb", "c")
}

// The name of a field goes as far as the first colon. One space after that is
// there for the reader's eye; a second one was meant by the sender. A line
// without a colon is a field with an empty value.
// Hint: bytes.Cut gives you what is before and after the first colon, bytes.TrimPrefix takes off one space.
func TestOneSpaceAfterTheColonIsDroppedAndNoMore(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "only the first space after the colon goes: the sender meant the others, in front and behind",
		"data:  x \n\n", " x ")
	wantData(t, "the space after the colon need not be there",
		"data:x\n\n", "x")
	wantData(t, "the name ends at the first colon, and the others belong to the value",
		"data: 12:30:00\n\n", "12:30:00")
	wantData(t, "a field without a colon has an empty value: here a browser shows an event with no text",
		"data\n\n", "")
	wantData(t, "two empty lines of data are two lines: a browser joins them with a line feed",
		"data\ndata:\n\n", "\n")
}

// A type is for the event in which it stands. The next one starts without, and
// an event without a type is a "message": that is what onmessage listens to.
// Hint: dispatch takes d.typ and empties it, whether it makes an event or not. cmp.Or chooses the first that is not empty.
func TestATypeLastsForOneEvent(t *testing.T) {
	defer step.Begin(t)()
	wantTypes(t, "a browser calls the listeners for tick first, and then, since no type is named, those for message",
		"event: tick\ndata: 1\n\ndata: 2\n\n", `tick "1"`, `message "2"`)
	wantTypes(t, "without data there is no event, and its type is forgotten: for a browser, this is a message",
		"event: tick\n\ndata: x\n\n", `message "x"`)
}

// A line that starts with a colon is a comment; servers send them to keep a
// quiet connection alive. What else a browser does not know it reads past, so
// that the format can grow.
// Hint: a switch over the name has no case for a comment, whose name is empty, and none for "Data".
func TestCommentsAndUnknownFieldsAreIgnored(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "a line that starts with a colon is a comment, and a browser reads past it",
		": ping\ndata: x\n: data: y\n\n", "x")
	wantData(t, "a comment may be nothing but its colon, and is no blank line: the event goes on after it",
		"data: x\n:\ndata: y\n\n", "x\ny")
	wantData(t, "a comment is no event, with a blank line or without",
		": ping\n\n:\n\ndata: x\n\n", "x")
	wantData(t, "a browser reads past fields that it does not know",
		"data: x\nfrom: me\ndatabase: y\n\n", "x")
	wantData(t, "a name counts as it stands: Data is not data, and neither is a name with a space in front",
		"data: x\n\nData: y\n\n data: z\n\n", "x")
}

// The last event ID is what a browser sends when it reconnects, to be told what
// it has missed. It stays until another id comes: also for events that have none.
// Hint: field sets d.id, dispatch copies it to d.lastID. Nobody empties d.id but an id field with no value.
func TestTheLastEventIDStaysUntilChanged(t *testing.T) {
	defer step.Begin(t)()
	wantLastID(t, "an id field sets the last event ID: without it, a browser that reconnects starts from the beginning",
		"id: 5\ndata: a\n\n", "5")
	wantLastID(t, "an event without an id changes nothing: a browser that reconnects asks for what came after 5",
		"id: 5\ndata: a\n\ndata: b\n\n", "5")
	wantEach(t, "each event carries the last event ID as it stands then, its own or an earlier one",
		"id: 5\ndata: a\n\ndata: b\n\n", idOf, `"5"`, `"5"`)
	wantLastID(t, "an event without data is not shown, but its id counts",
		"id: 5\n\n", "5")
	wantLastID(t, "an id field with no value is how a server says: forget it",
		"id: 5\ndata: a\n\nid\ndata: b\n\n", "")
	wantLastID(t, "a browser ignores an id with a NUL in it, since no header can carry that",
		"id: 5\ndata: a\n\nid: 6\x00\nid: \x007\ndata: b\n\n", "5")
}

// The reconnection time is a number of milliseconds in ASCII digits. Anything
// else a browser ignores, and keeps the time that it has.
// Hint: strconv.ParseUint takes no sign. See to it that the milliseconds fit into a time.Duration.
func TestTheReconnectionTimeIsDigitsOnly(t *testing.T) {
	defer step.Begin(t)()
	wantRetry(t, "a retry field sets the reconnection time, in milliseconds",
		"retry: 3000\n\n", 3*time.Second)
	wantLastID(t, "the reconnection time is not an id: a browser that reconnects asks for what came after 7",
		"id: 7\nretry: 3000\ndata: x\n\n", "7")
	wantRetry(t, "a time.Duration has room for this many milliseconds, and a browser takes them too",
		"retry: 9223372036854\n\n", 9223372036854*time.Millisecond)
	for _, value := range []string{"", "-1", "+1", "1e3", "1.5", "1s", "0x10", "٣", "9223372036854775807", "99999999999999999999"} {
		wantRetry(t, fmt.Sprintf("%q is not digits only, or too long: a browser keeps the 3 s that it has", value),
			"retry: 3000\nretry: "+value+"\n\n", 3*time.Second)
	}
}

// When a connection breaks, what came of the last event may be half of it. A
// browser drops that: the server sends it again after the reconnect.
// Hint: at the end, readLine returns an empty line and an error. Look at the error first.
func TestAnUnfinishedEventIsDropped(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "the stream ended before the blank line: a browser drops what may be half a message",
		"data: whole\n\ndata: {\"a\":\n", "whole")
	wantLastID(t, "the event with id 6 never came to its end: a browser that reconnects asks for what came after 5",
		"id: 5\ndata: a\n\nid: 6\ndata: b\n", "5")

	broken := errors.New("the connection broke")
	breaks := func() io.Reader {
		return io.MultiReader(strings.NewReader("data: whole\n\ndata: half\n"), iotest.ErrReader(broken))
	}
	got := read(t, breaks())
	step.Equal(t, "the connection broke within the second event: a browser has shown the first by then, and drops the half of the other",
		list{`"whole"`}, got.list(payload))
	if !errors.Is(got.err, broken) {
		step.Fail(t, "an error of the reader comes back as it is: whoever reconnects wants to know why",
			fmt.Sprintf("got  %v", got.err), fmt.Sprintf("want %v", broken))
	}

	step.Equal(t, "a loop over Events sees the same, then the error, and ends", list{`"whole"`, broken.Error()}, loop(breaks()))
	step.Equal(t, "io.EOF is how a stream ends, and a loop over Events ends with it", list{`"a"`}, loop(strings.NewReader("data: a\n\n")))
	step.Equal(t, "whoever leaves a loop over Events gets no event more", list{`"a"`, `"b"`, `"c"`},
		loop(strings.NewReader("data: a\n\ndata: b\n\ndata: c\n\ndata: d\n\n")))
}

// Part 2, how the bytes come.

// A line ends at LF, at CRLF or at CR, and one stream may mix them.
// Hint: bytes.IndexAny(b, "\r\n") finds an end. After a CR, an LF belongs to the same end.
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
}

// A quiet connection may stay quiet for an hour. A browser shows an event when
// its blank line is there, and so it cannot ask what comes after a CR.
// Hint: when the line is whole, return it. Look for an LF behind the CR only in what is there (d.in.Buffered), or later.
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
}

// The network cuts the bytes where it likes, also between a CR and its LF. The
// events are the same for every cut.
// Hint: remember in d.afterCR that a line ended with CR. If the next byte to be read is LF, skip it.
func TestEveryCutOfTheBytesReadsTheSame(t *testing.T) {
	defer step.Begin(t)()
	wire := "id: 7\r\ndata: a\r\ndata: ä\r\n\r\nevent: e\rdata: c\r\rdata: d\n\n"
	want := reading{events: []framing.Event{
		{ID: "7", Type: "message", Data: "a\nä"}, {ID: "7", Type: "e", Data: "c"}, {ID: "7", Type: "message", Data: "d"},
	}, lastID: "7", err: io.EOF}
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

// An event stream is UTF-8. A byte order mark may come first, and is no part of
// the first field. What is not UTF-8 becomes U+FFFD, the replacement character.
// Hint: take d.bom off the first line and set it to nil. validUTF8 does the rest, for the data, the type and the id.
func TestTheStreamIsUTF8(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "a byte order mark at the start is no part of the first field's name",
		"\uFEFFdata: x\n\n", "x")
	wantData(t, "one byte order mark is dropped: with the second, the field has a name that no browser knows",
		"\uFEFF\uFEFFdata: x\n\ndata: y\n\n", "y")
	wantData(t, "later in the stream U+FEFF is a character like others: with it, the field has a name that no browser knows",
		"data: x\n\n\uFEFFdata: y\n\n", "x")
	wantData(t, "a byte that is not UTF-8 is shown as U+FFFD, two of them as two",
		"data: a\xffb\xff\xff\n\n", "a\uFFFDb\uFFFD\uFFFD")
	wantData(t, "a character that was cut short is shown as one U+FFFD",
		"data: \xe2\x82\n\n", "\uFFFD")
	wantEach(t, "a type is text too, with U+FFFD for what is not UTF-8",
		"event: \xff\ndata: x\n\n", typeOf, "\"\uFFFD\"")
	wantLastID(t, "an id is text too, with U+FFFD for what is not UTF-8",
		"id: \xff\ndata: x\n\n", "\uFFFD")
}

// A browser has no limit for a line but its memory; a server needs one, and one
// that real events do not meet.
// Hint: before you keep more of a line, see if it and d.data are still within d.MaxEventSize.
func TestALongLineIsReadAndAnEndlessOneIsRefused(t *testing.T) {
	defer step.Begin(t)()
	wantLong(t, "a line of 64 KiB and one byte is a good line, and it was not read", 64<<10+1)
	wantLong(t, "a line of 4 MiB is within the limit, and it was not read", 4<<20)
	wantMany(t, "the limit is for one event: a stream may go on for days", "data: "+strings.Repeat("x", 1000)+"\n\n", 100)
	wantMany(t, "comments are no event: a quiet stream may send them for days", ": "+strings.Repeat("x", 1000)+"\n", 0)
	wantTooLarge(t, "a line without an end fills the memory of whoever keeps it", strings.Repeat("x", 1000))
	wantTooLarge(t, "an event without an end fills the memory of whoever keeps it", "data: "+strings.Repeat("x", 1000)+"\n")
}

// Part 3, the connection.

// A browser takes status 200 with text/event-stream, and gives up for good on
// anything else. A login page is no event stream, and will never give an event.
// Hint: mime.ParseMediaType splits the charset off, in lower case. Close the body of what you refuse.
func TestConnectTakesNothingButAnEventStream(t *testing.T) {
	defer step.Begin(t)()
	wantTaken(t, "text/event-stream")
	wantTaken(t, "text/event-stream; charset=utf-8")
	wantTaken(t, "Text/Event-Stream")
	wantRefusal(t, "a login page is no event stream: a decoder for it would never give an event", 200, "text/html; charset=utf-8")
	wantRefusal(t, "a type that only begins like it is no event stream", 200, "text/event-stream-not")
	wantRefusal(t, "204 is how a server tells a browser not to come back", 204, "text/event-stream")
	wantRefusal(t, "an error is no event stream, whatever its content type says", 500, "text/event-stream")

	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := connect(gone, t, &answer{}); !errors.Is(err, context.Canceled) {
		step.Fail(t, "the request was cancelled, and Connect does not say so", fmt.Sprintf("got  %v", err), "want an error that wraps context canceled")
	}

	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://sse.test/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, accept := range []string{"", "text/event-stream, application/problem+json"} {
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		a := &answer{status: http.StatusOK, contentType: "text/event-stream"}
		if source, err := parsing.Connect(&http.Client{Transport: a}, r); err == nil {
			source.Close()
		}
		step.Equal(t, "the request is its caller's, who may send it again: its Accept header after Connect", accept, r.Header.Get("Accept"))
		step.Equal(t, "a request with an Accept header of its own knows what it asks for: what was sent", cmp.Or(accept, "text/event-stream"), a.accept)
	}
}

// Whatever the bytes are, and wherever they are cut, the events are the same.
// Hint: run it with -fuzz . and keep what it finds; each finding is one more case for you to read.
func FuzzEveryCutGivesTheSameEvents(f *testing.F) {
	defer step.Begin(f)()
	wantData(f, "the bytes that the fuzzing starts from have events", "\uFEFFdata: a\r\n\r\ndata: b\r\r", "a", "b")
	f.Add("\uFEFFdata: a\r\n\r\ndata: b\r\r", uint(2))
	f.Add("id: 5\r\ndata: a\r\ndata: \xe2\x82\xac\r\n\r\n", uint(6))
	f.Add("\uFEFF\r\nevent: e\n\rretry: 10\r\r\ndata", uint(4))
	f.Fuzz(func(t *testing.T, wire string, at uint) {
		defer step.Begin(t)()
		whole := read(t, strings.NewReader(wire))
		at %= uint(len(wire)) + 1
		step.Equal(t, "in two pieces the same bytes are other events"+wireLine(wire[:at], wire[at:]), whole, read(t, cut(wire, int(at))))
		step.Equal(t, "one at a time the same bytes are other events"+wireLine(wire), whole, read(t, iotest.OneByteReader(strings.NewReader(wire))))
	})
}

// list is what a failure shows of some events.
type list []string

func (l list) String() string {
	if len(l) == 0 {
		return "no event"
	}
	return strings.Join(l, ", ")
}

// These say what to show of an event.
func payload(e framing.Event) string { return strconv.Quote(e.Data) }
func typed(e framing.Event) string   { return e.Type + " " + strconv.Quote(e.Data) }
func typeOf(e framing.Event) string  { return strconv.Quote(e.Type) }
func idOf(e framing.Event) string    { return strconv.Quote(e.ID) }

// A reading is what a decoder made of a stream.
type reading struct {
	events []framing.Event
	lastID string
	retry  time.Duration
	err    error // what ended it
}

func (r reading) list(show func(framing.Event) string) list {
	l := list{}
	for _, e := range r.events {
		l = append(l, show(e))
	}
	return l
}

func (r reading) String() string {
	return fmt.Sprintf("%v; last event ID %q, reconnection time %v, then %v", r.list(typed), r.lastID, r.retry, r.err)
}

// read decodes what r gives, to its end.
func read(tb testing.TB, r io.Reader) reading {
	tb.Helper()
	d := parsing.NewDecoder(r)
	got := reading{}
	for got.err == nil {
		var event framing.Event
		if event, got.err = d.Decode(); got.err == nil {
			got.events = append(got.events, event)
		}
		if len(got.events) > 1<<20 {
			step.Fail(tb, "the stream has ended long ago, and Decode gives one event after another")
		}
	}
	got.lastID, got.retry = d.LastEventID(), d.ReconnectionTime()
	return got
}

// loop returns what a loop over Events sees that is left after three turns.
func loop(r io.Reader) list {
	l := list{}
	for event, err := range parsing.NewDecoder(r).Events() {
		if err != nil {
			l = append(l, err.Error())
		} else {
			l = append(l, payload(event))
		}
		if len(l) == 3 {
			break
		}
	}
	return l
}

// readWire decodes bytes that end as they should.
func readWire(tb testing.TB, wire string) reading {
	tb.Helper()
	got := read(tb, strings.NewReader(wire))
	if got.err != io.EOF {
		step.Fail(tb, "the stream ended, and Decode did not say io.EOF, as readers do"+wireLine(wire), fmt.Sprintf("got  %v", got.err))
	}
	return got
}

func wantData(tb testing.TB, sentence, wire string, want ...string) {
	tb.Helper()
	for i := range want {
		want[i] = strconv.Quote(want[i])
	}
	wantEach(tb, sentence, wire, payload, want...)
}

func wantTypes(tb testing.TB, sentence, wire string, want ...string) {
	tb.Helper()
	wantEach(tb, sentence, wire, typed, want...)
}

func wantEach(tb testing.TB, sentence, wire string, show func(framing.Event) string, want ...string) {
	tb.Helper()
	step.Equal(tb, sentence+wireLine(wire), append(list{}, want...), readWire(tb, wire).list(show))
}

func wantLastID(tb testing.TB, sentence, wire, want string) {
	tb.Helper()
	step.Equal(tb, sentence+wireLine(wire), want, readWire(tb, wire).lastID)
}

func wantRetry(tb testing.TB, sentence, wire string, want time.Duration) {
	tb.Helper()
	step.Equal(tb, sentence+wireLine(wire), want, readWire(tb, wire).retry)
}

// wireLine shows what was read, with a bar where it was cut.
func wireLine(parts ...string) string {
	line := "\nwire "
	for i, part := range parts {
		if i > 0 {
			line += " | "
		}
		line += strconv.Quote(part)
	}
	return line
}

// cut gives the bytes of wire in two reads.
func cut(wire string, at int) io.Reader {
	return io.MultiReader(strings.NewReader(wire[:at]), strings.NewReader(wire[at:]))
}

// whileOpen sends wire down a connection that then is quiet, and returns the
// events that came of it before anything else happened.
func whileOpen(t *testing.T, wire string) list {
	t.Helper()
	var now reading
	step.Bubble(t, func(t *testing.T) {
		r, w := io.Pipe()
		var got reading
		var both sync.WaitGroup // both end when w is closed
		both.Go(func() { io.WriteString(w, wire) })
		both.Go(func() {
			d := parsing.NewDecoder(r)
			for event, err := d.Decode(); err == nil && len(got.events) < 10; event, err = d.Decode() {
				got.events = append(got.events, event)
			}
			r.Close()
		})
		synctest.Wait() // nobody can go on: the next byte would have to come
		now = got
		w.Close()
		both.Wait()
	})
	return now.list(payload)
}

// wantLong reads a line of so many bytes that comes in pieces of 1 KiB. Whoever
// copies the line with each piece needs a thousand times its memory in the end;
// whoever searches it again and again meets the step's watchdog.
func wantLong(t *testing.T, sentence string, size int) {
	t.Helper()
	defer step.Waiting(t, func() (string, []string) {
		return "a long line came in pieces, and Decode is still at it: does it go through the whole line again with each piece?",
			[]string{fmt.Sprintf("sent %d bytes, 1 KiB at a time", size)}
	})()
	wire := "data: " + strings.Repeat("x", size) + "\n\n"
	before := allocated()
	got := read(t, pieces{strings.NewReader(wire)})
	used := allocated() - before
	if len(got.events) != 1 || len(got.events[0].Data) != size || got.err != io.EOF {
		step.Fail(t, sentence, fmt.Sprintf("got  %d events, then %v", len(got.events), got.err),
			fmt.Sprintf("want 1 event of %d bytes, then %v", size, io.EOF))
	}
	if used > 64*uint64(size) {
		step.Fail(t, "a long line came in pieces, and was copied again with each of them",
			fmt.Sprintf("sent %d KiB, 1 KiB at a time", size>>10), fmt.Sprintf("used %d KiB of memory in turn", used>>10))
	}
}

// allocated counts the bytes that were allocated since the program began.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// pieces come as over a network, 1 KiB at a time.
type pieces struct{ io.Reader }

func (p pieces) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(len(b), 1<<10)]) }

// wantMany reads a stream that is larger than MaxEventSize, though none of its
// hundred parts is.
func wantMany(t *testing.T, sentence, part string, events int) {
	t.Helper()
	d := parsing.NewDecoder(strings.NewReader(strings.Repeat(part, 100)))
	d.MaxEventSize = 64 << 10
	got := 0
	_, err := d.Decode()
	for ; err == nil; _, err = d.Decode() {
		got++
	}
	step.Equal(t, sentence, fmt.Sprintf("%d events, then EOF", events), fmt.Sprintf("%d events, then %v", got, err))
}

// wantTooLarge reads from a peer that sends text again and again.
func wantTooLarge(t *testing.T, sentence, text string) {
	t.Helper()
	const limit = 1 << 20
	peer := &endless{text: text}
	d := parsing.NewDecoder(peer)
	d.MaxEventSize = limit
	_, err := d.Decode()
	if !errors.Is(err, parsing.ErrEventTooLarge) || peer.sent > 3*limit {
		step.Fail(t, sentence, fmt.Sprintf("got  %v, after %d KiB", err, peer.sent>>10),
			fmt.Sprintf("want %v, after %d KiB", parsing.ErrEventTooLarge, limit>>10))
	}
}

// An endless peer sends text again and again. It ends after all: your memory
// may be smaller than its patience.
type endless struct {
	text string
	sent int
}

func (e *endless) Read(b []byte) (int, error) {
	if e.sent > 16<<20 {
		return 0, io.EOF
	}
	n := copy(b, e.text[e.sent%len(e.text):])
	e.sent += n
	return n, nil
}

// An answer is what a server gives to every request: one event, and a status and
// a content type that may or may not promise it.
type answer struct {
	status      int
	contentType string

	accept string // what the request asked for
	open   bool   // whether the body is still to be closed
}

func (a *answer) String() string {
	return fmt.Sprintf("sent %d, Content-Type %q", a.status, a.contentType)
}

// RoundTrip is in the place of the network.
func (a *answer) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	a.accept, a.open = r.Header.Get("Accept"), true
	header := http.Header{"Content-Type": {a.contentType}}
	return &http.Response{StatusCode: a.status, Header: header, Body: body{strings.NewReader("data: hello\n\n"), a}, Request: r}, nil
}

type body struct {
	io.Reader
	of *answer
}

func (b body) Read(p []byte) (int, error) {
	if !b.of.open {
		return 0, http.ErrBodyReadAfterClose
	}
	return b.Reader.Read(p)
}

func (b body) Close() error {
	b.of.open = false
	return nil
}

// connect sends a request to a server that gives this answer.
func connect(ctx context.Context, t *testing.T, a *answer) (*parsing.Source, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", "http://sse.test/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	return parsing.Connect(&http.Client{Transport: a}, r)
}

func wantTaken(t *testing.T, contentType string) {
	t.Helper()
	a := &answer{status: http.StatusOK, contentType: contentType}
	source, err := connect(t.Context(), t, a)
	if err != nil || source == nil || source.Decoder == nil {
		step.Fail(t, "this is an event stream, and Connect gave no decoder for it", a.String(), fmt.Sprintf("got  %v", err))
	}
	event, err := source.Decode()
	step.Equal(t, "the stream has one event: a browser shows hello\n"+a.String(), "hello, <nil>", fmt.Sprintf("%v, %v", event.Data, err))
	step.Equal(t, "ask for text/event-stream, as a browser does: some servers have JSON for those who do not", "Accept: text/event-stream", "Accept: "+a.accept)
	source.Close()
	if a.open {
		step.Fail(t, "after Close the response's body is still open: the connection stays for ever", a.String())
	}
}

func wantRefusal(t *testing.T, sentence string, status int, contentType string) {
	t.Helper()
	a := &answer{status: status, contentType: contentType}
	_, err := connect(t.Context(), t, a)
	refusal, ok := errors.AsType[*parsing.ResponseError](err)
	if !ok {
		step.Fail(t, sentence, a.String(), fmt.Sprintf("got  %v", err), "want a *ResponseError")
	}
	step.Equal(t, "the error has the status: by it a client decides whether to come back", status, refusal.StatusCode)
	says := contentType
	if status != http.StatusOK {
		says = strconv.Itoa(status)
	}
	if !strings.Contains(err.Error(), says) {
		step.Fail(t, "whoever reads the log wants to know what came instead of an event stream", "got  "+err.Error(), "want something with "+says)
	}
	if a.open {
		step.Fail(t, "the response was refused, and its body is still open: the connection stays for ever", a.String())
	}
}
