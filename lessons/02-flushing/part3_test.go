package flushing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	flushing "example.com/sseworkbook/lessons/02-flushing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 3: it lasts, and it ends.

// A WriteTimeout is meant for a page that is sent at once: it starts when the request is
// read. On HTTP/2 a deadline that was left set, the server's or your own, resets even an
// idle stream. Older middleware may hide deadlines: its ResponseWriter has Flush but no
// Unwrap. If Open then cannot lift a WriteTimeout, it must say so, because the stream would
// be cut while everyone believes that it is healthy.
func TestAWriteTimeoutDoesNotEndAHealthyStream(t *testing.T) {
	defer step.Begin(t)()
	const year = 365 * 24 * time.Hour
	hardened := pair.Configure(func(s *http.Server) { s.WriteTimeout = 30 * time.Second })
	protocols := []struct {
		name string
		opts []pair.Option
	}{
		{"HTTP/1.1", []pair.Option{hardened}},
		{"HTTP/2", []pair.Option{hardened, pair.HTTP2()}},
	}
	for _, p := range protocols {
		step.Bubble(t, func(t *testing.T) {
			client := visit(t, func(s *flushing.Stream) {
				time.Sleep(time.Hour)
				s.Send(framing.Event{Data: "+1h"})
				time.Sleep(year)
				s.Send(framing.Event{Data: "+1y"})
			}, p.opts...)
			step.Advance(2 * time.Hour)
			step.Equal(t, p.name+", WriteTimeout 30 s: the client must get an event that was sent after one hour, so no write deadline may stay set",
				"+1h", heard(client))
			step.Advance(year)
			step.Equal(t, p.name+", WriteTimeout 30 s: the client must also get an event that was sent a year later, because a stream lasts as long as its handler",
				"+1h +1y", heard(client))
		})
	}

	step.Bubble(t, func(t *testing.T) {
		client := visitThrough(t, olderMiddleware, func(s *flushing.Stream) { s.Send(framing.Event{Data: "hello"}) })
		step.Equal(t, "the ResponseWriter has no SetWriteDeadline, but the server has no WriteTimeout either: the client must get a 200 and the event",
			"200 hello", fmt.Sprint(client.Status(), " ", heard(client)))
	})
	handler, result := opened()
	p := pair.TCP(t, olderMiddleware(handler), hardened)
	for _, method := range []string{"GET", "POST"} {
		request, _ := http.NewRequest(method, p.URL+"/events", nil)
		step.Equal(t, "the ResponseWriter has no SetWriteDeadline, so the server's WriteTimeout would cut off the stream: Open must answer 500 (to a "+method+")",
			http.StatusInternalServerError, p.Do(request).Status)
		wantRefused(t, "the ResponseWriter has no SetWriteDeadline, and Open answered 500: Open's error must wrap http.ErrNotSupported", http.ErrNotSupported, <-result)
	}
	head, _ := http.NewRequest(http.MethodHead, p.URL+"/events", nil)
	step.Equal(t, "the server's WriteTimeout cannot be lifted, but a HEAD needs no stream: Open must answer the HEAD with 200", http.StatusOK, p.Do(head).Status)
	wantRefused(t, "a HEAD arrived, and the server's WriteTimeout cannot be lifted: Open's error must still wrap http.ErrBodyNotAllowed", http.ErrBodyNotAllowed, <-result)
}

// A client may stop reading but stay connected: a phone in a tunnel, a stopped program.
func TestAClientThatStopsReadingEndsTheStream(t *testing.T) {
	defer step.Begin(t)()
	text := strings.Repeat("x", 1000)
	frame := []byte("data: " + text + "\n\n")
	for _, send := range []struct {
		name string
		kiB  func(s *flushing.Stream) error
	}{
		{"Send", func(s *flushing.Stream) error { return s.Send(framing.Event{Data: text}) }},
		{"SendFrames", func(s *flushing.Stream) error { return s.SendFrames(frame) }},
		{"Comment", func(s *flushing.Stream) error { return s.Comment(text) }},
	} {
		step.Bubble(t, func(t *testing.T) { stopsReading(t, send.name, send.kiB) })
	}

	step.Bubble(t, func(t *testing.T) {
		var err error
		var took time.Duration
		client := visit(t, func(s *flushing.Stream) {
			time.Sleep(time.Second) // by then, the client is slow
			began := time.Now()
			err = s.SendFrames(slices.Repeat([][]byte{frame}, 200)...)
			took = time.Since(began)
		})
		client.Throttle(10<<10, 2*time.Second)
		step.Advance(time.Hour)
		step.Equal(t, "the client reads 10 KiB every 2 s: a SendFrames of 200 KiB must give up after 10 s in total, no matter how much has arrived",
			10*time.Second, took)
		wantLeft(t, "SendFrames gave up after 10 s: its error must wrap ErrClientLeft and the cause", os.ErrDeadlineExceeded, err)
	})
	step.Bubble(t, oneDeadline)
}

