package flushing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	flushing "example.com/sseworkbook/lessons/02-flushing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 4, whatever comes: nothing new is to be written here.

// A call is one of Send, SendFrames and Comment, or "leave", which the client does.
type call struct {
	name  string
	texts []string
	bad   int // the event that cannot be framed, from 1 on, or 0
}

func (c call) String() string {
	var args []string
	for i, text := range c.texts {
		if i+1 == c.bad {
			text += " with a bad ID"
		}
		if len(text) > 20 {
			text = fmt.Sprintf("%s… (%d bytes)", text[:1], len(text))
		}
		args = append(args, fmt.Sprintf("%q", text))
	}
	return c.name + "(" + strings.Join(args, ", ") + ")"
}

// events returns what a Send gets.
func (c call) events() (all []framing.Event) {
	for i, text := range c.texts {
		e := framing.Event{Data: text}
		if i+1 == c.bad {
			e.ID = "7\n"
		}
		all = append(all, e)
	}
	return all
}

// frames returns the frames of good events, which share an array with a byte between
// them, as they may in a broadcast, and that array.
func (c call) frames() (frames [][]byte, array []byte) {
	var ends []int
	for _, e := range c.events() {
		array, _ = e.AppendText(array)
		ends = append(ends, len(array))
		array = append(array, '#')
	}
	start := 0
	for _, end := range ends {
		frames = append(frames, array[start:end])
		start = end + 1
	}
	return frames, array
}

// A scene is a link, the middleware before it and what is called.
type scene struct {
	link       *link
	middleware []string // from the link on
	calls      []call
}

func (s scene) String() string { return fmt.Sprint(s.calls) + " on " + s.writer() }

// writer says what the ResponseWriter is like.
func (s scene) writer() string {
	text := "a ResponseWriter"
	if s.link.gone > 0 {
		text += fmt.Sprintf(" whose Write or Flush number %d fails", s.link.gone)
	}
	if s.link.pace > 0 {
		text += fmt.Sprintf(", whose client takes %v for a KiB", s.link.pace)
	}
	for _, name := range s.middleware {
		text += ", behind middleware that " + name
	}
	return text
}

// Texts that are more than net/http's buffer has room for, and more than writeAll's.
var large, larger = strings.Repeat("x", 5000), strings.Repeat("y", 17<<10)

func drawScene(d *step.Dice) scene {
	text := func(d *step.Dice) string { return step.Of(d, "a", "", "b\nc", "d\rdata: e\r\r", large, larger) }
	s := scene{calls: step.Some(d, 5, func(d *step.Dice) call {
		c := call{name: step.Of(d, "Send", "SendFrames", "Comment", "Send", "Send", "leave")}
		switch c.name {
		case "Comment":
			c.texts = []string{text(d)}
		case "Send", "SendFrames":
			c.texts = step.Some(d, 4, text)
		}
		if c.name == "Send" && len(c.texts) > 0 && d.Int(3) == 2 {
			c.bad = 1 + d.Int(len(c.texts))
		}
		return c
	})}
	s.link = &link{ResponseRecorder: httptest.NewRecorder(), pace: step.Of(d, 0, 100*time.Millisecond, time.Second)}
	s.link.gone = step.Of(d, 0, 0, 1) * (1 + d.Int(8))
	s.link.once, s.link.noDeadlines = d.Int(2) == 1, d.Int(4) == 3
	s.link.cause = step.Of[error](d, syscall.EPIPE, http.ErrContentLength, io.EOF, &http.MaxBytesError{Limit: 7})
	for range d.Int(3) {
		s.link.cause = fmt.Errorf("writing: %w", s.link.cause)
	}
	s.middleware = step.Some(d, 2, func(d *step.Dice) string { return step.Of(d, "counts", "collects") })
	return s
}

// Whatever is sent, on whatever ResponseWriter: it arrives in one flush, in its order, or there is
// an error that says why not.
func TestWhateverIsSentArrivesOrIsAnError(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) { step.Whatever(t, 200, drawScene, checkScene) })
}

// A run is a scene that is being played.
type run struct {
	scene
	s    *flushing.Stream
	ctx  context.Context
	wire []byte // what the client should have
}

