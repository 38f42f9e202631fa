package parsing_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/lessons/03-parsing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 4, whatever comes. There is nothing new to write here.

// A stream may be quiet for a day, and has no time limit: it lasts until its request's
// context ends. A limit on the time that Connect takes must not limit the stream.
func TestTheStreamLastsAsLongAsItsContext(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		events := make(chan string, 2)
		source := live(t, ctx, events)
		defer source.Close()
		for _, want := range []string{"a", "b"} {
			step.Advance(24 * time.Hour)
			events <- want
			event, err := source.Decode()
			step.Equal(t, "the server sent an event after a day, and another a day later: the stream must last until the request's context ends",
				list{strconv.Quote(want) + ", <nil>"}, list{fmt.Sprintf("%q, %v", event.Data, err)})
		}
		defer step.OnHang(t, func() (string, []string) {
			return "the request's context ended, but Decode is still waiting for the stream", nil
		})()
		go func() {
			step.Advance(time.Hour) // Decode waits by then
			leave()
		}()
		if _, err := source.Decode(); err == nil {
			step.Fail(t, "the request's context ended, but Decode returned an event")
		}
	})
	step.Bubble(t, wantClosed)
	step.Bubble(t, wantContextReleased)
}

// wantClosed closes a stream that is quiet, while another goroutine decodes.
func wantClosed(t *testing.T) {
	source := live(t, t.Context(), nil)
	defer step.OnHang(t, func() (string, []string) {
		return "Close was called while another goroutine was decoding, but Decode or Close is still waiting: Close must make Decode return an error", nil
	})()
	var closing sync.WaitGroup
	closing.Go(func() {
		step.Advance(time.Hour) // Decode waits by then
		source.Close()
	})
	if _, err := source.Decode(); err == nil {
		step.Fail(t, "the stream was closed, but Decode returned an event")
	}
	closing.Wait()
}

// wantContextReleased connects and closes, as a client does that reconnects for weeks.
func wantContextReleased(t *testing.T) {
	t.Helper()
	held := step.HeldContexts(20, func(ctx context.Context) {
		c := &http.Client{Transport: &answer{status: http.StatusOK, contentType: "text/event-stream"}}
		if source, err := parsing.Connect(c, newRequest(t, ctx)); err == nil {
			source.Decode()
			source.Close()
		}
	})
	step.Equal(t, "20 streams were closed a minute ago: nothing may keep their requests' contexts in memory (shown: how many are kept)", 0, held())
}

// live connects to a server that sends the header of an event stream at once, and then
// an event for each string that comes from events.
func live(t *testing.T, ctx context.Context, events <-chan string) *parsing.Source {
	t.Helper()
	p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			http.NewResponseController(w).Flush()
			select {
			case data := <-events:
				io.WriteString(w, "data: "+data+"\n\n")
			case <-r.Context().Done():
				return
			}
		}
	}))
	r := newRequest(t, ctx)
	r.URL, _ = url.Parse(p.URL + "/events")
	defer step.OnHang(t, func() (string, []string) {
		return "the server sent the header but no event yet, and Connect is still waiting: Connect must not wait for the body", nil
	})()
	settings := func() string {
		if tr, ok := p.Client.Transport.(*http.Transport); ok {
			return fmt.Sprintf("ResponseHeaderTimeout %v, DisableCompression %v, DisableKeepAlives %v", tr.ResponseHeaderTimeout, tr.DisableCompression, tr.DisableKeepAlives)
		}
		return "" // test -trace wraps it
	}
	before := settings()
	source, err := parsing.Connect(p.Client, r)
	if err != nil || source == nil || source.Decoder == nil {
		step.Fail(t, "a real server sent an event stream, but Connect returned no decoder for it", fmt.Sprintf("got  %v", err))
	}
	step.Equal(t, "Connect must leave the client's Transport unchanged: the caller sends other requests through it", before, settings())
	return source
}