// oneDeadline sends to a client that takes 1 KiB per second, most of it by Writes and the rest by a flush.
func oneDeadline(t *testing.T) {
	line := strings.Repeat("z", 1000)
	for _, call := range []struct {
		name string
		send func(s *flushing.Stream, n int) error
	}{
		{"Send", func(s *flushing.Stream, n int) error { return s.Send(framing.Event{Data: strings.Repeat(line, n)}) }},
		{"SendFrames", func(s *flushing.Stream, n int) error {
			return s.SendFrames(slices.Repeat([][]byte{[]byte("data: " + line + "\n\n")}, n)...)
		}},
		{"Comment", func(s *flushing.Stream, n int) error { return s.Comment(strings.Repeat(line+"\n", n)) }},
	} {
		for _, kB := range []int{9, 11} {
			w := &link{ResponseRecorder: httptest.NewRecorder(), pace: time.Second}
			s, err := flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
			step.Equal(t, "Open returned an error", nil, err)
			began := time.Now()
			err = call.send(s, kB)
			if took := time.Since(began); kB == 9 {
				step.Equal(t, "the client takes 1 KiB per second, so a "+call.name+" of 9 kB needs under 10 s for its Writes and Flush together: it must not fail", nil, err)
			} else {
				step.Equal(t, "the client takes 1 KiB per second, so a "+call.name+" of 11 kB needs over 10 s for its Writes and Flush together: it must give up after 10 s, because they share one deadline",
					10*time.Second, took)
				wantLeft(t, call.name+" gave up after 10 s: its error must wrap ErrClientLeft and the cause", os.ErrDeadlineExceeded, err)
			}
		}
	}
}

// stopsReading makes a client stop reading, and checks that send, which sends a KiB each
// time, gives up.
func stopsReading(t *testing.T, name string, send func(s *flushing.Stream) error) {
	var err error
	var took time.Duration // by the call that failed, or waited
	var sending bool
	var w busyWriter
	client := visitThrough(t, w.middleware, func(s *flushing.Stream) {
		time.Sleep(time.Second) // by then, the client has stopped
		sending = true
		for range 200 {
			began := time.Now()
			err = send(s)
			if took = time.Since(began); err != nil || took > 0 {
				break
			}
		}
		sending = false
	})
	client.Pause()
	step.Advance(time.Minute)

	if sending {
		step.Fail(t, "the client stopped reading a minute ago, but "+name+" is still waiting for it: this handler may wait for hours")
	}
	if !errors.Is(err, flushing.ErrClientLeft) {
		step.Fail(t, "the client stopped reading and the buffers in between are full, but "+name+" did not return an error that wraps ErrClientLeft",
			fmt.Sprintf("got  %v, after %v", err, took), "want an error that wraps flushing.ErrClientLeft")
	}
	step.Equal(t, "the client stopped reading: "+name+" must give up after 10 s", 10*time.Second, took)
	step.Equal(t, name+" gave up, but its Write or Flush is still running: nothing may use the ResponseWriter after the handler returns",
		0, w.calls.Load())
}

// The kernel still takes bytes for a client that left. A handler that trusts those writes
// keeps running.
func TestSendAfterTheClientLeftIsAnError(t *testing.T) {
	defer step.Begin(t)()
	var before error
	var after [3]error
	cause := context.Canceled
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := flushing.Open(w, r)
		if err != nil {
			after, cause = [3]error{err, err, err}, flushing.ErrClientLeft // the client may leave this early
			return
		}
		if r.URL.Path == "/short" {
			before = s.Send(framing.Event{Data: "hello"})
			return
		}
		http.NewResponseController(w).Flush() // whatever Open does: this step is not about headers
		<-r.Context().Done()
		after = [3]error{s.Send(framing.Event{Data: "are you there?"}), s.Comment("ping"), s.SendFrames([]byte("data: hello\n\n"))}
	}))
	p.Get("/short")
	step.Equal(t, "the client was still connected, but Send returned an error", nil, before)

	client := p.Open("/events")
	client.Leave()
	client.WaitHandler("the client left, but its handler is still running")
	for i, name := range []string{"Send", "Comment", "SendFrames"} {
		wantLeft(t, "the client left, but "+name+" did not return an error that wraps ErrClientLeft and the cause: a handler that sends in a loop would run until the server stops",
			cause, after[i])
	}
	failures(t)
}

