package flushing_test

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"regexp"
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

// Part 1: it leaves the server.

// A browser's EventSource gives up for good on anything but text/event-stream.
// Hint: w.Header().Set("Content-Type", …) in Open, before anything is written.
func TestTheResponseIsAnEventStream(t *testing.T) {
	defer step.Begin(t)()
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		flushing.Open(w, r)
	}))
	response := p.Get("/events")
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	step.Equal(t, "the response's status and Content-Type: with any other, a browser's EventSource gives up for good",
		"200 text/event-stream", fmt.Sprint(response.Status, " ", mediaType))
}

// The headers wait in a buffer too. A page whose stream has no news yet would not
// even know that it is connected.
// Hint: flush in Open, through http.NewResponseController(w). Keep the controller in the Stream: every event needs it.
func TestTheClientSeesTheHeadersBeforeAnyEvent(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			flushing.Open(w, r)
			quiet(r, time.Hour) // no news for an hour
		}))
		asked := time.Now()
		p.Open("/events")
		step.Equal(t, "Open returned, but the client waited for its status line until the handler ended: in a browser, onopen does not fire",
			0, time.Since(asked))
	})
}

// net/http keeps what you write in a buffer of some KiB until it is full or the handler returns.
// Hint: in SendText, write each frame to w, then flush. In Send, frame the event with AppendText and hand it over.
func TestAnEventArrivesWhileTheHandlerStillRuns(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var err error
		client := visit(t, func(s *flushing.Stream) {
			err = s.Send(framing.Event{ID: "7", Type: "greeting", Data: "hello"})
		})
		step.Equal(t, "Send returned and the handler still runs: what the client has understood by now", "hello", heard(client))
		e := events(client.Received())[0]
		step.Equal(t, "the event came without its type or its ID", "greeting 7", e.Type+" "+e.ID)
		step.Equal(t, "Send returned an error for an event that has arrived", nil, err)
	})
}

// A comment keeps a quiet connection alive, if it leaves the server.
// Hint: frame it with framing.AppendComment and go the same way as an event.
func TestACommentArrivesTheSameWay(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var err error
		client := visit(t, func(s *flushing.Stream) { err = s.Comment("ping") })
		if !hasComment(client.Received(), "ping") {
			step.Fail(t, `Comment("ping") returned and the handler still runs: the comment is not among the bytes that the client has`,
				fmt.Sprintf("got  %q", client.Received()), `want ": ping\n"`)
		}
		step.Equal(t, "a comment came out as an event", "", heard(client))
		step.Equal(t, "Comment returned an error for a comment that has arrived", nil, err)
	})
}

// Each flush is a system call and a packet, for every client.
// Hint: gather the frames of all events in one slice, then hand it over once.
func TestEventsSentTogetherLeaveTogether(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		client := visit(t, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "one"}, framing.Event{Data: "two"})
			s.SendText([]byte("data: three\n\n"), []byte("data: four\n\n"))
		})
		step.Equal(t, "two events in one Send, two in one SendText: what the client understood, in [ ] for each flush of the server",
			"[one two] [three four]", heardAtEachFlush(client))
	})
}

// What cannot be framed must not cost the client anything: no half Send, no broken stream.
// Hint: frame all events before you write the first byte, and return AppendText's error as it is.
func TestARefusedEventLeavesTheStreamWhole(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var refused, after error
		client := visit(t, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "first"})
			refused = s.Send(framing.Event{Data: "second"}, framing.Event{ID: "7\ndata: forged", Data: "third"})
			after = s.Send(framing.Event{Data: "fourth"})
		})
		step.Equal(t, "second and third went into one Send, and the third has a line break in its ID: neither may leave, and fourth must arrive",
			"first fourth", heard(client))
		if _, ok := errors.AsType[*framing.FieldError](refused); !ok || errors.Is(refused, flushing.ErrGone) {
			step.Fail(t, "Send has not sent an event, and its error does not say why: the event cannot be framed, and the client is still there",
				fmt.Sprintf("got  %v", refused), "want the *framing.FieldError of AppendText, and no ErrGone")
		}
		step.Equal(t, "fourth arrived, but Send returned an error for it", nil, after)
	})
}