// A client of two servers reads both streams at the same time. Nothing that one server
// sends may show up in the other stream.
func TestTwoDecodersShareNothing(t *testing.T) {
	defer step.Begin(t)()
	a := parsing.NewDecoder(strings.NewReader("id: 1\nretry: 10\nevent: e\r\rdata: a\r\rdata: b\n\n"))
	b := parsing.NewDecoder(strings.NewReader("\ndata: x\n\ndata: y\r\n\r\n"))
	var got list
	for range 2 {
		for _, d := range []*parsing.Decoder{a, b} {
			event, err := d.Decode()
			wait, _ := d.ReconnectionTime()
			got = append(got, fmt.Sprintf("%s %v, %v", full(event), wait, err))
		}
	}
	step.Equal(t, "two streams were read alternately: each decoder must return only what its own server sent", list{
		`message "a" with id "1" 10ms, <nil>`, `message "x" with id "" 0s, <nil>`,
		`message "b" with id "1" 10ms, <nil>`, `message "y" with id "" 0s, <nil>`,
	}, got)

	wantInside(t)
	var all sync.WaitGroup
	readings := make([]reading, 4)
	for i := range readings {
		all.Go(func() { readings[i] = read(t, strings.NewReader(manyTypes(i))) })
	}
	all.Wait()
	for i, got := range readings {
		step.Equal(t, "four streams were read at the same time, but one gave a different result than when read alone", readWire(t, manyTypes(i)), got)
	}
}

// wantInside reads a whole stream while another decoder has read half a line, and then half an event.
func wantInside(t *testing.T) {
	t.Helper()
	var inside list
	between := readFunc(func() (int, error) {
		inside = append(inside, fmt.Sprint(read(t, strings.NewReader("data: x\r\rid: 9"))))
		return 0, io.EOF
	})
	var parts []io.Reader
	for _, part := range []string{"id: 1\nevent: outer\nretry: 10\nda", "ta: a\r", "\ndata: b\nid: 2\r", "\r"} {
		parts = append(parts, between, strings.NewReader(part))
	}
	event, err := parsing.NewDecoder(io.MultiReader(parts...)).Decode()
	const sentence = "decoder A read a stream in pieces, and between the pieces decoder B read another stream: "
	step.Equal(t, sentence+"A must return its own event",
		list{`outer "a\nb" with id "2", <nil>`}, list{fmt.Sprintf("%s, %v", full(event), err)})
	for _, got := range inside {
		step.Equal(t, sentence+"B must return its own event",
			list{`message "x" with id ""; last event ID "", reconnection time 0s, false, then EOF`}, list{got})
	}
}

// A readFunc is called in place of Read, and returns no bytes.
type readFunc func() (int, error)

func (f readFunc) Read([]byte) (int, error) { return f() }

// manyTypes returns a stream whose events all have different types and ids.
func manyTypes(stream int) string {
	var wire strings.Builder
	for i := range 100 {
		fmt.Fprintf(&wire, "event: %d of %d\nid: %d\ndata: x\r\n\r\n", i, stream, i)
	}
	return wire.String()
}

// The limit protects you from peers that you do not know. Without it, an event may be as
// large as your memory.
func TestANegativeLimitIsNone(t *testing.T) {
	defer step.Begin(t)()
	const lines = parsing.DefaultMaxEventSize/900 + 1 // each has more than 900 bytes of data
	wantSize(t, "MaxEventSize is negative, which means no limit: Decode must accept an event larger than DefaultMaxEventSize", -1, lines, 1000, nil)
}

// Whatever a server sends, and wherever the network cuts it, a browser reads what
// the standard says (WHATWG HTML, 9.2.6). This test does so in the simplest way, on a
// text that is complete from the start, and compares the result with your decoder.
func TestEveryStreamIsReadAsByABrowser(t *testing.T) {
	defer step.Begin(t)()
	step.Whatever(t, 1000, drawArrival, wantAsByABrowser)
}

