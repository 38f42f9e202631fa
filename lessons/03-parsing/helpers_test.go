package parsing_test

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

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
func full(e framing.Event) string    { return fmt.Sprintf("%s %q with id %q", e.Type, e.Data, e.ID) }
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
	return fmt.Sprintf("%v; last event ID %q, reconnection time %s, then %v", r.list(full), r.lastID, r.retry, r.err)
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
		step.Fail(tb, "Decode returned an error that the reader did not return: at the end of the stream it must return io.EOF"+wireLine(wire),
			fmt.Sprintf("got  %v", got.err))
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

// wantIDs reads a stream, and looks at the last event ID after each event and at the
// end.
func wantIDs(tb testing.TB, sentence, wire string, want ...string) {
	tb.Helper()
	d := parsing.NewDecoder(strings.NewReader(wire))
	got := list{}
	event, err := d.Decode()
	for ; err == nil && len(got) < len(want); event, err = d.Decode() {
		got = append(got, d.LastEventID()+" "+payload(event))
	}
	step.Equal(tb, sentence+wireLine(wire), append(list{}, want...), append(got, fmt.Sprint(d.LastEventID(), " ", err)))
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
