package flushing_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	flushing "example.com/sseworkbook/lessons/02-flushing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 2: other people's requests and ResponseWriters.

// In a ServeMux, "GET /events" matches HEAD as well. What a handler writes to a HEAD goes
// nowhere, without an error, so a stream for one never ends by a failed Send. On HTTP/1.1
// it also blocks the connection: the next request on it, which a proxy may have sent for
// another client, waits until the handler returns.
func TestAHeadRequestGetsTheHeadersAlone(t *testing.T) {
	defer step.Begin(t)()
	for _, protocol := range []struct {
		name string
		opts []pair.Option
	}{{"HTTP/1.1", nil}, {"HTTP/2", []pair.Option{pair.HTTP2()}}} {
		opened := make(chan error, 5) // what Open returned
		p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json") // by middleware, for all responses
			w.Header().Set("Cache-Control", "public")
			w.Header().Set("X-Accel-Buffering", "yes")
			s, err := flushing.Open(w, r)
			opened <- err
			if err == nil {
				s.Send(framing.Event{Data: "to " + r.RemoteAddr})
			}
		}), protocol.opts...)
		first := p.Get("/events")
		step.Equal(t, protocol.name+", GET: Open returned an error", nil, <-opened)

		request, err := http.NewRequest(http.MethodHead, p.URL+"/events", nil)
		step.Equal(t, "the test could not make its HEAD request", nil, err)
		response, err := p.Do(request), <-opened
		if err == nil {
			step.Fail(t, protocol.name+", HEAD: Open must return an error, or the handler sends events that no client gets, and may hold up the next request",
				"got  nil", "want an error that wraps http.ErrBodyNotAllowed")
		}
		wantRefused(t, protocol.name+", HEAD: Open's error must wrap http.ErrBodyNotAllowed, because the response to a HEAD has no body", http.ErrBodyNotAllowed, err)
		step.Equal(t, protocol.name+", HEAD: the client must get the same status and headers as for a GET",
			headers(first), headers(response))
		step.Equal(t, protocol.name+", a GET after the HEAD, on the same connection: the client must get the same events as for the first GET",
			first.Body, p.Get("/events").Body)
		step.Equal(t, protocol.name+", a POST on the same connection: the client must get the same events as for a GET, because MCP clients open their streams with POST",
			first.Body, p.Post("/events", "application/json", "{}").Body)
		for _, request.Method = range []string{"PUT", "head", "HEADS"} {
			step.Equal(t, fmt.Sprintf("%s, a %q request on the same connection: the client must get the same events as for a GET, because only the method HEAD, in capitals, gets no body", protocol.name, request.Method),
				first.Body, p.Do(request).Body)
		}
	}
}

// Middleware wraps the ResponseWriter. The type assertion w.(http.Flusher) then looks
// at the wrapper, which cannot flush, and no further.
func TestAWrappedResponseWriterStillFlushes(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		client := visitThrough(t, pair.Logging, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "hello"})
		})
		step.Equal(t, "logging middleware wraps the ResponseWriter in one that has Unwrap but no Flush: the client must get a 200 and the event",
			"200 hello", fmt.Sprint(client.Status(), " ", heard(client)))
	})
	step.Bubble(t, func(t *testing.T) {
		deep := func(h http.Handler) http.Handler {
			for range 12 {
				h = pair.Logging(h)
			}
			return h
		}
		client := visitThrough(t, deep, func(s *flushing.Stream) { s.Send(framing.Event{Data: "hello"}) })
		step.Equal(t, "twelve layers of middleware wrap the ResponseWriter, each with Unwrap but no Flush: the client must get a 200 and the event",
			"200 hello", fmt.Sprint(client.Status(), " ", heard(client)))
	})
	step.Bubble(t, func(t *testing.T) {
		client := visitThrough(t, olderCompressor, func(s *flushing.Stream) { s.Send(framing.Event{Data: "hello"}) })
		step.Equal(t, "middleware that has Flush and Unwrap, but no FlushError, holds bytes back until its Flush is called: the client must get the event",
			"hello", heard(client))
	})
}

// opened returns a handler that calls Open, and what Open returned to it, once for each
// request: the client may have its response before that.
func opened() (handler http.Handler, result <-chan error) {
	errs := make(chan error, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := flushing.Open(w, r)
		errs <- err
	}), errs
}

