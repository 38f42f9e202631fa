package reconnection_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	reconnection "example.com/sseworkbook/lessons/08-reconnection"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

func TestMain(m *testing.M) { step.Main(m) }

// An answer is what a server does with one request.
type answer func(w http.ResponseWriter, r *http.Request)

// ends answers with a stream that ends after these bytes.
func ends(wire string) answer {
	return func(w http.ResponseWriter, _ *http.Request) { send(w, wire) }
}

// breaks answers with a stream that breaks off after these bytes.
func breaks(wire string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		send(w, wire)
		panic(http.ErrAbortHandler)
	}
}

// stays answers with a stream that stays open until the client leaves.
func stays(wire string) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		send(w, wire)
		<-r.Context().Done()
	}
}

// lasts answers with a stream that ends after a while.
func lasts(d time.Duration, wire string) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		send(w, wire)
		select {
		case <-time.After(d):
		case <-r.Context().Done():
		}
	}
}

// says answers with a status, and with a header of names and values.
func says(status int, header ...string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

func send(w http.ResponseWriter, wire string) {
	w.Header().Set("Content-Type", "text/event-stream")
	io.WriteString(w, wire)
	http.NewResponseController(w).Flush()
}

// A scene is a Reconnector of yours and a server that follows a script. It is for use
// in a bubble.
type scene struct {
	t       *testing.T
	client  *reconnection.Reconnector
	follow  reconnection.Follow
	answers []answer // one for each request; the last one is for all further ones
	start   time.Time

	answered atomic.Int32
	requests step.List[request]
	events   step.List[framing.Event]
	losses   step.List[reconnection.Loss]
	open     atomic.Int32 // how many bodies of responses are not closed
	most     atomic.Int32 // how many there were at once

	leave context.CancelCauseFunc
	done  chan struct{} // closed when Run has returned
	err   error         // then: what it returned
}

// A request is what the server saw of one request.
type request struct {
	at           time.Duration // since the scene began
	method, body string
	header       http.Header
}

// newScene returns a scene in which no wait has a random part.
func newScene(t *testing.T, answers ...answer) *scene {
	s := &scene{t: t, answers: answers, start: time.Now()}
	p := pair.Memory(t, s)
	client := *p.Client
	client.Transport = counting{client.Transport, s}
	s.client = &reconnection.Reconnector{
		URL: p.URL + "/events", Client: &client, Random: func() float64 { return 0 }, OnLost: s.losses.Add,
	}
	s.follow = s.read
	return s
}

func (s *scene) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.requests.Add(request{time.Since(s.start), r.Method, string(body), r.Header})
	s.answers[min(int(s.answered.Add(1)), len(s.answers))-1](w, r)
}

// read is a Follow that keeps the events.
func (s *scene) read(_ context.Context, source *parsing.Source, progress func(framing.Event)) error {
	for event, err := range source.Events() {
		if err != nil {
			return err
		}
		progress(event)
		s.events.Add(event)
	}
	return nil
}

// run starts Run, which ends with the scene at the latest. A second run is for when the
// first one has ended.
func (s *scene) run() *scene {
	ctx, leave := context.WithCancelCause(context.Background())
	done := make(chan struct{})
	s.leave, s.done = leave, done
	go func() {
		defer close(done)
		s.err = s.client.Run(ctx, s.follow)
	}()
	s.t.Cleanup(func() {
		leave(errors.New("the test is over"))
		<-done
	})
	synctest.Wait()
	return s
}

// after runs the client for a while.
func (s *scene) after(d time.Duration) *scene {
	s.run()
	step.Advance(d)
	return s
}

// end waits for Run to return.
func (s *scene) end() error {
	defer step.OnHang(s.t, func() (string, []string) {
		return "Run's context ended or its last error was final, but Run did not return", step.LockedOut()
	})()
	<-s.done
	return s.err
}

