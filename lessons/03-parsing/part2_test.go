package parsing_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/lessons/03-parsing"
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

// The network cuts the bytes where it likes, also between a CR and its LF, and a
// quiet connection may stay quiet for an hour. The events are the same for every cut,
// and a browser shows an event as soon as its blank line is there: it cannot wait for
// what comes after a CR.
func TestNeitherACutNorAPauseChangesWhatIsRead(t *testing.T) {
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
	step.Equal(t, "the second Read returned no byte and no error, which is not the end, and the events are not the same"+wireLine(wire[:9], wire[9:]),
		want, read(t, io.MultiReader(strings.NewReader(wire[:9]), &pause{}, strings.NewReader(wire[9:]))))

	for _, wire := range []string{"data: now\n\n", "data: now\r\n\r\n"} {
		wantAtOnce(t, "the blank line was sent, the connection is quiet, and Decode still waits: for a full buffer, or the end?", wire, `"now"`)
	}
	for _, wire := range []string{"data: now\r\r", "data: now\r\n\r"} {
		wantAtOnce(t, "the blank line was sent, the connection is quiet, and Decode still waits: for the byte after the CR?", wire, `"now"`)
	}
	for _, wire := range []string{"data: a\n\ndata: b\n\n", "data: a\r\n\r\ndata: b\r\n\r\n"} {
		wantAtOnce(t, "two events were sent, the connection is quiet, and Decode still waits", wire, `"a"`, `"b"`)
	}
	for _, wire := range []string{": ping\n", ": ping\r\n", ": ping\r"} {
		wantAtOnce(t, "a comment was sent, the connection is quiet, and OnComment was not called: a comment counts as soon as its line ends",
			wire, `comment "ping"`)
	}
	wantAtOnce(t, "a comment of one byte was sent, the connection is quiet, and OnComment was not called: is there a wait for a byte order mark?",
		":\n", `comment ""`)
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
	const zero = "MaxEventSize is 0, which means DefaultMaxEventSize: "
	wantSize(t, zero+"a line of 64 KiB and one byte is within that", 0, 1, 64<<10+1, nil)
	wantSize(t, zero+"a line of 1 MiB is within that", 0, 1, 1<<20, nil)
	wantSize(t, "MaxEventSize is negative, which means no limit: a line of 64 KiB is read too", -1, 1, 64<<10, nil)
	wantSize(t, "MaxEventSize is 10,000, and an event has 5,000 bytes: it is within that", 10_000, 5, 1000, nil)

	wantLinear(t, "a long line came in pieces of 1 KiB, and a longer one took far more memory than its share: is the line copied again with each piece?", func(size int) io.Reader {
		return pieces{strings.NewReader("data: " + strings.Repeat("x", size) + "\n\n")}
	})
	wantLinear(t, "an event came in many lines, and a longer one took far more memory than its share: is the event copied again with each line?", func(size int) io.Reader {
		return strings.NewReader(strings.Repeat("data: "+strings.Repeat("x", 249)+"\n", size/256) + "\n")
	})
	wantMany(t, "MaxEventSize counts for each event: a stream may go on for days", "data: "+strings.Repeat("x", 1000)+"\n\n", 100)
	wantMany(t, "comments belong to no event: a quiet stream may send them for days", ": "+strings.Repeat("x", 1000)+"\n", 0)
	wantForgotten(t)

	line := "data: " + strings.Repeat("x", 1000)
	wantTooLarge(t, "a line without an end fills the memory of a decoder that keeps it", 1<<20, line)
	wantTooLarge(t, "an event without an end fills the memory of a decoder that keeps it", 1<<20, line+"\n")
	wantTooLarge(t, zero+"a larger event must be refused", 0, line+"\n")
	wantSize(t, "MaxEventSize is 500, and a line has 1,000 bytes: it must be refused", 500, 1, 1000, parsing.ErrEventTooLarge)
	wantSize(t, "MaxEventSize is 2,000, and an event has five lines of 1,000 bytes: it must be refused", 2000, 5, 1000, parsing.ErrEventTooLarge)
}

// wantAtOnce sends wire down a connection that then is quiet, and wants these events and
// comments before anything else happens. The sentence is for when none came.
func wantAtOnce(t *testing.T, sentence, wire string, want ...string) {
	t.Helper()
	got := whileOpen(t, wire)
	if len(got) > 0 {
		sentence = "the bytes were sent, and the connection is quiet: a browser acts on them at once"
	}
	step.Equal(t, sentence+wireLine(wire), append(list{}, want...), got)
}

// whileOpen sends wire down a connection that then is quiet, and returns the
// events and comments that came of it before anything else happened.
func whileOpen(t *testing.T, wire string) (now list) {
	t.Helper()
	step.Bubble(t, func(t *testing.T) {
		r, w := io.Pipe()
		_, got, decode := logged(r)
		var both sync.WaitGroup // both end when w is closed
		both.Go(func() { io.WriteString(w, wire) })
		both.Go(func() {
			err := decode()
			for err == nil && len(*got) < 10 {
				err = decode()
			}
			*got = append(*got, fmt.Sprint("then ", err))
			r.Close()
		})
		synctest.Wait() // neither can go on: the next byte would have to come
		for _, entry := range *got {
			now = append(now, strings.TrimPrefix(entry, "event "))
		}
		w.Close()
		both.Wait()
	})
	return now
}