// A stream that stays silent looks like a stream without news. An error can be seen.
func TestAWriterThatCannotFlushGetsA500(t *testing.T) {
	defer step.Begin(t)()
	handler, result := opened()
	status := pair.TCP(t, handler).Get("/events").Status
	step.Equal(t, "the ResponseWriter can flush: the client must get a 200, and Open must return no error", "200 <nil>", fmt.Sprint(status, " ", <-result))
	p := pair.TCP(t, pair.HideFlusher(handler))
	for _, method := range []string{"GET", "POST"} {
		request, _ := http.NewRequest(method, p.URL+"/events", nil)
		if response := p.Do(request); response.Status != http.StatusInternalServerError {
			step.Fail(t, "the ResponseWriter cannot flush: the client must get a 500, not a 200 without a stream",
				fmt.Sprintf("got  %d, and the body %q", response.Status, response.Body), "want 500 (for a "+method+")",
				"log  "+cmp.Or(strings.TrimSpace(p.ServerLog()), "(the server logged nothing)"))
		}
		wantRefused(t, "the ResponseWriter cannot flush: Open's error must wrap http.ErrNotSupported, or the handler may go on sending",
			http.ErrNotSupported, <-result)
	}
	head, _ := http.NewRequest(http.MethodHead, p.URL+"/events", nil)
	step.Equal(t, "the ResponseWriter cannot flush, but a HEAD needs no stream: Open must answer the HEAD with 200", http.StatusOK, p.Do(head).Status)
	wantRefused(t, "a HEAD arrived, and the ResponseWriter cannot flush: Open's error must wrap http.ErrBodyNotAllowed", http.ErrBodyNotAllowed, <-result)

	w := &failingWriter{ResponseRecorder: httptest.NewRecorder(), flush: fmt.Errorf("behind the compressor: %w", http.ErrNotSupported)}
	_, err := flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
	step.Equal(t, "the ResponseWriter's Flush returned an error that wraps http.ErrNotSupported: the client must get a 500", http.StatusInternalServerError, w.Code)
	wantRefused(t, "Flush returned an error that wraps http.ErrNotSupported: Open's error must wrap http.ErrNotSupported too", http.ErrNotSupported, err)
}

// A busyWriter counts the calls to a ResponseWriter that have not returned.
type busyWriter struct {
	http.ResponseWriter
	calls atomic.Int64
}

// middleware puts w in front of the handler's ResponseWriter.
func (w *busyWriter) middleware(h http.Handler) http.Handler {
	return http.HandlerFunc(func(inner http.ResponseWriter, r *http.Request) {
		w.ResponseWriter = inner
		h.ServeHTTP(w, r)
	})
}

func (w *busyWriter) Write(p []byte) (int, error) {
	w.calls.Add(1)
	defer w.calls.Add(-1)
	return w.ResponseWriter.Write(p)
}

func (w *busyWriter) FlushError() error {
	w.calls.Add(1)
	defer w.calls.Add(-1)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is FlushError for callers that do not want its error. net/http has both, too.
func (w *busyWriter) Flush() { _ = w.FlushError() }

func (w *busyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// olderMiddleware puts an olderWriter in front of the handler's ResponseWriter.
func olderMiddleware(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(olderWriter{w}, r) })
}

// An olderWriter is a ResponseWriter as middleware wrapped it before there were
// ResponseControllers: it has Flush, and neither Unwrap nor deadlines.
type olderWriter struct{ http.ResponseWriter }

func (w olderWriter) Flush() { w.ResponseWriter.(http.Flusher).Flush() }

// A failingWriter is a ResponseWriter whose methods return these errors.
type failingWriter struct {
	*httptest.ResponseRecorder
	write, flush, deadline error
}

func (w *failingWriter) WriteString(text string) (int, error) { return w.Write([]byte(text)) }
func (w *failingWriter) Write(p []byte) (int, error)          { return len(p), w.write }
func (w *failingWriter) FlushError() error                    { return w.flush }
func (w *failingWriter) SetWriteDeadline(time.Time) error     { return w.deadline }

// A collector is the ResponseWriter of middleware that collects, as a compressor does,
// until it is flushed.
type collector struct {
	http.ResponseWriter
	collected []byte
}

