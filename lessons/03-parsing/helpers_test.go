package parsing_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/lessons/03-parsing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

func TestMain(m *testing.M) { step.Main(m) }

// list is some events, as a failure shows them.
type list []string

func (l list) String() string {
	if len(l) == 0 {
		return "no event"
	}
	return strings.Join(l, ", ")
}

// These functions select what to show of an event.
func payload(e framing.Event) string { return strconv.Quote(e.Data) }
func typed(e framing.Event) string   { return e.Type + " " + strconv.Quote(e.Data) }
func typeOf(e framing.Event) string  { return strconv.Quote(e.Type) }
func idOf(e framing.Event) string    { return strconv.Quote(e.ID) }
func full(e framing.Event) string    { return fmt.Sprintf("%s %q with id %q", e.Type, e.Data, e.ID) }
func retryOf(e framing.Event) string { return e.Retry.String() }

// A reading is what a decoder read in a stream.
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

// read decodes everything from r, to its end.
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
			step.Fail(tb, "the stream ended long ago, but Decode is still returning events")
		}
	}
	wait, said := d.ReconnectionTime()
	got.lastID, got.retry = d.LastEventID(), fmt.Sprintf("%v, %v", wait, said)
	return got
}

// loop returns what a loop over Events gets, and breaks off after three turns.
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

// readWire decodes bytes, and wants io.EOF at their end.
func readWire(tb testing.TB, wire string) reading {
	tb.Helper()
	got := read(tb, strings.NewReader(wire))
	if got.err != io.EOF {
		step.Fail(tb, "the reader's only error was io.EOF: Decode must return io.EOF at the end of the stream, and no other error"+wireLine(wire),
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
	got := readWire(tb, wire)
	if shown := got.list(show); len(shown) > len(want) && slices.Equal(shown[:len(want)], want) && got.events[len(want)].Data == "" {
		sentence = "Decode returned an extra event without data: a blank line alone is not an event, and neither is the end of the stream"
	}
	step.Equal(tb, sentence+wireLine(wire), append(list{}, want...), got.list(show))
}

func wantLastID(tb testing.TB, sentence, wire, want string) {
	tb.Helper()
	step.Equal(tb, sentence+wireLine(wire), want, readWire(tb, wire).lastID)
}

// wantRetry reads a stream, and wants ReconnectionTime to return want after it.
func wantRetry(tb testing.TB, sentence, wire, want string) {
	tb.Helper()
	step.Equal(tb, sentence+wireLine(wire), want, readWire(tb, wire).retry)
}

// wantResumed reads a stream after a reconnect with Last-Event-ID 5. It compares the IDs
// of the events, and what the client would reconnect with after them.
func wantResumed(tb testing.TB, sentence, wire, want string) {
	tb.Helper()
	d := parsing.NewDecoder(strings.NewReader(wire))
	d.SetLastEventID("5")
	var ids []string
	for _, event := range step.Values(d.Events()) {
		ids = append(ids, idOf(event))
	}
	got := fmt.Sprintf("%s, then LastEventID() is %q", cmp.Or(strings.Join(ids, " "), "no event"), d.LastEventID())
	step.Equal(tb, sentence+wireLine(wire), list{want}, list{got})
}

// wantIDs reads a stream, and checks the last event ID after each event and at the end.
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

// logged returns a decoder that logs its comments, and a function that decodes an event
// and logs it too.
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

// wantCommentsFree compares comments, without OnComment, with lines that have an
// unknown field: both are skipped, so comments should not cost more.
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
		step.Fail(t, "OnComment is nil, but comments took more memory than unknown fields: they must take no more",
			fmt.Sprintf("got  %.0f allocations for %d comments", comments, lines), fmt.Sprintf("want %.0f, as for %d unknown fields", unknown, lines))
	}
}

