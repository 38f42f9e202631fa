package flushing_test

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	flushing "example.com/sseworkbook/lessons/02-flushing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 4, whatever comes: you write nothing new here.

// A scene is a request, a link, the middleware before it and what is called.
type scene struct {
	method     string
	asked      string // a header of the request, such as "Accept: */*"
	set        string // a header of the response that middleware has set
	http10     bool
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
		text += fmt.Sprintf(", whose client takes %v per KiB", s.link.pace)
	}
	for _, name := range s.middleware {
		text += ", behind middleware that " + name
	}
	return text
}

// Texts that are more than net/http's buffer has room for, of which a slow client gets two thirds by Writes, and more than writeAll's.
var large, slow, larger = strings.Repeat("x", 5000), strings.Repeat("z", 11500), strings.Repeat("y", 17<<10)

func drawScene(d *step.Dice) scene {
	s := scene{calls: step.Some(d, 5, drawCall)}
	s.link = &link{ResponseRecorder: httptest.NewRecorder(), pace: step.Of(d, 0, 100*time.Millisecond, time.Second, 30*time.Minute)}
	s.link.gone = step.Of(d, 0, 0, 1) * (1 + d.Int(8))
	s.link.once, s.link.noDeadlines = d.Int(2) == 1, d.Int(4) == 3
	s.link.cause = step.Of(d, causes...)
	for range d.Int(3) {
		s.link.cause = fmt.Errorf("writing: %w", s.link.cause)
	}
	s.middleware = step.Some(d, 2, func(d *step.Dice) string { return step.Of(d, "counts bytes", "collects bytes") })
	s.method, s.http10 = step.Of(d, "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"), d.Int(4) == 3
	s.asked = step.Of(d, "Accept: text/event-stream", "Accept: application/json, text/event-stream", "Accept: text/html", "Accept: application/json",
		"Last-Event-ID: 7", "If-None-Match: *", "Range: bytes=7-", "Origin: https://shop.example", "Connection: close", "Upgrade: h2c", "Accept-Encoding: gzip")
	s.set = step.Of(d, "Vary: Origin", "Set-Cookie: a=b", "Content-Type: text/html", "Cache-Control: public", "X-Accel-Buffering: yes")
	return s
}

func drawCall(d *step.Dice) call {
	text := func(d *step.Dice) string {
		return step.Of(d, "a", "", "b\nc", "d\rdata: e\r\r", "5%d \x00 \u00e9 \U0001f600 ", large, slow, larger)
	}
	c := call{name: step.Of(d, "Send", "SendFrames", "Comment", "Send", "Send", "leave", "time out")}
	switch c.name {
	case "Comment":
		c.texts = []string{text(d)}
	case "Send":
		c.texts = step.Some(d, 4, text)
		c.event = framing.Event{ID: step.Of(d, "", "7"), Type: step.Of(d, "", "t"), Retry: step.Of(d, 0, time.Second)}
		if len(c.texts) > 0 && d.Int(3) == 2 {
			c.bad, c.flaw = 1+d.Int(len(c.texts)), step.Of(d, "id", "event", "retry")
		}
	case "SendFrames":
		c.texts = step.Some(d, 4, func(d *step.Dice) string {
			return step.Of(d, "data: a\n\n", "", "id: 7\n\n", "retry: 1000\n\n", "event: t\r\ndata: b \r\n\r\n", "data: "+large+"\n\n", "data: "+larger+"\n\n")
		})
	}
	return c
}

// Whatever is sent, on any ResponseWriter, arrives in one flush and in order, or there is an error
// that says why not.
func TestWhateverIsSentArrivesOrIsAnError(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) { step.Whatever(t, 200, drawScene, checkScene) })
}

// A run is a scene that is being played.
type run struct {
	scene
	s    *flushing.Stream
	ctx  context.Context
	wire []byte // what the client should have, without comments
	had  int    // how many bytes it had before the call
}

func checkScene(tb testing.TB, in scene) {
	const patience = 1000 * time.Hour // of middleware
	ctx, leave := context.WithTimeout(tb.Context(), patience)
	defer leave()
	r := &run{scene: in, ctx: ctx}
	if !r.open(tb) {
		return
	}
	r.noDeadline(tb, call{name: "Open"})
	for _, c := range in.calls {
		switch {
		case c.name == "leave":
			leave()
		case c.name == "time out":
			time.Sleep(patience)
		case !r.play(tb, c):
			return
		}
		time.Sleep(15 * time.Second) // whatever should end after ten seconds has ended
	}
}

