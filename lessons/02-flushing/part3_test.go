package flushing_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	flushing "example.com/sseworkbook/lessons/02-flushing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 3: it lasts, and it ends.

// A WriteTimeout is meant for a page that is sent at once: it starts when the request is
// read. On HTTP/2 a deadline that was left standing, the server's or one of your own,
// resets even a stream on which nothing happens. Older middleware may hide deadlines: its
// ResponseWriter has Flush and no Unwrap. Where Open then cannot lift a WriteTimeout, it
// must say so, since the stream would be cut with everyone believing in it.
func TestTheServersWriteTimeoutDoesNotEndAHealthyStream(t *testing.T) {
	defer step.Begin(t)()
	hardened := pair.Configure(func(s *http.Server) { s.WriteTimeout = 10 * time.Second })
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
				for _, at := range []string{"+1h", "+2h"} {
					time.Sleep(time.Hour)
					s.Send(framing.Event{Data: at})
				}
			}, p.opts...)
			step.Advance(3 * time.Hour)
			step.Equal(t, p.name+", WriteTimeout 10 s: the client must get an event after an hour, and another one after two (no deadline may be left standing)",
				"+1h +2h", heard(client))
		})
	}

	step.Bubble(t, func(t *testing.T) {
		client := visitThrough(t, olderMiddleware, func(s *flushing.Stream) { s.Send(framing.Event{Data: "hello"}) })
		step.Equal(t, "a ResponseWriter with Flush and without deadlines, on a server without WriteTimeout: it can stream, and the client must get a 200 and the event",
			"200 hello", fmt.Sprint(client.Status(), " ", heard(client)))
	})
	var err error
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, err = flushing.Open(w, r) })
	step.Equal(t, "a ResponseWriter with Flush and without deadlines, on a server with a WriteTimeout: a stream would be cut when it has passed, so Open must answer 500",
		http.StatusInternalServerError, pair.TCP(t, olderMiddleware(handler), hardened).Get("/events").Status)
	wantRefused(t, "Open answered 500, but its error does not tell the handler that the WriteTimeout cannot be lifted (http.ErrNotSupported)", http.ErrNotSupported, err)
}

// A client may stop reading and stay connected: a phone in a tunnel, a stopped program.
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
		step.Equal(t, "the client reads 10 KiB every 2 s, and one SendFrames had 200 KiB for it: it must give the client up after ten seconds, however many frames have left",
			10*time.Second, took)
		wantLeft(t, "SendFrames gave the client up, but its error does not say so, or not why", os.ErrDeadlineExceeded, err)
	})
}

// stopsReading lets a client stop, and checks that send, which sends a KiB each time,
// gives it up.
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
		step.Fail(t, "the client stopped reading a minute ago, but "+name+" still waits for it: this handler may wait for hours")
	}
	if !errors.Is(err, flushing.ErrClientLeft) {
		step.Fail(t, "the client stopped reading and the buffers on the way are full, but "+name+" did not say that the client left",
			fmt.Sprintf("got  %v, after %v", err, took), "want an error that wraps flushing.ErrClientLeft")
	}
	step.Equal(t, "the client stopped reading: "+name+" must give it up after ten seconds", 10*time.Second, took)
	step.Equal(t, name+" gave up, but a Write or Flush of yours still goes on: it outlasts the handler, and a ResponseWriter must not be used after that",
		0, w.calls.Load())
}

