package flushing_test

import (
	"cmp"
	"errors"
	"fmt"
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
			step.Fail(t, protocol.name+", HEAD: Open must return an error; otherwise the handler sends events that nobody gets, and may hold up the next request",
				"got  nil", "want an error that wraps http.ErrBodyNotAllowed")
		}
		wantRefused(t, protocol.name+", HEAD: Open's error must wrap http.ErrBodyNotAllowed, because the response to a HEAD has no body", http.ErrBodyNotAllowed, err)
		step.Equal(t, protocol.name+", HEAD: the client must get the same status and headers as for a GET",
			headers(first), headers(response))
		step.Equal(t, protocol.name+", a GET after the HEAD, on the same connection: the client must get the same events as for the first GET",
			first.Body, p.Get("/events").Body)
		step.Equal(t, protocol.name+", a POST on the same connection: it must get the same events as a GET, because MCP clients open their streams with POST",
			first.Body, p.Post("/events", "application/json", "{}").Body)
		request.Method = http.MethodPut
		step.Equal(t, protocol.name+", a PUT on the same connection: it must get the same events as a GET, because only a HEAD has no body",
			first.Body, p.Do(request).Body)
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
		step.Equal(t, "logging middleware wraps the ResponseWriter, with Unwrap but no Flush: the client must get a 200 and the event",
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
		step.Equal(t, "middleware with Flush and Unwrap, but no FlushError, collects bytes until its own Flush is called: the client must get the event",
			"hello", heard(client))
	})
}

// A stream that stays silent looks like a stream without news. An error can be seen.
func TestAWriterThatCannotFlushGetsA500(t *testing.T) {
	defer step.Begin(t)()
	var err error
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, err = flushing.Open(w, r) })

	status := pair.TCP(t, handler).Get("/events").Status
	step.Equal(t, "the ResponseWriter can flush: the client must get a 200, and Open must return no error", "200 <nil>", fmt.Sprint(status, " ", err))
	p := pair.TCP(t, pair.HideFlusher(handler))
	for _, method := range []string{"GET", "POST"} {
		request, _ := http.NewRequest(method, p.URL+"/events", nil)
		if response := p.Do(request); response.Status != http.StatusInternalServerError {
			step.Fail(t, "the ResponseWriter cannot flush: the client must get a 500, not a 200 without a stream",
				fmt.Sprintf("got  %d, and the body %q", response.Status, response.Body), "want 500 (for a "+method+")",
				"log  "+cmp.Or(strings.TrimSpace(p.ServerLog()), "(the server logged nothing)"))
		}
		wantRefused(t, "the ResponseWriter cannot flush: Open's error must wrap http.ErrNotSupported, or the handler may go on sending",
			http.ErrNotSupported, err)
	}
	head, _ := http.NewRequest(http.MethodHead, p.URL+"/events", nil)
	step.Equal(t, "a HEAD came, and the ResponseWriter cannot flush: Open must answer 200, because a HEAD needs no stream", http.StatusOK, p.Do(head).Status)
	wantRefused(t, "a HEAD came, and the ResponseWriter cannot flush: Open's error must wrap http.ErrBodyNotAllowed", http.ErrBodyNotAllowed, err)

	w := &failingWriter{ResponseRecorder: httptest.NewRecorder(), flush: fmt.Errorf("behind the compressor: %w", http.ErrNotSupported)}
	_, err = flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
	step.Equal(t, "the error of the ResponseWriter's Flush wraps http.ErrNotSupported: the client must get a 500", http.StatusInternalServerError, w.Code)
	wantRefused(t, "Flush's error wraps http.ErrNotSupported: Open's error must wrap it too", http.ErrNotSupported, err)
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
	step.Equal(t, "8 goroutines sent until the connection broke, then each sent once more: these 8 Sends must return ErrClientLeft (shown: how many did)",
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
