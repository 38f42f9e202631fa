package parsing_test

import (
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
	"testing/synctest"
	"time"

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
