package flushing_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
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
		{"HTTP/2, where a deadline that was left standing resets even a quiet stream", []pair.Option{hardened, pair.HTTP2()}},
	}
	for _, p := range protocols {
		step.Bubble(t, func(t *testing.T) {
			client := visit(t, func(s *flushing.Stream) {
				time.Sleep(11 * time.Second)
				s.Send(framing.Event{Data: "+11s"})
				time.Sleep(11 * time.Second)
				s.Send(framing.Event{Data: "+22s"})
			}, p.opts...)
			step.Advance(time.Minute)
			step.Equal(t, p.name+", a server with a WriteTimeout of 10 s: the client must get an event at +11 s and one at +22 s",
				"+11s +22s", heard(client))
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
	step.ErrorIs(t, "Open answered 500, but its error does not tell the handler that the WriteTimeout cannot be lifted", http.ErrNotSupported, err)
}

// A client may stop reading and stay connected: a phone in a tunnel, a stopped program.
func TestAClientThatStopsReadingEndsTheStream(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		kilobyte := framing.Event{Data: strings.Repeat("x", 1000)}
		var err error
		var took time.Duration // by the Send that failed, or waited
		var sending bool
		var w busyWriter
		client := visitThrough(t, w.middleware, func(s *flushing.Stream) {
			time.Sleep(time.Second) // by then, the client has stopped
			sending = true
			for range 200 {
				began := time.Now()
				err = s.Send(kilobyte)
				if took = time.Since(began); err != nil || took > 0 {
					break
				}
			}
			sending = false
		})
		client.Pause()
		step.Advance(time.Minute)

		if sending {
			step.Fail(t, "the client stopped reading a minute ago, but Send still waits for it: this handler may wait for hours")
		}
		if !errors.Is(err, flushing.ErrClientLeft) {
			step.Fail(t, "the client stopped reading and the buffers on the way are full, but Send did not say that the client left",
				fmt.Sprintf("got  %v, after %v", err, took), "want an error that wraps flushing.ErrClientLeft")
		}
		step.Equal(t, "the client stopped reading: Send must give it up after ten seconds", 10*time.Second, took)
		step.Equal(t, "Send gave up, but a Write or Flush of yours still goes on: it outlasts the handler, and a ResponseWriter must not be used after that",
			0, w.calls.Load())
	})
}

// The kernel still takes bytes for a client that has left. A handler that believes it
// runs on.
func TestSendAfterTheClientLeftIsAnError(t *testing.T) {
	defer step.Begin(t)()
	var before, after error
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := flushing.Open(w, r)
		if err != nil {
			after = err // so early may the client leave
			return
		}
		if r.URL.Path == "/short" {
			before = s.Send(framing.Event{Data: "hello"})
			return
		}
		http.NewResponseController(w).Flush() // whatever Open does: this step is not about headers
		<-r.Context().Done()
		for _, err := range []error{s.Send(framing.Event{Data: "are you there?"}), s.Comment("ping"), s.SendFrames([]byte("data: hello\n\n"))} {
			if after = err; !errors.Is(err, flushing.ErrClientLeft) {
				return
			}
		}
	}))
	p.Get("/short")
	step.Equal(t, "the client was there, but Send returned an error", nil, before)

	client := p.Open("/events")
	client.Leave()
	client.WaitHandler("the client left, but its handler has not returned")
	wantLeft(t, "the client left, but Send, Comment or SendFrames did not say so: a handler in a loop would run until the server stops", after)

	request := httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil)
	_, err := flushing.Open(cutWriter{httptest.NewRecorder()}, request)
	wantLeft(t, "the headers could not be flushed because the client had left, but Open did not say so", err)
	s, err := flushing.Open(fullWriter{httptest.NewRecorder()}, request)
	if err == nil {
		err = s.Send(framing.Event{Data: "hello"})
	}
	wantLeft(t, "Write failed, but Send did not say so: the Flush after it has nothing to do and succeeds, and the client misses an event", err)
}

// A ResponseWriter is for one goroutine at a time. Two at once make one garbled frame,
// and now and then a crash.
func TestConcurrentSendsDoNotInterleave(t *testing.T) {
	defer step.Begin(t)()
	w := &gatedWriter{ResponseRecorder: httptest.NewRecorder()}
	s, err := flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
	step.Equal(t, "Open returned an error", nil, err)

	w.meanwhile = func() {
		w.senders.Start(func() { s.SendFrames([]byte("data: two\n\n")) })
		w.senders.Start(func() { s.Comment("ping") })
	}
	w.senders.Start(func() { s.Send(framing.Event{Data: "one"}) })
	w.senders.Wait()

	if len(w.overlaps) > 0 {
		step.Fail(t, "while one Send was writing, a second one began and did not wait for its end: a client may get one garbled frame",
			w.overlaps...)
	}
	got := strings.Fields(data(w.Body.String()))
	slices.Sort(got)
	step.Equal(t, "two Sends and a Comment at the same moment: the client must get both events", "one two", strings.Join(got, " "))
}