// wantToldInTime sets OnComment after one event and takes it away after the next, and keeps
// what it gets while the stream goes on.
func wantToldInTime(t *testing.T) {
	t.Helper()
	texts, during := list{}, list{}
	d := parsing.NewDecoder(iotest.OneByteReader(strings.NewReader(": no\ndata: a\n\n: one\nid: 5\nretry: 10\n: two\ndata: b\n\n: no\ndata: c\n\n")))
	tell := func(text string) {
		texts = append(texts, text)
		wait, said := d.ReconnectionTime()
		during = append(during, fmt.Sprintf("ID %q, time %v %v", d.LastEventID(), wait, said))
	}
	for i := range 3 {
		if d.OnComment = nil; i == 1 {
			d.OnComment = tell
		}
		d.Decode()
	}
	step.Equal(t, "OnComment was set only for the second of three calls to Decode: OnComment must get only the comments of that call, and their texts must not change later",
		list{"one", "two"}, texts)
	step.Equal(t, "OnComment called LastEventID() and ReconnectionTime() in the middle of an event: the retry field must have taken effect, because it does so at the end of its line, and the id field must not, because it does so at the blank line",
		list{`ID "", time 0s false`, `ID "", time 10ms true`}, during)

	var depths []int // how many calls deep OnComment is called
	d = parsing.NewDecoder(strings.NewReader(strings.Repeat(": ping\n\n", 200)))
	d.OnComment = func(string) { depths = append(depths, runtime.Callers(0, make([]uintptr, 1000))) }
	d.Decode()
	if last := len(depths) - 1; last > 0 && depths[last] > depths[0]+50 {
		step.Fail(t, "no event arrived, but the stack grew with each comment: Decode must loop, not recurse, because a quiet stream may last for days",
			fmt.Sprintf("got  %d calls deep at the first comment, and %d at the last of %d", depths[0], depths[last], last+1))
	}
}

// shown returns an error as a failure shows it. An interface that holds a nil pointer is
// not nil, but prints as if it were.
func shown(err error) string {
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Sprintf("a nil pointer of type %T: an error that holds one is not nil", err)
	}
	return fmt.Sprint(err)
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

// cut returns a reader that gives wire in two reads.
func cut(wire string, at int) io.Reader {
	return io.MultiReader(strings.NewReader(wire[:at]), strings.NewReader(wire[at:]))
}

// A pause is a Read that returns no bytes and no error, as a reader may if it has nothing yet.
type pause struct{ over bool }

func (p *pause) Read([]byte) (int, error) {
	if p.over {
		return 0, io.EOF
	}
	p.over = true
	return 0, nil
}

// frames returns one frame after another, forever.
type frames struct {
	next func() string
	rest string // of the current frame
}

func (f *frames) Read(b []byte) (int, error) {
	if f.rest == "" {
		f.rest = f.next()
	}
	n := copy(b, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// An answer is what a server sends for every request: perhaps redirects, then a header that
// may or may not announce an event stream, one event, and some megabytes of comments.
type answer struct {
	status                int
	contentType, encoding string
	redirects             []string // the addresses that the client is redirected to first
	forgets               bool     // whether the response's Request is nil
	fails                 error    // what RoundTrip returns in place of a response
	during                func()   // what to do while the request is under way, if not nil

	request *http.Request // the last request, its body, and how many came
	asked   string
	sent    int
	open    bool // whether the body is not closed yet
	reads   int  // how many times the body was read, and how many bytes that returned
	read    int
}

func (a *answer) String() string {
	line := fmt.Sprintf("the server sent %d, Content-Type %q", a.status, a.contentType)
	if a.encoding != "" {
		line += fmt.Sprintf(", Content-Encoding %q", a.encoding)
	}
	return line
}

// RoundTrip takes the place of the network.
func (a *answer) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body != nil {
		body, _ := io.ReadAll(r.Body)
		a.asked = string(body)
	}
	a.request = r.Clone(context.WithoutCancel(r.Context()))
	if a.sent++; a.fails != nil {
		return nil, a.fails
	}
	if a.during != nil {
		a.during()
	}
	if len(a.redirects) > 0 {
		to := a.redirects[0]
		a.redirects = a.redirects[1:]
		return &http.Response{StatusCode: http.StatusTemporaryRedirect, Header: http.Header{"Location": {to}}, Body: http.NoBody, Request: r}, nil
	}
	header := http.Header{"Retry-After": {"7"}}
	if a.contentType != "" {
		header.Set("Content-Type", a.contentType)
	}
	if a.encoding != "" {
		header.Set("Content-Encoding", a.encoding)
	}
	text := io.MultiReader(strings.NewReader("data: hello\n\n"), &endless{text: ": ping\n", size: 4 << 20})
	a.open, a.reads, a.read = true, 0, 0
	if a.forgets {
		r = nil
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: body{text, a}, Request: r}, nil
}

// allocated counts the bytes that were allocated since the program began.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// pieces returns at most 1 KiB for each Read, as a network might.
type pieces struct{ io.Reader }

func (p pieces) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(len(b), 1<<10)]) }

// An endless peer sends text again and again, as much as there is room for. In fact it
// stops after size bytes, because your memory may run out before its patience.
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