// Here a fuzzer finds the bytes: it looks for input that reaches parts of your code that no
// earlier input reached.
func FuzzWhateverComesIsReadAsByABrowser(f *testing.F) {
	defer step.Begin(f)()
	f.Add("\uFEFFdata: a\r\n\r\ndata: b\r\r", uint8(2), uint8(9))
	f.Add("id: 5\r\ndata: a\r\n: b\r\ndata: \uFFFD\r\n\r\n", uint8(6), uint8(1))
	f.Add("\uFEFF\r\nevent: e\n\rretry: 10\r\r\ndata", uint8(4), uint8(0))
	f.Fuzz(func(t *testing.T, text string, first, second uint8) {
		defer step.Begin(t)()
		wantAsByABrowser(t, arrival{text: strings.ToValidUTF8(text, "?"), sizes: []int{int(first), int(second)}, end: io.EOF})
	})
}

// An arrival is a stream, and how its bytes arrive.
type arrival struct {
	text   string // each U+FFFD comes as bytes that are not UTF-8
	lastID string // what the client reconnected with
	sizes  []int  // how many bytes each Read returns, in turn; all of them if there are none
	end    error  // what the reader returns at the end
}

// wire returns the bytes.
func (a arrival) wire() string { return strings.ReplaceAll(a.text, "\uFFFD", "\xe2\x82") }

// pieces returns the bytes, cut as they arrive.
func (a arrival) pieces() (pieces []string) {
	wire := a.wire()
	for i := 0; wire != "" && len(a.sizes) > 0; i++ {
		n := min(a.sizes[i%len(a.sizes)], len(wire))
		if n == 0 && i > 0 && pieces[i-1] == "" {
			n = 1 // empty reads alone would never end
		}
		pieces = append(pieces, wire[:n])
		wire = wire[n:]
	}
	if wire != "" {
		pieces = append(pieces, wire)
	}
	return pieces
}

func (a arrival) String() string {
	s := wireLine(a.pieces()...) + fmt.Sprint(", then ", a.end)
	if a.lastID != "" {
		s += fmt.Sprintf(" (the client reconnected with Last-Event-ID %s)", a.lastID)
	}
	return strings.TrimPrefix(s, "\n")
}

// drawArrival draws some lines, each with a field and a value, and how they are cut.
func drawArrival(d *step.Dice) arrival {
	a := arrival{text: step.Of(d, "", "\uFEFF")}
	for _, line := range step.Some(d, 12, func(d *step.Dice) string {
		return step.Of(d, "data", "", "data", "event", "id", "retry", "data", "event", "id", " data", "Data", "ID", "\uFEFFdata", "\uFFFD") + step.Of(d, ": ", ":", "", " : ") +
			d.Text(3, "x", "7", " ", "0", ":", "\t", "\x00", "ä", "\uFFFD", "\uFEFF", "\u2028") + step.Of(d, "\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r", "")
	}) {
		a.text += line
	}
	a.sizes = step.Some(d, 3, func(d *step.Dice) int { return step.Of(d, 1, 2, 3, 7, 20, 0) })
	a.lastID, a.end = step.Of(d, "", "5"), step.Of(d, io.EOF, errBroken)
	return a
}

var errBroken = errors.New("the connection broke")

// wantAsByABrowser compares what your decoder reads in a stream with what a browser reads.
func wantAsByABrowser(tb testing.TB, a arrival) {
	tb.Helper()
	want, got := browser(a), list{}
	d := parsing.NewDecoder(&arriving{pieces: a.pieces(), end: a.end, more: []string{"\n\ndata: late\n\n"}})
	d.SetLastEventID(a.lastID)
	d.OnComment = func(text string) { got = append(got, fmt.Sprintf("comment %q", text)) }
	for ended := 0; ended < 2 && len(got) <= len(want); { // the second call after the end is no different
		event, err := d.Decode()
		wait, said := d.ReconnectionTime()
		got = append(got, outcome(event, err, d.LastEventID(), wait, said))
		if err != nil {
			ended++
		}
	}
	step.Equal(tb, "Decode and OnComment did not read this stream as a browser does: see the standard, 9.2.6\n"+a.String(), want, got)
}

