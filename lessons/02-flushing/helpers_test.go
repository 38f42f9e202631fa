package flushing_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	flushing "example.com/sseworkbook/lessons/02-flushing"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

func TestMain(m *testing.M) { step.Main(m) }

// visit lets one client open /events. When it has the headers, script runs on the
// stream in the server's handler, which then stays until the client leaves, as a
// handler of event streams does. It returns when nothing more can happen at this
// moment of the bubble's time.
func visit(t *testing.T, script func(s *flushing.Stream), opts ...pair.Option) *pair.Stream {
	t.Helper()
	return visitThrough(t, func(h http.Handler) http.Handler { return h }, script, opts...)
}

// visitThrough is visit with middleware around the handler.
func visitThrough(t *testing.T, middleware func(http.Handler) http.Handler, script func(s *flushing.Stream), opts ...pair.Option) *pair.Stream {
	t.Helper()
	opened := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := flushing.Open(w, r)
		if err != nil {
			return
		}
		select {
		case <-opened:
			script(s)
			<-r.Context().Done()
		case <-time.After(time.Second): // the headers do not come: there will be no events
		}
	})
	client := pair.Memory(t, middleware(handler), opts...).Open("/events")
	close(opened)
	synctest.Wait()
	return client
}

// headers returns what a response says of the stream, without its body.
func headers(r pair.Response) string {
	return fmt.Sprintf("%d %s, Cache-Control: %s, X-Accel-Buffering: %s", r.Status, r.Header.Get("Content-Type"),
		r.Header.Get("Cache-Control"), r.Header.Get("X-Accel-Buffering"))
}

// wantLeft checks that err tells the handler that it may stop.
func wantLeft(t *testing.T, sentence string, err error) {
	t.Helper()
	if !errors.Is(err, flushing.ErrClientLeft) {
		step.Fail(t, sentence, fmt.Sprintf("got  %v", err), "want an error that wraps flushing.ErrClientLeft")
	}
}

// quiet waits for d, or until the client leaves.
func quiet(r *http.Request, d time.Duration) {
	select {
	case <-r.Context().Done():
	case <-time.After(d):
	}
}

// heard returns what the client has understood so far: the data of each event.
func heard(client *pair.Stream) string { return data(client.Received()) }

// data returns the data of each event in wire.
func data(wire string) string {
	var all []string
	for _, e := range events(wire) {
		all = append(all, e.Data)
	}
	return strings.Join(all, " ")
}

// events returns what a client makes of the bytes in wire.
func events(wire string) []framing.Event {
	return step.Values(parsing.NewDecoder(strings.NewReader(wire)).Events())
}

// hasComment reports whether there is a comment in wire with text in it.
func hasComment(wire, text string) bool {
	return slices.ContainsFunc(strings.Split(wire, "\n"), func(line string) bool {
		return strings.HasPrefix(line, ":") && strings.Contains(line, text)
	})
}

// heardAtEachFlush returns what the client has understood so far, in brackets
// what came with one flush.
func heardAtEachFlush(client *pair.Stream) string {
	wire, before := client.Received(), ""
	var all []string
	for _, flush := range client.Flushes() {
		now := data(wire[:min(flush.Bytes, len(wire))])
		if now != before {
			all = append(all, "["+strings.TrimSpace(strings.TrimPrefix(now, before))+"]")
		}
		before = now
	}
	return strings.Join(all, " ")
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

// Flush is FlushError for those who do not ask for its error. net/http has both, too.
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

// A cutWriter is the ResponseWriter of a client that is gone.
type cutWriter struct{ http.ResponseWriter }

func (cutWriter) FlushError() error                { return errors.New("write: broken pipe") }
func (cutWriter) SetWriteDeadline(time.Time) error { return nil }

// A fullWriter is the ResponseWriter of middleware that counts what it lets through,
// and has let through all that it may.
type fullWriter struct{ *httptest.ResponseRecorder }

func (fullWriter) Write([]byte) (int, error)        { return 0, errors.New("the quota is used up") }
func (fullWriter) SetWriteDeadline(time.Time) error { return nil }

// A gatedWriter is a ResponseWriter that lets a second sender begin while the
// first one writes. It waits until each of them has come as far as it can: into
// the writer as well, which is the mistake, or to a place where it waits its turn.
type gatedWriter struct {
	*httptest.ResponseRecorder
	meanwhile func() // starts the second sender
	once      sync.Once
	senders   step.Crowd

	mu       sync.Mutex // guards what follows
	inUse    string     // what is being done with the writer
	overlaps []string   // what came while it was in use
}

func (w *gatedWriter) Write(p []byte) (int, error) {
	if w.begin(fmt.Sprintf("Write(%q)", p)) {
		defer w.end()
		return w.ResponseRecorder.Write(p)
	}
	return len(p), nil
}

func (w *gatedWriter) FlushError() error {
	if w.begin("Flush") {
		defer w.end()
		w.ResponseRecorder.Flush()
	}
	return nil
}

// SetWriteDeadline does nothing, but it would move the deadline of a Write.
func (w *gatedWriter) SetWriteDeadline(time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.overlap("SetWriteDeadline")
	return nil
}

// begin reports whether the writer was free; then it belongs to the caller until end.
func (w *gatedWriter) begin(use string) bool {
	w.mu.Lock()
	free := !w.overlap(use)
	if free {
		w.inUse = use
	}
	w.mu.Unlock()
	if free && w.meanwhile != nil {
		w.once.Do(w.meanwhile)
		w.senders.Settle()
	}
	return free
}

func (w *gatedWriter) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inUse = ""
}

// overlap notes use if the writer is in use already. The caller holds w.mu.
func (w *gatedWriter) overlap(use string) bool {
	if w.inUse == "" {
		return false
	}
	w.overlaps = append(w.overlaps, use+" came during "+w.inUse)
	return true
}
