package flushing_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
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

// list returns the members of a header that is a list, in lower case: it may have
// several lines, and HTTP does not tell Cache-Control: No-Store from no-store.
func list(h http.Header, name string) (members []string) {
	for member := range strings.SplitSeq(strings.Join(h.Values(name), ","), ",") {
		members = append(members, strings.ToLower(strings.TrimSpace(member)))
	}
	return members
}

// headers returns what a response says of the stream, without its body.
func headers(r pair.Response) string {
	return fmt.Sprintf("%d %s, Cache-Control: %s, X-Accel-Buffering: %s", r.Status, r.Header.Get("Content-Type"),
		r.Header.Get("Cache-Control"), r.Header.Get("X-Accel-Buffering"))
}

// wantLeft checks that err tells the handler that it may stop, and what led to it.
func wantLeft(tb testing.TB, sentence string, cause, err error) {
	tb.Helper()
	if !errors.Is(err, flushing.ErrClientLeft) || !errors.Is(err, cause) {
		step.Fail(tb, sentence, fmt.Sprintf("got  %v", err), fmt.Sprintf("want an error that wraps flushing.ErrClientLeft and %q", cause))
	}
}

// wantRefused checks that err tells the handler why there is no stream, and not that
// the client left.
func wantRefused(t *testing.T, sentence string, reason, err error) {
	t.Helper()
	step.ErrorIs(t, sentence, reason, err)
	if errors.Is(err, flushing.ErrClientLeft) {
		step.Fail(t, "Open's error says that the client left, but it is there and has got its answer: the log would count it as a client that was lost",
			fmt.Sprintf("got  %v", err), fmt.Sprintf("want an error that wraps %q, and not flushing.ErrClientLeft", reason))
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

// A failingWriter is a ResponseWriter whose methods return these errors.
type failingWriter struct {
	*httptest.ResponseRecorder
	write, flush, deadline error
}

func (w *failingWriter) WriteString(text string) (int, error) { return w.Write([]byte(text)) }
func (w *failingWriter) Write(p []byte) (int, error)          { return len(p), w.write }
func (w *failingWriter) FlushError() error                    { return w.flush }
func (w *failingWriter) SetWriteDeadline(time.Time) error     { return w.deadline }

// A gatedWriter is a ResponseWriter that lets other senders begin while the first one
// writes. It waits until each of them has come as far as it can: into the writer as
// well, which is the mistake, or to a place where it waits its turn.
type gatedWriter struct {
	*httptest.ResponseRecorder
	meanwhile func() // starts the other senders
	once      sync.Once
	senders   step.Crowd

	mu       sync.Mutex // guards what follows
	inUse    string     // what is being done with the writer
	flushed  int        // how many bytes of the body
	overlaps []string   // what came while it was in use
	early    []string   // what was still here when its sender heard that it had left
}

// gate opens a stream on a gatedWriter.
func gate(ctx context.Context, t *testing.T) (*gatedWriter, *flushing.Stream) {
	t.Helper()
	w := &gatedWriter{ResponseRecorder: httptest.NewRecorder()}
	s, err := flushing.Open(w, httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
	step.Equal(t, "Open returned an error", nil, err)
	return w, s
}

// start lets a sender come, which sends what has text in it.
func (w *gatedWriter) start(text string, send func() error) {
	w.senders.Start(func() {
		err := send()
		w.mu.Lock()
		defer w.mu.Unlock()
		if err == nil && !strings.Contains(w.Body.String()[:w.flushed], text) {
			w.early = append(w.early, fmt.Sprintf("%q was not flushed", text))
		}
	})
}

func (w *gatedWriter) WriteString(text string) (int, error) { return w.Write([]byte(text)) }

func (w *gatedWriter) Write(p []byte) (int, error) {
	if w.begin(fmt.Sprintf("Write(%q)", p)) {
		defer w.end()
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.ResponseRecorder.Write(p)
	}
	return len(p), nil
}

func (w *gatedWriter) FlushError() error {
	if w.begin("Flush") {
		defer w.end()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ResponseRecorder.Flush()
		w.flushed = w.Body.Len()
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

// A link is a ResponseWriter as net/http's: it has a buffer, from which a client takes what is
// more than 4 KiB, and the rest at a flush. The client takes its time for each KiB, and some
// use of the writer fails.
type link struct {
	*httptest.ResponseRecorder // its body is what the client has
	pace                       time.Duration
	gone                       int   // the number of that use, or 0
	cause                      error // of its failure
	once                       bool  // whether the next use is fine again, as after a quota
	noDeadlines                bool

	buffer                     []byte
	writes, flushes, deadlines int
	deadline                   time.Time
	failed                     error // what a Write or flush has returned
}

func (l *link) Write(p []byte) (int, error) {
	l.writes++
	if err := l.use(); err != nil {
		return 0, err
	}
	for l.buffer = append(l.buffer, p...); len(l.buffer) > 4<<10; {
		if err := l.deliver(4 << 10); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Flush is FlushError without its error. net/http has both, too.
func (l *link) Flush() { _ = l.FlushError() }

func (l *link) FlushError() error {
	l.flushes++
	if err := l.use(); err != nil {
		return err
	}
	return l.deliver(len(l.buffer))
}

func (l *link) SetWriteDeadline(deadline time.Time) error {
	if l.noDeadlines {
		return http.ErrNotSupported
	}
	l.deadlines++
	l.deadline = deadline
	return nil
}

// use fails where a failure is due.
func (l *link) use() error {
	if l.writes+l.flushes == l.gone {
		l.failed = l.cause
		return l.failed
	}
	if l.once {
		return nil
	}
	return l.failed
}

// deliver gives n bytes of the buffer to the client, if it takes them before the
// deadline.
func (l *link) deliver(n int) error {
	takes := l.pace * time.Duration(n) / 1024
	if left := time.Until(l.deadline); !l.deadline.IsZero() && left < takes {
		time.Sleep(left)
		l.failed = os.ErrDeadlineExceeded
		return l.failed
	}
	time.Sleep(takes)
	l.ResponseRecorder.Write(l.buffer[:n])
	l.buffer = l.buffer[n:]
	return nil
}

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

// allocated returns how many bytes f allocates, the least of ten times: a sync.Pool is empty now and then.
func allocated(f func()) uint64 {
	least := ^uint64(0)
	for range 10 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}
