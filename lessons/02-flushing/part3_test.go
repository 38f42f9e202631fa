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

// A WriteTimeout is meant for a page that is sent at once: it counts from the request
// on. On HTTP/2 a deadline that was left standing, the server's or one of your own,
// resets even a stream on which nothing happens.
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
			step.Pass(time.Minute)
			step.Equal(t, p.name+", a server with a WriteTimeout of 10 s, an event at +11 s and one at +22 s: what the client understood",
				"+11s +22s", heard(client))
		})
	}
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
		step.Pass(time.Minute)

		if sending {
			step.Fail(t, "the client stopped reading a minute ago, and Send still waits for it: this handler may wait for hours")
		}
		if !errors.Is(err, flushing.ErrClientLeft) {
			step.Fail(t, "the client stopped reading, the buffers on the way are full, and Send did not say that it is gone",
				fmt.Sprintf("got  %v, after %v", err, took), "want an error that wraps flushing.ErrClientLeft")
		}
		step.Equal(t, "the client has stopped reading: how long Send waited for it", 10*time.Second, took)
		step.Equal(t, "Send gave up, and a Write or Flush of yours still goes on: it outlasts the handler, and then nothing may use a ResponseWriter",
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
		after = s.Send(framing.Event{Data: "are you there?"})
	}))
	p.Get("/short")
	step.Equal(t, "Send returned an error while the client was there", nil, before)

	client := p.Open("/events")
	client.Leave()
	client.Returned("the client has left, and its handler has not returned")
	wantGone(t, "the client is gone and Send did not say so: a handler in a loop would run until the server stops", after)

	request := httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil)
	_, err := flushing.Open(cutWriter{httptest.NewRecorder()}, request)
	wantGone(t, "the headers could not be flushed, for the client was gone already, and Open did not say so", err)
	s, err := flushing.Open(fullWriter{httptest.NewRecorder()}, request)
	if err == nil {
		err = s.Send(framing.Event{Data: "hello"})
	}
	wantGone(t, "Write failed, the Flush after it had nothing to do and was fine, and Send returned no error: the client misses an event, and nobody knows", err)
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
	}
	w.senders.Start(func() { s.Send(framing.Event{Data: "one"}) })
	w.senders.Wait()

	if len(w.overlaps) > 0 {
		step.Fail(t, "while a Send was writing, a second one began and did not wait for its end: a client may get one garbled frame",
			w.overlaps...)
	}
	got := strings.Fields(data(w.Body.String()))
	slices.Sort(got)
	step.Equal(t, "two Sends at the same moment: what the client understood", "one two", strings.Join(got, " "))
}
