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

// visit opens /events as one client. When it has the headers, script runs on the
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
// several lines, and HTTP treats Cache-Control: No-Store as no-store.
func list(h http.Header, name string) (members []string) {
	for member := range strings.SplitSeq(strings.Join(h.Values(name), ","), ",") {
		members = append(members, strings.ToLower(strings.TrimSpace(member)))
	}
	return members
}

// headers returns what a response says about the stream, without its body.
func headers(r pair.Response) string {
	return fmt.Sprintf("%d %s, Cache-Control: %s, X-Accel-Buffering: %s, Content-Length: %s", r.Status, r.Header.Get("Content-Type"),
		r.Header.Get("Cache-Control"), r.Header.Get("X-Accel-Buffering"), r.Header.Get("Content-Length"))
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
		step.Fail(t, "the client is still connected and got its response: Open's error must not wrap ErrClientLeft, or the log counts the client as lost",
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

// heard returns what the client has received so far: the data of each event.
func heard(client *pair.Stream) string { return data(client.Received()) }

// data returns the data of each event in wire.
func data(wire string) string {
	var all []string
	for _, e := range events(wire) {
		all = append(all, e.Data)
	}
	return strings.Join(all, " ")
}

// events returns the events that a client reads from wire.
func events(wire string) []framing.Event {
	return step.Values(parsing.NewDecoder(strings.NewReader(wire)).Events())
}

// hasComment reports whether wire contains a comment with text in it.
func hasComment(wire, text string) bool {
	return slices.ContainsFunc(strings.Split(wire, "\n"), func(line string) bool {
		return strings.HasPrefix(line, ":") && strings.Contains(line, text)
	})
}

// A gatedWriter is a ResponseWriter that lets other senders begin while the first one
// writes. It waits until each of them has got as far as it can: into the writer as
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
	early    []string   // what was not flushed when its Send returned nil
	free     time.Time  // when it was last in use
	short    bool       // whether a sender got less than ten seconds from then on
}

// gate opens a stream on a gatedWriter.
func gate(ctx context.Context, t *testing.T) (*gatedWriter, *flushing.Stream) {
	t.Helper()
	w := &gatedWriter{ResponseRecorder: httptest.NewRecorder()}
	s, err := flushing.Open(w, httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
	step.Equal(t, "Open returned an error", nil, err)
	return w, s
}

// start starts a sender, whose frame contains text.
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
func (w *gatedWriter) SetWriteDeadline(deadline time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.short = w.short || !deadline.IsZero() && deadline.Before(w.free.Add(10*time.Second))
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
	w.inUse, w.free = "", time.Now()
}

// overlap notes use if the writer is in use already. The caller holds w.mu.
func (w *gatedWriter) overlap(use string) bool {
	if w.inUse == "" {
		return false
	}
	w.overlaps = append(w.overlaps, use+" was called during "+w.inUse)
	return true
}

// A link is a ResponseWriter like net/http's: it has a buffer, from which a client takes whatever
// exceeds 4 KiB, and the rest at a flush. The client may take its time for each KiB, and one
// use of the writer may fail.
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

// use returns the failure that is due, if any.
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

// allocated returns how many bytes f allocates, the least of ten runs: a sync.Pool is empty now and then.
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

// A call is one of Send, SendFrames and Comment, or "leave", which the client does.
type call struct {
	name  string
	texts []string      // for SendFrames, the frames
	event framing.Event // what the events of a Send have in common
	bad   int           // the event that cannot be framed, from 1 on, or 0
	flaw  string        // its field
}

func (c call) String() string {
	var args []string
	for i, text := range c.texts {
		if len(text) > 20 {
			text = fmt.Sprintf("%s… (%d bytes)", text[:1], len(text))
		}
		text = fmt.Sprintf("%q", text)
		if i+1 == c.bad {
			text += " with a bad " + c.flaw
		}
		args = append(args, text)
	}
	if e := c.event; e != (framing.Event{}) {
		args = append(args, fmt.Sprintf("each with ID %q, Type %q, Retry %v", e.ID, e.Type, e.Retry))
	}
	return c.name + "(" + strings.Join(args, ", ") + ")"
}

// events returns what a Send is given.
func (c call) events() (all []framing.Event) {
	for i, text := range c.texts {
		e := c.event
		e.Data = text
		if i+1 == c.bad {
			switch c.flaw {
			case "id":
				e.ID = "7\n"
			case "event":
				e.Type = "t\r"
			case "retry":
				e.Retry = -1
			}
		}
		all = append(all, e)
	}
	return all
}

// frames returns the frames, which share an array with a byte between them, as they may in a
// broadcast, and that array.
func (c call) frames() (frames [][]byte, array []byte) {
	array = []byte(strings.Join(c.texts, "#"))
	start := 0
	for _, text := range c.texts {
		frames = append(frames, array[start:start+len(text)])
		start += len(text) + 1
	}
	return frames, array
}

// sent returns what the client should have of a good call, other than comments.
func (c call) sent() (wire []byte) {
	switch c.name {
	case "Send":
		for _, e := range c.events() {
			wire, _ = e.AppendText(wire)
		}
	case "SendFrames":
		wire = []byte(strings.Join(c.texts, ""))
	}
	return wire
}

// fields returns the lines of wire, without blank lines that end nothing, and what its comments say.
func fields(wire string) (lines, comments string) {
	for line := range strings.Lines(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(wire)) {
		if text, ok := strings.CutPrefix(line, ":"); ok {
			comments += text
		} else if line != "\n" || lines != "" && !strings.HasSuffix(lines, "\n\n") {
			lines += line
		}
	}
	return lines, comments
}