// open opens the stream, and reports whether there is one.
func (r *run) open(tb testing.TB) bool {
	var w http.ResponseWriter = r.link
	for _, name := range r.middleware {
		if inner := w; name == "counts bytes" {
			w = pair.Intercept(inner, inner.Write)
		} else {
			w = &collector{ResponseWriter: inner}
		}
	}
	body := &handlersBody{}
	request := httptest.NewRequestWithContext(r.ctx, r.method, "/events", strings.NewReader("a=b"))
	request.Body = body
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	name, value, _ := strings.Cut(r.asked, ": ")
	request.Header.Set(name, value)
	if r.http10 {
		request.Proto, request.ProtoMinor = "HTTP/1.0", 0
	}
	name, value, _ = strings.Cut(r.set, ": ")
	w.Header().Set(name, value)
	scene := fmt.Sprintf("on %s, for a %s over %s with %s, after middleware set %s", r.writer(), r.method, request.Proto, r.asked, r.set)
	var err error
	r.s, err = flushing.Open(w, request)
	step.Equal(tb, "Open must neither read nor close the request's body: a handler that reads the body after Open would get an error, or only part of the body (shown: what Open did)",
		"", strings.Join(body.used, " "))
	if r.link.failed != nil {
		wantLeft(tb, "the ResponseWriter failed in Open: Open's error must wrap ErrClientLeft and the cause", r.link.failed, err)
		step.Equal(tb, "the client left, but Open answered with an error status: a 500 is only for a ResponseWriter that cannot stream",
			http.StatusOK, r.link.Code)
		return false
	}
	step.Equal(tb, "Open returned an error "+scene, nil, err)
	if r.link.flushes == 0 || r.link.Code != http.StatusOK {
		step.Fail(tb, "Open must send status 200 and the headers immediately", "Open "+scene, fmt.Sprintf("got  status %d (flushes: %d)", r.link.Code, r.link.flushes))
	}
	told := w.Header()
	media, _, _ := mime.ParseMediaType(strings.Join(told.Values("Content-Type"), ", "))
	control := list(told, "Cache-Control")
	if media != "text/event-stream" || slices.Contains(control, "public") || !slices.Contains(control, "no-cache") && !slices.Contains(control, "no-store") ||
		!strings.EqualFold(strings.Join(told.Values("X-Accel-Buffering"), ", "), "no") || told.Get(name) == "" {
		step.Fail(tb, "Open must set its own headers for every request, replace any of the same name, and leave all other headers alone", "Open "+scene, fmt.Sprintf("got  %v", told))
	}
	return true
}