// outcome describes what one call of Decode did.
func outcome(event framing.Event, err error, lastID string, wait time.Duration, said bool) string {
	if event != (framing.Event{}) && err != nil {
		return fmt.Sprintf("%v together with %s", err, full(event))
	}
	if err != nil {
		return fmt.Sprintf("%v, last ID %q, retry %v %v", err, lastID, wait, said)
	}
	return fmt.Sprintf("%s, last ID %q, retry %v %v", full(event), lastID, wait, said)
}

// browser does what a browser does with a stream, line by line, as in the standard.
func browser(a arrival) (did list) {
	id, lastID := a.lastID, a.lastID
	var data, typ string
	var wait time.Duration
	var said bool
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(a.text, "\uFEFF"))
	lines := strings.Split(text, "\n")
	for _, line := range lines[:len(lines)-1] { // the last one has no line ending
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			lastID = id
			if data != "" {
				event := framing.Event{ID: id, Type: cmp.Or(typ, "message"), Data: strings.TrimSuffix(data, "\n")}
				did = append(did, outcome(event, nil, lastID, wait, said))
			}
			data, typ = "", ""
		case name == "":
			did = append(did, fmt.Sprintf("comment %q", value))
		case name == "data":
			data += value + "\n"
		case name == "event":
			typ = value
		case name == "id" && !strings.Contains(value, "\x00"):
			id = value
		case name == "retry":
			if ms, err := strconv.ParseUint(value, 10, 63); err == nil && ms <= math.MaxInt64/1_000_000 { // the most that a time.Duration holds
				wait, said = time.Duration(ms)*time.Millisecond, true
			}
		}
	}
	end := outcome(framing.Event{}, a.end, lastID, wait, said)
	return append(did, end, end)
}

// arriving returns the pieces, one for each Read, and then end, or end together with the
// last piece. If it is read after that, it has more, as a file that grows.
type arriving struct {
	pieces   []string
	end      error
	together bool
	more     []string
}

func (r *arriving) Read(b []byte) (int, error) {
	if len(r.pieces) == 0 {
		r.pieces, r.more = r.more, nil
		return 0, r.end
	}
	n := copy(b, r.pieces[0])
	if r.pieces[0] = r.pieces[0][n:]; r.pieces[0] == "" {
		r.pieces = r.pieces[1:]
	}
	if len(r.pieces) == 0 && r.together {
		r.pieces, r.more, r.together = r.more, nil, false
		return n, r.end
	}
	return n, nil
}

// wantAtAnySize sends events whose bytes fill buffers of the usual sizes to the last byte, or
// nearly: where a buffer ends is one more cut.
func wantAtAnySize(t *testing.T) {
	t.Helper()
	const rest = "\r\ndata: b\r\n\r\n"
	for _, size := range []int{512, 4096, 8192, 65536} {
		for first := size - 4; first <= size+4; first++ {
			data := strings.Repeat("x", first-len("data: "))
			if got := read(t, strings.NewReader("data: "+data+rest)).list(payload); !slices.Equal(got, list{strconv.Quote(data + "\nb")}) {
				step.Fail(t, "Decode misread an event with a long line: your buffer may end anywhere in the stream, even between a CR and its LF",
					fmt.Sprintf("the first line has %d bytes, followed by %q", first, rest), fmt.Sprintf("got  %d events, want only this one: strings.Repeat(\"x\", %d)+\"\\nb\"", len(got), len(data)))
			}
		}
		data := strings.Repeat("x", size-len("data: \n\n"))
		if got := whileOpen(t, 0, "data: "+data+"\n\n"); !slices.Equal(got, list{strconv.Quote(data)}) {
			step.Fail(t, "the blank line arrived and the connection is quiet: Decode must return the event now, even if the last Read filled your buffer",
				fmt.Sprintf("the event has %d bytes in all", size), fmt.Sprintf("got  %d events", len(got)))
		}
	}
}