// A pause is a Read that returns nothing, as a reader may that has nothing yet.
type pause struct{ over bool }

func (p *pause) Read([]byte) (int, error) {
	if p.over {
		return 0, io.EOF
	}
	p.over = true
	return 0, nil
}

// wantSize reads an event of so many lines, of so many bytes each, and wants it to be
// read or this error.
func wantSize(t *testing.T, sentence string, limit, lines, size int, want error) {
	t.Helper()
	line := "data: " + strings.Repeat("x", size-len("data: ")) + "\n"
	d := parsing.NewDecoder(strings.NewReader(strings.Repeat(line, lines) + "\n"))
	d.MaxEventSize = limit
	event, err := d.Decode()
	shown := fmt.Sprintf("got  an event with %d bytes of data, %v", len(event.Data), err)
	switch data := lines*(len(line)-len("data: ")) - len("\n"); {
	case want == nil && (err != nil || len(event.Data) != data):
		step.Fail(t, sentence, shown, fmt.Sprintf("want an event with %d bytes of data, %v", data, error(nil)))
	case !errors.Is(err, want):
		step.Fail(t, sentence, shown, fmt.Sprintf("want an error that wraps %q", want))
	}
	if _, again := d.Decode(); !errors.Is(again, want) && want != nil {
		step.Fail(t, "an event was too large: Decode must return that error each time after that, and not read on",
			fmt.Sprintf("got  %v", again), fmt.Sprintf("want %v", err))
	}
}

// wantLinear reads a stream that came in two sizes, one of which is eight times the
// other. The larger one takes some eight times the memory of the smaller one, and some
// 64 times if what is there already is copied again with each piece.
func wantLinear(t *testing.T, sentence string, stream func(size int) io.Reader) {
	t.Helper()
	used := func(size int) (least uint64) {
		least = math.MaxUint64
		for range 2 {
			r := stream(size)
			before := allocated()
			read(t, r)
			least = min(least, allocated()-before)
		}
		return least
	}
	const small, large = 32 << 10, 256 << 10
	if s, l := used(small), used(large); l > 24*s {
		step.Fail(t, sentence, fmt.Sprintf("used %d KiB of memory in turn for an event of %d KiB", s>>10, small>>10),
			fmt.Sprintf("used %d KiB of memory in turn for an event of %d KiB", l>>10, large>>10))
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

// wantForgotten reads many events that each have a type and an id of their own. What is
// kept of each of them adds up.
func wantForgotten(t *testing.T) {
	t.Helper()
	const events, most = 5000, 256 << 10
	n := 0
	d := parsing.NewDecoder(&frames{next: func() string {
		n++
		return fmt.Sprintf("event: %0100d\nid: %0100d\n: %0100d\ndata: x\n\n", n, n, n)
	}})
	decode := func(events int) (kept uint64) {
		for range events {
			if _, err := d.Decode(); err != nil {
				step.Fail(t, "the stream goes on, but Decode returned an error", fmt.Sprintf("got  %v, after %d events", err, n))
			}
		}
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := decode(100)
	if kept := decode(events); kept > before+most {
		step.Fail(t, "Decode returned many events, and the memory in use grew with them: a stream that goes on for days fills it",
			fmt.Sprintf("grew by %d KiB with %d events", (kept-before)>>10, events), fmt.Sprintf("want %d KiB at most", most>>10))
	}
	runtime.KeepAlive(d)
}

// frames gives one frame after the other, without end.
type frames struct {
	next func() string
	rest string // of the frame before
}

func (f *frames) Read(b []byte) (int, error) {
	if f.rest == "" {
		f.rest = f.next()
	}
	n := copy(b, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// wantTooLarge reads from a peer that sends text again and again. A limit of 0 is
// the default.
func wantTooLarge(t *testing.T, sentence string, limit int, text string) {
	t.Helper()
	atMost := cmp.Or(limit, parsing.DefaultMaxEventSize)
	peer := &endless{text: text, size: 4 * atMost}
	d := parsing.NewDecoder(peer)
	d.MaxEventSize = limit
	_, err := d.Decode()
	if !errors.Is(err, parsing.ErrEventTooLarge) || peer.sent > 3*atMost {
		step.Fail(t, sentence, fmt.Sprintf("got  %v, after %d KiB", err, peer.sent>>10),
			fmt.Sprintf("want %v, after %d KiB", parsing.ErrEventTooLarge, atMost>>10))
	}
}

// An endless peer sends text again and again, and as much of it as there is room for. It
// ends after size bytes after all: your memory may be smaller than its patience.
type endless struct {
	text       string
	size, sent int
}

func (e *endless) Read(b []byte) (n int, err error) {
	if e.sent > e.size {
		return 0, io.EOF
	}
	for n < len(b) {
		n += copy(b[n:], e.text[(e.sent+n)%len(e.text):])
	}
	e.sent += n
	return n, nil
}