// The kernel still takes bytes for a client that has left. A handler that believes it
// runs on.
func TestSendAfterTheClientLeftIsAnError(t *testing.T) {
	defer step.Begin(t)()
	var before error
	var after [3]error
	cause := context.Canceled
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := flushing.Open(w, r)
		if err != nil {
			after, cause = [3]error{err, err, err}, flushing.ErrClientLeft // so early may the client leave
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
	step.Equal(t, "the client was there, but Send returned an error", nil, before)

	client := p.Open("/events")
	client.Leave()
	client.WaitHandler("the client left, but its handler has not returned")
	for i, name := range []string{"Send", "Comment", "SendFrames"} {
		wantLeft(t, "the client left, but "+name+" did not say so, or not why: a handler in a loop would run until the server stops", cause, after[i])
	}
	failures(t)
}

// failures checks what becomes of the errors of a ResponseWriter, one after the other.
func failures(t *testing.T) {
	cut, closed, full := errors.New("write: broken pipe"), errors.New("set: the connection is closed"), errors.New("the quota is used up")
	server := &http.Server{}
	request := httptest.NewRequestWithContext(context.WithValue(t.Context(), http.ServerContextKey, server), "GET", "/events", nil)
	open := func(w *failingWriter) (*flushing.Stream, error) {
		w.ResponseRecorder = httptest.NewRecorder()
		return flushing.Open(w, request)
	}
	_, err := open(&failingWriter{flush: cut})
	wantLeft(t, "the headers could not be flushed because the client had left, but Open did not say so, or not why", cut, err)
	_, err = open(&failingWriter{deadline: closed, flush: closed})
	wantLeft(t, "the deadline could not be lifted because the client had left, but Open did not say so, or not why", closed, err)
	server.WriteTimeout = time.Minute
	_, err = open(&failingWriter{deadline: closed, flush: closed})
	wantLeft(t, "the server's WriteTimeout could not be lifted because the client had left, but Open did not say so, or not why", closed, err)

	w := &failingWriter{}
	s, err := open(w)
	step.Equal(t, "Open returned an error", nil, err)
	w.write = full
	err = s.Send(framing.Event{Data: "hello"})
	wantLeft(t, "Write failed, but Send did not say so, or not why: the Flush after it has nothing to do and succeeds, and the client misses an event", full, err)

	w = &failingWriter{}
	s, err = open(w)
	step.Equal(t, "Open returned an error", nil, err)
	w.flush = cut
	err = s.Send(framing.Event{Data: "hello"})
	wantLeft(t, "Flush failed, but Send did not say so, or not why", cut, err)
	step.Returns(t, "a Send failed, and the Comment after it does not return: a heartbeat would hang until the server stops", func() { err = s.Comment("ping") })
	wantLeft(t, "Flush failed twice, but Comment did not say so, or not why", cut, err)
}

// A ResponseWriter is for one goroutine at a time. Two at once make one garbled frame,
// and now and then a crash.
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
		step.Fail(t, "while one Send was writing, a second one moved its deadline: a client that stopped reading gets more time with each Send",
			w.overlaps...)
	}
	if len(w.overlaps) > 0 {
		step.Fail(t, "while one Send was writing, a second one began and did not wait for its end: a client may get one garbled frame",
			w.overlaps...)
	}
	wire := w.Body.String()
	got := strings.Fields(data(wire))
	slices.Sort(got)
	step.Equal(t, "three Sends, one SendFrames and two Comments at the same moment: the client must get each event once", "one six ten two", strings.Join(got, " "))
	if !hasComment(wire, "ping") || !hasComment(wire, "pong") {
		step.Fail(t, "two Comments at the same moment: the client must get both", fmt.Sprintf("got  %q", wire))
	}
	if len(w.early) > 0 {
		step.Fail(t, "a Send returned nil while its event was still in a buffer, since others waited: if the client stops reading now, the failure is told to another sender",
			w.early...)
	}
	senderWaits(t)
}

// onlyDeadlines reports whether there are overlaps, and all of them are deadlines that were set.
func onlyDeadlines(overlaps []string) bool {
	return len(overlaps) > 0 && !slices.ContainsFunc(overlaps, func(o string) bool { return !strings.HasPrefix(o, "SetWriteDeadline") })
}

// senderWaits lets one sender be in the writer, while its client leaves and other
// senders come.
func senderWaits(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	w, s := gate(ctx, t)
	_, other := gate(t.Context(), t)
	var late error
	var sent atomic.Bool // on the other stream
	var waited bool
	w.meanwhile = func() {
		w.senders.Start(func() { late = s.Send(framing.Event{Data: "two"}) })
		w.senders.Start(func() { other.Send(framing.Event{Data: "hello"}); sent.Store(true) })
		w.senders.Settle()
		waited = !sent.Load()
		leave()
	}
	w.senders.Start(func() { s.Send(framing.Event{Data: "one"}) })
	w.senders.Wait()
	if waited {
		step.Fail(t, "one stream's Send waits for its client, and a Send on another stream waits with it: a client that stops reading would hold up all others")
	}
	wantLeft(t, "the client left while a Send waited for its turn, but that Send did not say so, or not why", context.Canceled, late)
}