// play makes a call, and reports whether the stream goes on.
func (r *run) play(tb testing.TB, c call) (on bool) {
	l := r.link
	flushes, writes, deadlines, began := l.flushes, l.writes, l.deadlines, time.Now()
	over := r.ctx.Err() != nil
	r.had = l.Body.Len()
	err := r.call(tb, c)
	took := time.Since(began)
	if over && (l.flushes > flushes || l.writes > writes || l.deadlines > deadlines) {
		r.fail(tb, c, "the request's context ended, but "+c.name+" still used the ResponseWriter, which may belong to another response by now")
	}
	if e, ok := errors.AsType[*framing.FieldError](err); c.bad > 0 {
		if !ok || e.Field != c.flaw || errors.Is(err, flushing.ErrClientLeft) && !over || l.writes > writes {
			r.fail(tb, c, "an event cannot be framed: Send must write nothing and return AppendText's error",
				fmt.Sprintf("got  %v (calls to Write: %d)", err, l.writes-writes))
		}
		r.noDeadline(tb, c)
		return true
	}
	switch {
	case c.name != "Comment" && len(c.sent()) == 0 && err == nil: // nothing was sent, whatever the stream is like
		r.noDeadline(tb, c)
	case over:
		r.wantLeft(tb, c, r.ctx.Err(), err)
	case l.failed != nil:
		r.wantLeft(tb, c, l.failed, err)
		if l.failed == os.ErrDeadlineExceeded && took != 10*time.Second {
			r.fail(tb, c, c.name+" must give up after 10 s if the client has not taken everything", fmt.Sprintf("got  %v", took))
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
	if c.bad == 0 {
		r.wire = append(r.wire, c.sent()...)
	}
	if c.name == "Send" {
		list := c.events()
		err := r.s.Send(list...)
		if !slices.Equal(list, c.events()) {
			r.fail(tb, c, "Send changed the events that it got: they belong to the caller, and other streams may be sending them")
		}
		return err
	}
	frames, array := c.frames()
	list, before := slices.Clone(frames), slices.Clone(array)
	err := r.s.SendFrames(list...)
	if !slices.Equal(array, before) || !slices.EqualFunc(list, frames, slices.Equal[[]byte]) {
		r.fail(tb, c, "SendFrames changed its slice of frames, or the array behind them: both belong to the caller, and other streams may be sending these frames")
	}
	return err
}

// arrived checks what became of a call for which the writer did not fail.
func (r *run) arrived(tb testing.TB, c call, err error, took time.Duration, flushes int) {
	if err != nil {
		r.fail(tb, c, "the client is still connected and the ResponseWriter did not fail, but "+c.name+" returned an error", fmt.Sprintf("got  %v", err))
	}
	got, _ := fields(r.link.Body.String())
	if want, _ := fields(string(r.wire)); got != want {
		r.fail(tb, c, c.name+" returned nil, so the client must have everything that was sent, in order",
			step.Compare("got ", fmt.Sprintf("%q", got), "want", fmt.Sprintf("%q", want))...)
	}
	if _, comment := fields(r.link.Body.String()[r.had:]); c.name == "Comment" && !slices.Equal(strings.Fields(comment), strings.Fields(c.texts[0])) {
		r.fail(tb, c, "Comment returned nil, so the client must have the whole comment", fmt.Sprintf("got  %.100q", comment), fmt.Sprintf("want %.100q", c.texts[0]))
	}
	if flushes != 1 {
		r.fail(tb, c, c.name+" must flush once", fmt.Sprintf("got  %d flushes", flushes))
	}
	if took > 10*time.Second && !r.link.noDeadlines {
		r.fail(tb, c, c.name+" must give up after 10 s if the client has not taken everything", fmt.Sprintf("got  no error after %v", took))
	}
	r.noDeadline(tb, c)
}

// noDeadline fails if c has left a deadline.
func (r *run) noDeadline(tb testing.TB, c call) {
	tb.Helper()
	if left := r.link.deadline; !left.IsZero() {
		r.fail(tb, c, c.name+" left a write deadline set: on HTTP/2, even an idle stream is reset when the deadline passes")
	}
}

func (r *run) wantLeft(tb testing.TB, c call, cause, err error) {
	tb.Helper()
	if !errors.Is(err, flushing.ErrClientLeft) || !errors.Is(err, cause) {
		r.fail(tb, c, "the ResponseWriter failed or the client left, but "+c.name+" did not return an error that wraps ErrClientLeft and the cause",
			fmt.Sprintf("got  %v", err), fmt.Sprintf("want an error that wraps flushing.ErrClientLeft and %q", cause))
	}
}

// fail says at which call of which scene something is wrong.
func (r *run) fail(tb testing.TB, c call, sentence string, details ...string) {
	tb.Helper()
	step.Fail(tb, sentence, append([]string{"call " + c.String() + ", on " + r.writer(), "in   " + fmt.Sprint(r.calls)}, details...)...)
}

// Many senders, each on two streams in turn: each client gets each event once and whole, and
// each sender's events in order.
func TestManySendersOnTwoStreams(t *testing.T) {
	defer step.Begin(t)()
	wantOwnBytes(t)
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
			step.Fail(t, "two goroutines used one ResponseWriter at the same moment: a client may get a garbled frame, and the server may crash",
				fmt.Sprintf("got  %d (calls at the same moment)", n), "want 0")
		}
		came := map[string]string{} // from each sender
		for _, e := range events(writers[i].Body.String()) {
			came[e.Type] += e.Data + " "
		}
		for sender := range senders {
			step.Equal(t, "several goroutines sent on one stream: the client must get each event once, and each sender's events in order",
				want, came[fmt.Sprint(sender)])
		}
	}
	wantAllTold(t)
}

// When a handler returns, its request's context ends, and net/http gets its ResponseWriter
// back, perhaps for another response.
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
		step.Equal(t, "the handler has returned: its stream must no longer use the ResponseWriter, because a late write can crash the server",
			before, used())
	})
}

// A client that was away may be sent thousands of events at once. Four times as many should
// cost four times as much; if each one copies all before it, they cost sixteen times as much.
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
			step.Fail(t, name+" lost some bytes of a large batch", fmt.Sprintf("got  %d bytes in all", written), fmt.Sprintf("want %d or more", 10*5000*len(e.Data)))
		}
		if big > 8*small {
			step.Fail(t, name+" takes more than eight times the memory for a batch four times as large: a large batch would hold up the server",
				fmt.Sprintf("got  %d bytes for a batch of 1,000, and %d bytes for one of 4,000", small, big))
		}
	}
	everythingAtOnce(t)
	wantNothingKept(t)
}