func checkScene(tb testing.TB, in scene) {
	ctx, leave := context.WithCancel(tb.Context())
	defer leave()
	var w http.ResponseWriter = in.link
	for _, name := range in.middleware {
		if inner := w; name == "counts" {
			w = pair.Intercept(inner, inner.Write)
		} else {
			w = &collector{ResponseWriter: inner}
		}
	}
	s, err := flushing.Open(w, httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
	if in.link.failed != nil {
		wantLeft(tb, "the client left while its stream was opened, but Open did not say so, or not why", in.link.failed, err)
		return
	}
	step.Equal(tb, "Open returned an error on "+in.writer(), nil, err)
	r := &run{scene: in, s: s, ctx: ctx}
	r.noDeadline(tb, call{name: "Open"})
	for _, c := range in.calls {
		if c.name == "leave" {
			leave()
		} else if !r.play(tb, c) {
			return
		}
		time.Sleep(15 * time.Second) // what is to end after ten seconds has ended
	}
}

// play makes a call, and reports whether the stream goes on.
func (r *run) play(tb testing.TB, c call) (on bool) {
	l := r.link
	flushes, writes, began := l.flushes, l.writes, time.Now()
	err := r.call(tb, c)
	took := time.Since(began)
	if e, ok := errors.AsType[*framing.FieldError](err); c.bad > 0 && r.ctx.Err() == nil {
		if !ok || e.Field != "id" || errors.Is(err, flushing.ErrClientLeft) || l.writes > writes {
			r.fail(tb, c, "an event cannot be framed: nothing may be written, and the error must be AppendText's",
				fmt.Sprintf("got  %v; Writes: %d", err, l.writes-writes))
		}
		return true
	}
	switch {
	case c.name != "Comment" && len(c.texts) == 0 && err == nil: // nothing was sent, whatever the stream is like
	case c.bad > 0: // on a stream that is over: one error or the other
	case r.ctx.Err() != nil:
		r.wantLeft(tb, c, r.ctx.Err(), err)
	case l.failed != nil:
		r.wantLeft(tb, c, l.failed, err)
		if l.failed == os.ErrDeadlineExceeded && took != 10*time.Second {
			r.fail(tb, c, "the client must be given up after ten seconds", fmt.Sprintf("got  %v", took))
		}
		return false
	default:
		r.arrived(tb, c, err, took, l.flushes-flushes)
	}
	return true
}

// call makes a call, and adds to what the client should have.
func (r *run) call(tb testing.TB, c call) error {
	if c.name == "Comment" {
		return r.s.Comment(c.texts[0])
	}
	frames, array := c.frames()
	if c.bad == 0 {
		r.wire = append(r.wire, slices.Concat(frames...)...)
	}
	if c.name == "Send" {
		list := c.events()
		err := r.s.Send(list...)
		if !slices.Equal(list, c.events()) {
			r.fail(tb, c, "Send changed its events: they belong to the caller, and other streams may be sending them")
		}
		return err
	}
	list, before := slices.Clone(frames), slices.Clone(array)
	err := r.s.SendFrames(list...)
	if !slices.Equal(array, before) || !slices.EqualFunc(list, frames, slices.Equal[[]byte]) {
		r.fail(tb, c, "SendFrames changed its frames, their list, or what stands behind them in their array: other streams may be sending them")
	}
	return err
}

// arrived checks what became of a call for which the writer did not fail.
func (r *run) arrived(tb testing.TB, c call, err error, took time.Duration, flushes int) {
	if err != nil {
		r.fail(tb, c, "the client is there, and the ResponseWriter did not fail, but "+c.name+" returned an error", fmt.Sprintf("got  %v", err))
	}
	if got, want := r.link.Body.String(), string(r.wire); !slices.Equal(events(got), events(want)) {
		r.fail(tb, c, c.name+" returned nil, so the client must have what was sent, in its order",
			step.Compare("got ", fmt.Sprintf("%q", data(got)), "want", fmt.Sprintf("%q", data(want)))...)
	}
	if flushes != 1 && len(c.texts) > 0 {
		r.fail(tb, c, c.name+" must flush once", fmt.Sprintf("got  %d flushes", flushes))
	}
	if took > 10*time.Second && !r.link.noDeadlines {
		r.fail(tb, c, "the client must be given up after ten seconds", fmt.Sprintf("got  no error after %v", took))
	}
	r.noDeadline(tb, c)
}

// noDeadline fails if c has left a deadline.
func (r *run) noDeadline(tb testing.TB, c call) {
	tb.Helper()
	if left := r.link.deadline; !left.IsZero() {
		r.fail(tb, c, c.name+" left a deadline standing: on HTTP/2, it resets a stream on which nothing happens")
	}
}

func (r *run) wantLeft(tb testing.TB, c call, cause, err error) {
	tb.Helper()
	if !errors.Is(err, flushing.ErrClientLeft) || !errors.Is(err, cause) {
		r.fail(tb, c, "the ResponseWriter failed, or the client left, but "+c.name+" did not say so, or not why",
			fmt.Sprintf("got  %v", err), fmt.Sprintf("want an error that wraps flushing.ErrClientLeft and %q", cause))
	}
}

// fail says at which call of which scene something is wrong.
func (r *run) fail(tb testing.TB, c call, sentence string, details ...string) {
	tb.Helper()
	step.Fail(tb, sentence, append([]string{"at   " + c.String() + ", on " + r.writer(), "of   " + fmt.Sprint(r.calls)}, details...)...)
}

// Many senders, each on two streams in turn: each client gets each event once and whole, and
// each sender's events in their order.
func TestManySendersOnTwoStreams(t *testing.T) {
	defer step.Begin(t)()
	const senders, rounds = 8, 200
	var writers [2]crowdedWriter
	var streams [2]*flushing.Stream
	for i := range writers {
		writers[i].ResponseRecorder = httptest.NewRecorder()
		var err error
		streams[i], err = flushing.Open(&writers[i], httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
		step.Equal(t, "Open returned an error", nil, err)
	}
	start := make(chan struct{})
	var all sync.WaitGroup
	for sender := range senders {
		all.Go(func() {
			<-start
			for round := range rounds {
				e := framing.Event{Type: fmt.Sprint(sender), Data: fmt.Sprint(round)}
				frame, _ := e.AppendText(nil)
				streams[0].Send(e)
				streams[1].SendFrames(frame)
				streams[round%2].Comment(e.Data)
			}
		})
	}
	close(start)
	all.Wait()
	want := ""
	for round := range rounds {
		want += fmt.Sprint(round, " ")
	}
	for i := range writers {
		if n := writers[i].overlaps.Load(); n > 0 {
			step.Fail(t, "two goroutines used a ResponseWriter at the same moment: a client may get a garbled frame, and the server may crash",
				fmt.Sprintf("got  %d times", n))
		}
		came := map[string]string{} // from each sender
		for _, e := range events(writers[i].Body.String()) {
			came[e.Type] += e.Data + " "
		}
		for sender := range senders {
			step.Equal(t, "several goroutines sent on one stream: its client must get each event of each of them once, and in the sender's order",
				want, came[fmt.Sprint(sender)])
		}
	}
}

// A crowdedWriter is a ResponseWriter that counts how often it is used while it is in use.
type crowdedWriter struct {
	*httptest.ResponseRecorder
	inUse, overlaps atomic.Int32
}

func (w *crowdedWriter) use(f func()) {
	if w.inUse.Add(1) > 1 {
		w.overlaps.Add(1)
	} else {
		runtime.Gosched() // now others have their chance
		f()
	}
	w.inUse.Add(-1)
}

func (w *crowdedWriter) WriteString(text string) (int, error) { return w.Write([]byte(text)) }
func (w *crowdedWriter) Write(p []byte) (int, error) {
	w.use(func() { w.ResponseRecorder.Write(p) })
	return len(p), nil
}
func (w *crowdedWriter) FlushError() error                { w.use(func() {}); return nil }
func (w *crowdedWriter) SetWriteDeadline(time.Time) error { w.use(func() {}); return nil }

// When a handler returns, its request's context ends, and net/http has its ResponseWriter
// back: for another response, perhaps.
func TestNothingUsesTheWriterAfterTheHandler(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		ctx, returns := context.WithCancel(t.Context())
		defer returns()
		w := &link{ResponseRecorder: httptest.NewRecorder()}
		s, err := flushing.Open(w, httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
		step.Equal(t, "Open returned an error", nil, err)
		s.Send(framing.Event{Data: "hello"})
		step.Equal(t, "Send returned, so the client must have the event", "hello", data(w.Body.String()))
		used := func() string {
			return fmt.Sprintf("Writes: %d, Flushes: %d, SetWriteDeadlines: %d", w.writes, w.flushes, w.deadlines)
		}
		before := used()
		returns()
		step.Advance(time.Minute)
		s.Comment("ping") // by a heartbeat that comes too late
		step.Equal(t, "the handler returned, and its stream still uses the ResponseWriter, which may serve another response by then: a late write can crash the server",
			before, used())
	})
}

// A client that was away may be sent thousands of events at once. Four times as many should
// cost four times as much; if each is put behind a copy of all before it, it is sixteen.
func TestALargeBatchCostsWhatItsSizeSays(t *testing.T) {
	defer step.Begin(t)()
	written := 0
	w := pair.Intercept(httptest.NewRecorder(), func(p []byte) (int, error) { written += len(p); return len(p), nil })
	s, err := flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
	step.Equal(t, "Open returned an error", nil, err)
	e := framing.Event{Data: "hello"}
	frame, _ := e.AppendText(nil)
	for name, send := range map[string]func(n int){
		"Send":       func(n int) { s.Send(slices.Repeat([]framing.Event{e}, n)...) },
		"SendFrames": func(n int) { s.SendFrames(slices.Repeat([][]byte{frame}, n)...) },
		"Comment":    func(n int) { s.Comment(strings.Repeat("hello\n", n)) },
	} {
		written = 0
		small, big := allocated(func() { send(1000) }), allocated(func() { send(4000) })
		if written < 10*5000*len(e.Data) {
			step.Fail(t, name+" did not write all of a large batch", fmt.Sprintf("got  %d bytes", written))
		}
		if big > 8*small {
			step.Fail(t, name+" of four times as much takes more than eight times the memory: a large batch would hold up the server",
				fmt.Sprintf("got  %d bytes for 1000, and %d for 4000", small, big))
		}
	}
}