// ended reports whether Run has returned.
func (s *scene) ended() bool {
	synctest.Wait()
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// data returns the data of the events that follow got.
func (s *scene) data() string {
	return joined(s.events.All(), func(e framing.Event) string { return e.Data })
}

// times returns when each request came.
func (s *scene) times() string {
	return joined(s.requests.All(), func(r request) string { return r.at.String() })
}

// ids returns the Last-Event-ID of each request.
func (s *scene) ids() string {
	return joined(s.requests.All(), func(r request) string {
		values := r.header.Values("Last-Event-ID")
		if len(values) == 0 {
			return "none"
		}
		return fmt.Sprintf("%q", strings.Join(values, " and "))
	})
}

// joined returns what show returns for each of all, or "nothing".
func joined[T any](all []T, show func(T) string) string {
	var texts []string
	for _, one := range all {
		texts = append(texts, show(one))
	}
	return cmp.Or(strings.Join(texts, ", "), "nothing")
}

// A counting transport counts the bodies of a scene that are open.
type counting struct {
	http.RoundTripper
	scene *scene
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	if err == nil {
		open := c.scene.open.Add(1)
		c.scene.most.Store(max(open, c.scene.most.Load()))
		resp.Body = &countedBody{resp.Body, sync.OnceFunc(func() { c.scene.open.Add(-1) })}
	}
	return resp, err
}

type countedBody struct {
	io.ReadCloser
	closed func()
}

func (b *countedBody) Close() error {
	b.closed()
	return b.ReadCloser.Close()
}

// A house is a log of yours with its sessions and a way to them.
type house struct {
	*pair.Pair
	t        *testing.T
	registry *sessions.Registry
	log      *reconnection.Log
	epoch    string
}

// newHouse is for use in a bubble.
func newHouse(t *testing.T, size int) *house {
	h := unpaired(size)
	h.t = t
	h.Pair = pair.Memory(t, h.log)
	return h
}

// unpaired returns a house without a way to it.
func unpaired(size int) *house {
	h := &house{registry: new(sessions.Registry)}
	h.log = reconnection.NewLog(h.registry, size)
	h.epoch, _, _ = strings.Cut(h.log.LastID(), "-")
	return h
}

func (h *house) id(n int) string { return fmt.Sprintf("%s-%d", h.epoch, n) }

// number publishes events whose data is their number.
func (h *house) number(n int) {
	for i := range n {
		h.log.Publish(framing.Event{Data: fmt.Sprint(i + 1)})
	}
}

func (h *house) publish(events ...framing.Event) {
	for _, e := range events {
		if err := h.log.Publish(e); err != nil {
			step.Fail(h.t, "Publish got an event that can be framed, but returned an error", fmt.Sprintf("got  %v", err))
		}
	}
	synctest.Wait()
}

// open connects with this Last-Event-ID, unless it is empty.
func (h *house) open(id string) *pair.Stream {
	var header []string
	if id != "" {
		header = []string{"Last-Event-ID", id}
	}
	stream := h.Open("/events", header...)
	synctest.Wait()
	return stream
}

// live returns the events of a stream after its endpoint event.
func (h *house) live(stream *pair.Stream) []framing.Event {
	synctest.Wait()
	events := eventsOf(stream)
	if len(events) == 0 || events[0].Type != "endpoint" {
		step.Fail(h.t, "a client connected: its first event must be the endpoint event, as in lesson 04", fmt.Sprintf("got  %q", stream.Received()))
	}
	return events[1:]
}

// published returns the events of a stream without those that open it.
func (h *house) published(stream *pair.Stream) []framing.Event {
	return slices.DeleteFunc(h.live(stream), func(e framing.Event) bool { return e.Type == "start" || e.Type == "reset" })
}

// lastOf returns the last of events, if there is one.
func lastOf(events []framing.Event) framing.Event {
	return append([]framing.Event{{}}, events...)[len(events)]
}

func eventsOf(stream *pair.Stream) []framing.Event {
	return step.Values(parsing.NewDecoder(strings.NewReader(stream.Received())).Events())
}

func idOf(e framing.Event) string   { return e.ID }
func dataOf(e framing.Event) string { return e.Data }

// span returns the numbers from first to last.
func span(first, last int) string {
	var all []int
	for n := first; n <= last; n++ {
		all = append(all, n)
	}
	return joined(all, func(n int) string { return fmt.Sprint(n) })
}

// A tape is a ResponseWriter that keeps what it gets.
type tape struct {
	onWrite func() // if not nil, it is called first
	header  http.Header

	mu   sync.Mutex // guards text
	text strings.Builder
}

func (w *tape) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

func (w *tape) WriteHeader(int) {}
func (w *tape) Flush()          {}

func (w *tape) Write(p []byte) (int, error) {
	if w.onWrite != nil {
		w.onWrite()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *tape) events() []framing.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return step.Values(parsing.NewDecoder(strings.NewReader(w.text.String())).Events())
}