// nginx collects what a server sends, 4 KiB and more, unless the response tells it not to.
// Hint: X-Accel-Buffering: no speaks to proxies, Cache-Control: no-cache to caches.
func TestABufferingProxyLetsTheStreamThrough(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		client := visit(t, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "one"})
			s.Send(framing.Event{Data: "two"})
		}, pair.BufferingProxy())
		step.Equal(t, "a proxy that buffers unless the response has X-Accel-Buffering: no: what the client behind it has understood by now",
			"one two", heard(client))
		control := client.Header().Get("Cache-Control")
		if !strings.Contains(control, "no-cache") && !strings.Contains(control, "no-store") {
			step.Fail(t, "nothing tells a cache on the way that old events are of no use: it may keep them and serve them again",
				fmt.Sprintf("got  Cache-Control: %s", control), "want Cache-Control: no-cache, or no-store")
		}
	})
}

// Part 2: other people's ResponseWriters.

// Middleware wraps the ResponseWriter. The type assertion w.(http.Flusher) then looks
// at the wrapper, which cannot flush, and no further.
// Hint: http.NewResponseController(w).Flush() looks through every wrapper that has an Unwrap method.
func TestAWrappedResponseWriterStillFlushes(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		client := visitThrough(t, pair.Logging, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "hello"})
		})
		step.Equal(t, "behind logging middleware, whose ResponseWriter has Unwrap and no Flush: the status, and what the client has understood by now",
			"200 hello", fmt.Sprint(client.Status(), " ", heard(client)))
	})
}

// A stream that is silent for ever looks like a stream without news. An error can be seen.
// Hint: look at what Flush returns in Open. For http.ErrNotSupported, http.Error(w, …) and return the error.
func TestAWriterThatCannotFlushGetsA500(t *testing.T) {
	defer step.Begin(t)()
	var err error
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, err = flushing.Open(w, r) })

	status := pair.TCP(t, handler).Get("/events").Status
	step.Equal(t, "a ResponseWriter that can flush: its status, and Open's error", "200 <nil>", fmt.Sprint(status, " ", err))
	p := pair.TCP(t, pair.Opaque(handler))
	if response := p.Get("/events"); response.Status != http.StatusInternalServerError {
		step.Fail(t, "a ResponseWriter that cannot flush: with a 200, the client waits for news that cannot come",
			fmt.Sprintf("got    %d, and the body %q", response.Status, response.Body), "want   500",
			"server "+cmp.Or(strings.TrimSpace(p.ServerLog()), "has logged nothing"))
	}
	if !errors.Is(err, http.ErrNotSupported) {
		step.Fail(t, "the client has its 500, and Open's error does not tell the handler why: it may go on, and send to nobody",
			fmt.Sprintf("got  %v", err), "want an error that wraps http.ErrNotSupported")
	}
}

// Part 3: it lasts, and it ends.

// A WriteTimeout is meant for a page that is sent at once: it counts from the request
// on. On HTTP/2 a deadline that was left standing, the server's or one of your own,
// resets even a stream on which nothing happens.
// Hint: in Open, the controller's SetWriteDeadline(time.Time{}) takes the server's deadline off.
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
			pass(time.Minute)
			step.Equal(t, p.name+", a server with a WriteTimeout of 10 s, an event at +11 s and one at +22 s: what the client understood",
				"+11s +22s", heard(client))
		})
	}
}