// failures checks what becomes of each error of a ResponseWriter.
func failures(t *testing.T) {
	openFailures(t)
	cut, full := errors.New("write: broken pipe"), fmt.Errorf("the quota: %w", http.ErrNotSupported)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	s, err := flushing.Open(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
	step.Equal(t, "Open returned an error", nil, err)
	leave()
	wantBadEvent(t, "the client left", s)
	for _, cause := range append(causes, cut, full) {
		for first := range 9 {
			w := &failingWriter{ResponseRecorder: httptest.NewRecorder()}
			s, err := flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
			step.Equal(t, "Open returned an error", nil, err)
			var method string
			switch first / 3 {
			case 0:
				method, w.write = "Write", cause
			case 1:
				method, w.flush = "Flush", cause
			case 2:
				method, w.write, w.flush = "both Write and Flush", cause, cause
			}
			for i := range 3 { // one call, and the other two after it
				var name string
				step.Returns(t, method+" failed, and then Send, Comment or SendFrames never returned: a heartbeat would hang until the server stops", func() {
					switch (first + i) % 3 {
					case 0:
						name, err = "Send", s.Send(framing.Event{Data: "hello"})
					case 1:
						name, err = "Comment", s.Comment("ping")
					case 2:
						name, err = "SendFrames", s.SendFrames([]byte("data: a\n\n"), []byte("data: b\n\n"))
					}
				})
				wantLeft(t, method+" failed, so the client may have missed something: "+name+"'s error must wrap ErrClientLeft and the cause", cause, err)
			}
			wantBadEvent(t, method+" failed", s)
		}
	}
}

// causes are what a Write or Flush may return. EOPNOTSUPP matches errors.ErrUnsupported, as http.ErrNotSupported
// does, but it comes from a connection; ErrMissingBoundary is of the type of ErrNotSupported.
var causes = []error{syscall.EPIPE, http.ErrContentLength, http.ErrHijacked, io.EOF, &http.MaxBytesError{Limit: 7},
	net.ErrClosed, context.Canceled, context.DeadlineExceeded, http.ErrAbortHandler, io.ErrShortWrite, syscall.EOPNOTSUPP, http.ErrMissingBoundary}

// A ResponseWriter is for one goroutine at a time. Two at once produce a garbled
// frame, and now and then a crash.
func TestConcurrentSendsDoNotInterleave(t *testing.T) {
	defer step.Begin(t)()
	w, s := gate(t.Context(), t)
	w.meanwhile = func() {
		for _, text := range []string{"two", "six"} {
			w.start(text, func() error { return s.Send(framing.Event{Data: text}) })
		}
		for _, text := range []string{"ping", "pong"} {
			w.start(text, func() error { return s.Comment(text) })
		}
		w.start("ten", func() error { return s.SendFrames([]byte("data: ten\n\n")) })
	}
	w.start("one", func() error { return s.Send(framing.Event{Data: "one"}) })
	w.senders.Wait()

	if onlyDeadlines(w.overlaps) {
		step.Fail(t, "while one Send was writing, another call moved that Send's write deadline: a client that has stopped reading would get more time with each call",
			w.overlaps...)
	}
	if len(w.overlaps) > 0 {
		step.Fail(t, "while one Send was writing, another call used the ResponseWriter instead of waiting: the client may get a garbled frame",
			w.overlaps...)
	}
	wire := w.Body.String()
	got := strings.Fields(data(wire))
	slices.Sort(got)
	step.Equal(t, "three Sends, one SendFrames and two different Comments ran at the same moment: the client must get each event once", "one six ten two", strings.Join(got, " "))
	if !hasComment(wire, "ping") || !hasComment(wire, "pong") {
		step.Fail(t, "two different Comments ran at the same moment: the client must get both", fmt.Sprintf("got  %q", wire))
	}
	if len(w.early) > 0 {
		step.Fail(t, "a call returned nil before its frame was flushed: if the client stops reading now, another sender gets the error",
			w.early...)
	}
	if w.short {
		step.Fail(t, "sender B waited for sender A: B's 10 s must begin only when B's turn comes, or a slow client counts as gone")
	}
	senderWaits(t)
}

// onlyDeadlines reports whether there are overlaps, and all of them are deadlines that were set.
func onlyDeadlines(overlaps []string) bool {
	return len(overlaps) > 0 && !slices.ContainsFunc(overlaps, func(o string) bool { return !strings.HasPrefix(o, "SetWriteDeadline") })
}

// senderWaits keeps one sender in the writer while its client leaves and other senders
// arrive.
func senderWaits(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	w, s := gate(ctx, t)
	_, other := gate(t.Context(), t)
	var late [3]error
	var returned atomic.Bool // the first Send
	var gaveUp bool
	w.meanwhile = func() {
		w.senders.Start(func() { late[0] = s.Send(framing.Event{Data: "two"}) })
		w.senders.Start(func() { late[1] = s.Comment("ping") })
		w.senders.Start(func() { late[2] = s.SendFrames([]byte("data: six\n\n")) })
		step.Returns(t, "a Send on one stream waited for a Send on another stream: a client that stops reading would hold up all the others",
			func() { other.Send(framing.Event{Data: "hello"}) })
		w.senders.Settle()
		leave()
		w.senders.Settle()
		gaveUp = returned.Load()
	}
	w.senders.Start(func() { s.Send(framing.Event{Data: "one"}); returned.Store(true) })
	w.senders.Wait()
	if gaveUp {
		step.Fail(t, "the client left during a Write, and Send returned before the Write did: nothing may use the ResponseWriter after the handler returns")
	}
	for i, name := range []string{"Send", "Comment", "SendFrames"} {
		wantLeft(t, "the client left while one Send was writing: a "+name+" that waited for its turn must return an error that wraps ErrClientLeft and the cause", context.Canceled, late[i])
	}
}

// wantNothingKept sends on a stream that stays open.
func wantNothingKept(t *testing.T) {
	t.Helper()
	const sends = 10_000
	w := pair.Intercept(httptest.NewRecorder(), func(p []byte) (int, error) { return len(p), nil })
	s, err := flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
	step.Equal(t, "Open returned an error", nil, err)
	round := func() int {
		for range sends {
			s.Send(framing.Event{Data: "hello"})
			s.SendFrames(nil, []byte("data: hello\n\n"))
			s.Comment("ping")
		}
		objects, _ := step.Memory()
		return objects
	}
	before := round() // what grows with the first ones may stay
	if kept := round() - before; kept > sends/2 {
		step.Fail(t, "Send, SendFrames and Comment were called 10,000 times each on an open stream: these calls must not leave anything behind in memory",
			fmt.Sprintf("got  %d more objects in memory", kept), "want none, or only a few")
	}
}

// everythingAtOnce sends more at once than any limit that somebody may think of.
func everythingAtOnce(t *testing.T) {
	w := &link{ResponseRecorder: httptest.NewRecorder()}
	s, err := flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
	step.Equal(t, "Open returned an error", nil, err)
	e, frame := framing.Event{Data: "hello"}, []byte("data: hello\n\n")
	long := strings.Repeat("x", 2<<20)
	for _, send := range []struct {
		what  string
		send  func() error
		bytes int
	}{
		{"a Send of 20,000 events", func() error { return s.Send(slices.Repeat([]framing.Event{e}, 20_000)...) }, 20_000 * len(frame)},
		{"a SendFrames of 20,000 frames", func() error { return s.SendFrames(slices.Repeat([][]byte{frame}, 20_000)...) }, 20_000 * len(frame)},
		{"a Send of 2 MiB", func() error { return s.Send(framing.Event{Data: long}) }, len("data: \n\n") + len(long)},
	} {
		had, flushes := w.Body.Len(), w.flushes
		err := send.send()
		step.Equal(t, send.what+" must arrive whole, in one flush, like a small one (shown: error, bytes, flushes)",
			fmt.Sprint(nil, " ", send.bytes, " ", 1), fmt.Sprint(err, " ", w.Body.Len()-had, " ", w.flushes-flushes))
	}
	for _, kiB := range []int{5, 20, 100} {
		had, big := w.Body.Len(), "data: "+strings.Repeat("y", kiB<<10)+"\n\n"
		s.SendFrames([]byte("data: first\n\n"), []byte(big), []byte("data: last\n\n"))
		if w.Body.String()[had:] != "data: first\n\n"+big+"data: last\n\n" {
			step.Fail(t, fmt.Sprintf("SendFrames got a small frame, a frame of %d KiB and another small frame: it must send all three whole, in this order", kiB),
				step.Compare("got ", w.Body.String()[had:], "want", "data: first\n\n"+big+"data: last\n\n")...)
		}
	}
}