func (c *collector) Write(p []byte) (int, error) {
	c.collected = append(c.collected, p...)
	return len(p), nil
}

func (c *collector) FlushError() error {
	_, err := c.ResponseWriter.Write(c.collected)
	c.collected = nil
	return errors.Join(err, http.NewResponseController(c.ResponseWriter).Flush())
}

func (c *collector) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// olderCompressor puts an olderCollector in front of the handler's ResponseWriter.
func olderCompressor(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(olderCollector{&collector{ResponseWriter: w}, w}, r)
	})
}

// An olderCollector is a collector without FlushError.
type olderCollector struct {
	http.ResponseWriter // a collector
	inner               http.ResponseWriter
}

func (c olderCollector) Flush() { _ = http.NewResponseController(c.ResponseWriter).Flush() }

func (c olderCollector) Unwrap() http.ResponseWriter { return c.inner }

// A crowdedWriter is a ResponseWriter that counts how often it is used while it is in use.
type crowdedWriter struct {
	*httptest.ResponseRecorder
	inUse, overlaps atomic.Int32
}

func (w *crowdedWriter) use(f func()) {
	if w.inUse.Add(1) > 1 {
		w.overlaps.Add(1)
	} else {
		runtime.Gosched() // gives others their chance
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

// wantAllTold has several goroutines send while the connection breaks.
func wantAllTold(t *testing.T) {
	t.Helper()
	w := &breaking{ResponseRecorder: httptest.NewRecorder(), writes: 100}
	s, err := flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
	step.Equal(t, "Open returned an error", nil, err)
	var all sync.WaitGroup
	var told atomic.Int32
	for range 8 {
		all.Go(func() {
			for err := error(nil); err == nil; {
				err = s.Send(framing.Event{Data: "hello"})
			}
			if errors.Is(s.Send(framing.Event{Data: "hello"}), flushing.ErrClientLeft) {
				told.Add(1)
			}
		})
	}
	all.Wait()
	step.Equal(t, "8 goroutines sent until the connection broke, then each called Send once more: all 8 of these last calls must return ErrClientLeft (shown: how many did)",
		8, int(told.Load()))
}

// breaking is a ResponseWriter whose connection breaks after so many Writes.
type breaking struct {
	*httptest.ResponseRecorder
	writes int // the stream's calls come one after the other
}

func (w *breaking) Write(p []byte) (int, error) {
	if w.writes--; w.writes < 0 {
		return 0, os.ErrClosed
	}
	return w.ResponseRecorder.Write(p)
}

// openFailures checks what Open makes of each error of a ResponseWriter, and of two at once.
func openFailures(t *testing.T) {
	server, cut, missing := &http.Server{}, errors.New("write: broken pipe"), fmt.Errorf("the quota: %w", http.ErrNotSupported)
	ctx, end := context.WithCancel(context.WithValue(t.Context(), http.ServerContextKey, server))
	defer end()
	open := func(method string, deadline, flush error) (status int, err error) {
		w := &failingWriter{ResponseRecorder: httptest.NewRecorder(), deadline: deadline, flush: flush}
		_, err = flushing.Open(w, httptest.NewRequestWithContext(ctx, method, "/events", nil))
		return w.Code, err
	}
	for _, cause := range append(causes, cut) {
		for _, failure := range []struct {
			what            string
			timeout         time.Duration
			deadline, flush error
		}{
			{"Flush failed", 0, nil, cause},
			{"SetWriteDeadline is not supported, and Flush failed", 0, missing, cause},
			{"SetWriteDeadline and Flush both failed", 0, cause, cause},
			{"SetWriteDeadline could not lift the server's WriteTimeout, and Flush failed", time.Minute, cause, cause},
			{"Flush succeeded, but SetWriteDeadline could not lift the server's WriteTimeout", time.Minute, cause, nil},
		} {
			server.WriteTimeout = failure.timeout
			status, err := open("GET", failure.deadline, failure.flush)
			step.Equal(t, fmt.Sprintf("%s (%q): Open must not answer 500, because only http.ErrNotSupported means that the ResponseWriter cannot stream", failure.what, cause),
				http.StatusOK, status)
			wantLeft(t, failure.what+": Open's error must wrap ErrClientLeft and the cause", cause, err)
		}
	}
	server.WriteTimeout = time.Minute
	for _, flush := range []error{nil, cut} {
		status, err := open("GET", missing, flush)
		step.Equal(t, fmt.Sprintf("the server has a WriteTimeout, SetWriteDeadline returns a wrapped http.ErrNotSupported, and Flush returns %v: Open must answer 500", flush),
			http.StatusInternalServerError, status)
		wantRefused(t, "SetWriteDeadline's error wraps http.ErrNotSupported, and the server has a WriteTimeout: Open's error must wrap http.ErrNotSupported too",
			http.ErrNotSupported, err)
	}
	end()
	status, err := open("GET", nil, nil)
	if err != nil { // or the first Send returns it
		wantLeft(t, "the request's context ended before Open: if Open returns an error, that error must wrap ErrClientLeft and the cause", context.Canceled, err)
	}
	step.Equal(t, "the request's context ended before Open: Open must not answer with an error status", http.StatusOK, status)
	_, err = open("HEAD", cut, cut)
	wantRefused(t, "a HEAD arrived, and then its client left: Open's error must still wrap http.ErrBodyNotAllowed, because a HEAD has no stream", http.ErrBodyNotAllowed, err)
}

// wantOwnBytes has one stream send at each moment at which another is using its ResponseWriter.
func wantOwnBytes(t *testing.T) {
	calls := []func(s *flushing.Stream, text string){
		func(s *flushing.Stream, text string) { s.Send(framing.Event{Data: text}, framing.Event{Data: text}) },
		func(s *flushing.Stream, text string) { s.Comment(text) },
		func(s *flushing.Stream, text string) {
			frame := []byte("data: " + text + "\n\n")
			s.SendFrames(frame, frame)
		},
	}
	for _, size := range []int{10, 20 << 10} { // the second is too large for writeAll's buffer
		held, other := &heldWriter{ResponseRecorder: httptest.NewRecorder()}, httptest.NewRecorder()
		var streams [2]*flushing.Stream
		for i, w := range []http.ResponseWriter{held, other} {
			var err error
			streams[i], err = flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
			step.Equal(t, "Open returned an error", nil, err)
		}
		had, otherHad, rounds := held.Body.Len(), other.Body.Len(), 0
		texts := [2]string{strings.Repeat("m", size), strings.Repeat("y", size)}
		held.meanwhile = func() {
			rounds++
			for _, call := range calls {
				call(streams[1], texts[1])
			}
		}
		step.Returns(t, "while stream A was using its ResponseWriter, a call on stream B never returned: a client that stops reading would hold up all the others", func() {
			for _, call := range append(calls, calls...) { // twice: a buffer may be shared from its second use on
				call(streams[0], texts[0])
			}
		})
		sentence := "while stream A was using its ResponseWriter, stream B sent events and comments: each client must get only the bytes of its own stream (shown: what one client got)"
		step.Equal(t, sentence, "8 events, 2 comments, 0 other lines", ownLines(held.Body.String()[had:], texts[0]))
		step.Equal(t, sentence, fmt.Sprintf("%d events, %d comments, 0 other lines", 4*rounds, rounds), ownLines(other.Body.String()[otherHad:], texts[1]))
	}
}

// A heldWriter is a ResponseWriter each use of which waits until meanwhile has returned.
type heldWriter struct {
	*httptest.ResponseRecorder
	meanwhile func()
}

func (w *heldWriter) hold() {
	if w.meanwhile != nil {
		w.meanwhile()
	}
}

func (w *heldWriter) WriteString(text string) (int, error) { return w.Write([]byte(text)) }
func (w *heldWriter) Write(p []byte) (int, error)          { w.hold(); return w.ResponseRecorder.Write(p) }
func (w *heldWriter) FlushError() error                    { w.hold(); return nil }
func (w *heldWriter) SetWriteDeadline(time.Time) error     { w.hold(); return nil }

// A handlersBody is the body of a request. It notes what is done with it.
type handlersBody struct{ used []string }

func (b *handlersBody) Read([]byte) (int, error) { b.used = append(b.used, "Read"); return 0, io.EOF }
func (b *handlersBody) Close() error             { b.used = append(b.used, "Close"); return nil }