// A client may stop reading and stay connected: a phone in a tunnel, a stopped program.
// Hint: SetWriteDeadline ten seconds ahead before the write, off after the flush, and Flush's error is the one that tells.
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
		pass(time.Minute)

		if sending {
			step.Fail(t, "the client stopped reading a minute ago, and Send still waits for it: this handler may wait for hours")
		}
		if !errors.Is(err, flushing.ErrGone) {
			step.Fail(t, "the client stopped reading, the buffers on the way are full, and Send did not say that it is gone",
				fmt.Sprintf("got  %v, after %v", err, took), "want an error that wraps flushing.ErrGone")
		}
		step.Equal(t, "the client has stopped reading: how long Send waited for it", 10*time.Second, took)
		step.Equal(t, "Send gave up, and a Write or Flush of yours still goes on: it outlasts the handler, and then nothing may use a ResponseWriter",
			0, w.calls.Load())
	})
}

// The kernel still takes bytes for a client that has left. A handler that believes it
// runs on.
// Hint: the request's context ends when the client leaves. Keep it in the Stream, and ask its Err before you write. Open's flush can fail for a client that is gone, too, and so can each Write.
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
// Hint: a sync.Mutex in the Stream, locked from the first use of w or its controller to the last; defer the Unlock.
func TestConcurrentSendsDoNotInterleave(t *testing.T) {
	defer step.Begin(t)()
	w := &gatedWriter{ResponseRecorder: httptest.NewRecorder()}
	s, err := flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
	step.Equal(t, "Open returned an error", nil, err)

	var senders sync.WaitGroup
	w.meanwhile = func() {
		senders.Go(func() { w.sender(func() { s.SendText([]byte("data: two\n\n")) }) })
	}
	senders.Go(func() { w.sender(func() { s.Send(framing.Event{Data: "one"}) }) })
	senders.Wait()

	if len(w.overlaps) > 0 {
		step.Fail(t, "while a Send was writing, a second one began and did not wait for its end: a client may get one garbled frame",
			w.overlaps...)
	}
	got := strings.Fields(data(w.Body.String()))
	slices.Sort(got)
	step.Equal(t, "two Sends at the same moment: what the client understood", "one two", strings.Join(got, " "))
}

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

// wantGone checks that err tells the handler that it may stop.
func wantGone(t *testing.T, sentence string, err error) {
	t.Helper()
	if !errors.Is(err, flushing.ErrGone) {
		step.Fail(t, sentence, fmt.Sprintf("got  %v", err), "want an error that wraps flushing.ErrGone")
	}
}

// quiet waits for d, or until the client leaves.
func quiet(r *http.Request, d time.Duration) {
	select {
	case <-r.Context().Done():
	case <-time.After(d):
	}
}

// pass lets d of the bubble's time pass, with all that happens in it.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
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
	var all []framing.Event
	for e := range parsing.NewDecoder(strings.NewReader(wire)).Events() {
		all = append(all, e)
	}
	return all
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

func (w *busyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

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
	started   atomic.Int32

	mu       sync.Mutex // guards what follows
	inUse    string     // what is being done with the writer
	overlaps []string   // what came while it was in use
}

// sender runs send as one of the two senders.
func (w *gatedWriter) sender(send func()) {
	w.started.Add(1)
	send()
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
		for !w.settled() {
			runtime.Gosched()
		}
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

// settled reports whether both senders have begun, and each has ended, waits for
// something, or asks this.
func (w *gatedWriter) settled() bool {
	all := make([]byte, 64<<10)
	all = all[:runtime.Stack(all, true)]
	for i, stack := range strings.Split(string(all), "\n\n") {
		asks := i == 0 // runtime.Stack begins with its caller
		if !asks && strings.Contains(stack, ".sender(") && !waiting.MatchString(stack) {
			return false
		}
	}
	return w.started.Load() == 2
}

// waiting matches the stack of a goroutine that waits for a lock, a channel or a moment.
var waiting = regexp.MustCompile(`^goroutine \d+ \[(sync\.|semacquire|chan |select|sleep)`)
