package parsing_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/lessons/03-parsing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

func TestMain(m *testing.M) { step.Main(m) }

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
func retryOf(e framing.Event) string { return e.Retry.String() }

// A reading is what a decoder made of a stream.
type reading struct {
	events []framing.Event
	lastID string
	retry  string // what ReconnectionTime returned
	err    error  // what ended it
}

func (r reading) list(show func(framing.Event) string) list {
	l := list{}
	for _, e := range r.events {
		l = append(l, show(e))
	}
	return l
}

func (r reading) String() string {
	return fmt.Sprintf("%v; last event ID %q, reconnection time %s, then %v", r.list(typed), r.lastID, r.retry, r.err)
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
			step.Fail(tb, "the stream ended long ago, and Decode still returns one event after another")
		}
	}
	wait, said := d.ReconnectionTime()
	got.lastID, got.retry = d.LastEventID(), fmt.Sprintf("%v, %v", wait, said)
	return got
}

// loop returns what a loop over Events sees that ends after three turns.
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
		step.Fail(tb, "all bytes were read, but Decode returned an error other than io.EOF"+wireLine(wire), fmt.Sprintf("got  %v", got.err))
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

// wantRetry reads a stream after which ReconnectionTime returns want.
func wantRetry(tb testing.TB, sentence, wire, want string) {
	tb.Helper()
	step.Equal(tb, sentence+wireLine(wire), want, readWire(tb, wire).retry)
}

// wantResumed reads what comes after a reconnect with Last-Event-ID 5: the IDs of
// the events, and what a client would reconnect with after them.
func wantResumed(tb testing.TB, sentence, wire, want string) {
	tb.Helper()
	d := parsing.NewDecoder(strings.NewReader(wire))
	d.SetLastEventID("5")
	var ids []string
	for _, event := range step.Values(d.Events()) {
		ids = append(ids, idOf(event))
	}
	got := fmt.Sprintf("%s, then LastEventID() is %q", cmp.Or(strings.Join(ids, " "), "no event"), d.LastEventID())
	step.Equal(tb, sentence+wireLine(wire), want, got)
}

// logged returns a decoder that writes down the comments, and a function that
// writes down events beside them.
func logged(r io.Reader) (d *parsing.Decoder, l *list, decode func() error) {
	d, l = parsing.NewDecoder(r), &list{}
	d.OnComment = func(text string) { *l = append(*l, "comment "+strconv.Quote(text)) }
	return d, l, func() error {
		event, err := d.Decode()
		if err == nil {
			*l = append(*l, "event "+payload(event))
		}
		return err
	}
}

// wantLog reads a stream with comments, and wants them and the events in order.
func wantLog(tb testing.TB, sentence, wire string, want ...string) {
	tb.Helper()
	_, got, decode := logged(strings.NewReader(wire))
	for decode() == nil && len(*got) < 100 {
	}
	step.Equal(tb, sentence+wireLine(wire), append(list{}, want...), *got)
}

// wantCommentsFree compares comments without OnComment with lines that have an
// unknown field: both are skipped, so that neither should cost more.
func wantCommentsFree(t *testing.T) {
	t.Helper()
	const lines = 1000
	allocs := func(line string) float64 {
		wire := strings.Repeat(line, lines) + "data: x\n\n"
		return testing.AllocsPerRun(5, func() { parsing.NewDecoder(strings.NewReader(wire)).Decode() })
	}
	rest := strings.Repeat("x", 100) + "\n"
	comments, unknown := allocs(": "+rest), allocs("x: "+rest)
	if comments > unknown+lines/10 {
		step.Fail(t, "OnComment is nil, and comments cost memory all the same: they must not cost more than an unknown field does",
			fmt.Sprintf("got  %.0f allocations for %d comments", comments, lines), fmt.Sprintf("want %.0f, as for %d unknown fields", unknown, lines))
	}
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
// events and comments that came of it before anything else happened.
func whileOpen(t *testing.T, wire string) list {
	t.Helper()
	var now list
	step.Bubble(t, func(t *testing.T) {
		r, w := io.Pipe()
		_, got, decode := logged(r)
		var both sync.WaitGroup // both end when w is closed
		both.Go(func() { io.WriteString(w, wire) })
		both.Go(func() {
			for decode() == nil && len(*got) < 10 {
			}
			r.Close()
		})
		synctest.Wait() // neither can go on: the next byte would have to come
		now = slices.Clone(*got)
		w.Close()
		both.Wait()
	})
	var events list
	for _, entry := range now {
		events = append(events, strings.TrimPrefix(entry, "event "))
	}
	return events
}

// wantLong reads a line of so many bytes that comes in pieces of 1 KiB. A decoder
// that copies the line with each piece needs a thousand times its memory in the
// end; one that searches it again and again meets the step's watchdog.
func wantLong(t *testing.T, sentence string, limit, size int) {
	t.Helper()
	defer step.OnHang(t, func() (string, []string) {
		return "a long line came in pieces, and Decode has not returned: does it go through the whole line again with each piece?",
			[]string{fmt.Sprintf("sent %d bytes, 1 KiB at a time", size)}
	})()
	wire := "data: " + strings.Repeat("x", size-len("data: ")) + "\n\n"
	d := parsing.NewDecoder(pieces{strings.NewReader(wire)})
	d.MaxEventSize = limit
	before := allocated()
	event, err := d.Decode()
	used := allocated() - before
	if want := size - len("data: "); len(event.Data) != want || err != nil {
		step.Fail(t, sentence, fmt.Sprintf("got  an event of %d bytes, %v", len(event.Data), err),
			fmt.Sprintf("want an event of %d bytes, %v", want, error(nil)))
	}
	if used > 64*uint64(size) {
		step.Fail(t, "a long line came in pieces, and Decode copied it again with each of them",
			fmt.Sprintf("sent %d KiB, 1 KiB at a time", size>>10), fmt.Sprintf("used %d KiB of memory in turn", used>>10))
	}
}

// wantManyLines reads an event of so many lines. A decoder that copies the event
// with each of them needs a thousand times its memory in the end.
func wantManyLines(t *testing.T, lines int) {
	t.Helper()
	wire := strings.Repeat("data: "+strings.Repeat("x", 25)+"\n", lines) + "\n"
	before := allocated()
	read(t, strings.NewReader(wire))
	if used := allocated() - before; used > 64*uint64(len(wire)) {
		step.Fail(t, "an event came in many lines, and the whole event was copied again with each of them",
			fmt.Sprintf("sent %d KiB in %d lines", len(wire)>>10, lines), fmt.Sprintf("used %d KiB of memory in turn", used>>10))
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

// An endless peer sends text again and again. It ends after size bytes after all:
// your memory may be smaller than its patience.
type endless struct {
	text       string
	size, sent int
}

func (e *endless) Read(b []byte) (int, error) {
	if e.sent > e.size {
		return 0, io.EOF
	}
	n := copy(b, e.text[e.sent%len(e.text):])
	e.sent += n
	return n, nil
}
