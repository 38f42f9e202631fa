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

// Part 4, whatever comes. Nothing new is to be written here.

// A stream may be quiet for a day, and has no time limit: it lasts until the context of its
// request ends. A limit on the time that Connect takes must not be one on the stream.
func TestTheStreamLastsUntilTheRequestsContextEnds(t *testing.T) {
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
			step.Equal(t, "the stream must last until the request's context ends: the server sent a after a day, and b a day later",
				strconv.Quote(want)+", <nil>", fmt.Sprintf("%q, %v", event.Data, err))
		}
		defer step.OnHang(t, func() (string, []string) {
			return "the request's context ended, but Decode still waits for the stream", nil
		})()
		go func() {
			step.Advance(time.Hour) // Decode waits by then
			leave()
		}()
		if _, err := source.Decode(); err == nil {
			step.Fail(t, "the request's context ended, but Decode returned an event")
		}
	})
}

// live connects to a server that sends the header of an event stream at once, and then
// the data of these events when they come.
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
		return "the server sent the header of an event stream, and has no event yet, but Connect has not returned: it waits for the body", nil
	})()
	source, err := parsing.Connect(p.Client, r)
	if err != nil || source == nil || source.Decoder == nil {
		step.Fail(t, "a real server sent an event stream, but Connect returned no decoder for it", fmt.Sprintf("got  %v", err))
	}
	return source
}

// A client of two servers reads both streams at the same time. What the one says is
// nothing that the other has said.
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
	step.Equal(t, "two streams were read in turn: a browser sees in each what its own server said", list{
		`message "a" with id "1" 10ms, <nil>`, `message "x" with id "" 0s, <nil>`,
		`message "b" with id "1" 10ms, <nil>`, `message "y" with id "" 0s, <nil>`,
	}, got)

	var all sync.WaitGroup
	readings := make([]reading, 4)
	for i := range readings {
		all.Go(func() { readings[i] = read(t, strings.NewReader(manyTypes(i))) })
	}
	all.Wait()
	for i, got := range readings {
		step.Equal(t, "four streams were read at the same time, and one of them gave something else than alone", readWire(t, manyTypes(i)), got)
	}
}

// manyTypes is a stream whose events all have types and ids of their own.
func manyTypes(stream int) string {
	var wire strings.Builder
	for i := range 100 {
		fmt.Fprintf(&wire, "event: %d of %d\nid: %d\ndata: x\r\n\r\n", i, stream, i)
	}
	return wire.String()
}

// The limit is for those who do not know their peers. With a negative one, an event may be
// as large as memory is.
func TestANegativeLimitIsNone(t *testing.T) {
	defer step.Begin(t)()
	const lines = parsing.DefaultMaxEventSize/900 + 1 // of which each has more than 900 bytes of data
	wantSize(t, "MaxEventSize is negative, which means no limit: an event larger than DefaultMaxEventSize is read too", -1, lines, 1000, nil)
}

// Whatever a server sends, and wherever the network cuts it, a browser reads what
// the standard says (WHATWG HTML, 9.2.6). Here that is done in the simplest way, on
// a text that is there as a whole, and compared with your decoder.
func TestWhateverComesIsReadAsByABrowser(t *testing.T) {
	defer step.Begin(t)()
	step.Whatever(t, 1000, drawArrival, wantAsByABrowser)
}

// Here a fuzzer finds the bytes: it looks for those that take your code where no others
// have taken it.
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

// An arrival is a stream, and how its bytes come.
type arrival struct {
	text   string // each U+FFFD comes as bytes that are not UTF-8
	lastID string // with which the client reconnected
	sizes  []int  // what the reads return, in turn; everything if there are none
	end    error  // what the reader says at the end
}

// wire returns the bytes.
func (a arrival) wire() string { return strings.ReplaceAll(a.text, "\uFFFD", "\xe2\x82") }

// pieces returns the bytes as they are cut.
func (a arrival) pieces() (pieces []string) {
	wire := a.wire()
	for i := 0; wire != "" && len(a.sizes) > 0; i++ {
		n := min(a.sizes[i%len(a.sizes)], len(wire))
		if n == 0 && i > 0 && pieces[i-1] == "" {
			n = 1 // one empty read after the other would have no end
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

// drawArrival draws some lines, of which each is a field and a value, and how they are
// cut.
func drawArrival(d *step.Dice) arrival {
	a := arrival{text: step.Of(d, "", "\uFEFF")}
	for _, line := range step.Some(d, 12, func(d *step.Dice) string {
		return step.Of(d, "data: ", "", "data:", "data", "event: ", "id: ", "id", "retry: ", ":", ": ", " data: ", "Data: ", "\uFEFFdata: ", "\uFFFD: ") +
			d.Text(3, "x", "7", " ", "0", ":", "\t", "\x00", "ä", "\uFFFD", "\uFEFF", "\u2028") + step.Of(d, "\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r", "")
	}) {
		a.text += line
	}
	a.sizes = step.Some(d, 3, func(d *step.Dice) int { return step.Of(d, 1, 2, 3, 7, 20, 0) })
	a.lastID, a.end = step.Of(d, "", "5"), step.Of(d, io.EOF, errBroken)
	return a
}

var errBroken = errors.New("the connection broke")

// wantAsByABrowser compares what came of a stream with what a browser makes of it.
func wantAsByABrowser(tb testing.TB, a arrival) {
	tb.Helper()
	want, got := browser(a), list{}
	d := parsing.NewDecoder(&arriving{pieces: a.pieces(), end: a.end})
	d.SetLastEventID(a.lastID)
	d.OnComment = func(text string) { got = append(got, fmt.Sprintf("comment %q", text)) }
	for ended := false; !ended && len(got) <= len(want); {
		event, err := d.Decode()
		wait, said := d.ReconnectionTime()
		got = append(got, outcome(event, err, d.LastEventID(), wait, said))
		ended = err != nil
	}
	step.Equal(tb, "Decode and OnComment made something else of this stream than a browser does: see the standard, 9.2.6\n"+a.String(), want, got)
}

// outcome is what is written down of each call of Decode.
func outcome(event framing.Event, err error, lastID string, wait time.Duration, said bool) string {
	if err != nil {
		return fmt.Sprintf("%v, last ID %q, retry %v %v", err, lastID, wait, said)
	}
	return fmt.Sprintf("%s, last ID %q, retry %v %v", full(event), lastID, wait, said)
}

// browser does what a browser does with a stream, line by line as in the standard.
func browser(a arrival) (did list) {
	id, lastID := a.lastID, a.lastID
	var data, typ string
	var wait time.Duration
	var said bool
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(a.text, "\uFEFF"))
	lines := strings.Split(text, "\n")
	for _, line := range lines[:len(lines)-1] { // the last one has no end
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
			if ms, err := strconv.ParseUint(value, 10, 63); err == nil && ms <= math.MaxInt64/1_000_000 { // as much as a time.Duration holds
				wait, said = time.Duration(ms)*time.Millisecond, true
			}
		}
	}
	return append(did, outcome(framing.Event{}, a.end, lastID, wait, said))
}

// arriving reads the pieces, one at a time, and then says end.
type arriving struct {
	pieces []string
	end    error
}

func (r *arriving) Read(b []byte) (int, error) {
	if len(r.pieces) == 0 {
		return 0, r.end
	}
	n := copy(b, r.pieces[0])
	if r.pieces[0] = r.pieces[0][n:]; r.pieces[0] == "" {
		r.pieces = r.pieces[1:]
	}
	return n, nil
}
