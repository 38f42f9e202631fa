package sessions_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
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
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

func TestMain(m *testing.M) { step.Main(m) }

// open opens a session that ends with the test.
func open(t *testing.T, r *sessions.Registry) *sessions.Session {
	t.Helper()
	var s *sessions.Session
	var err error
	step.Returns(t, "Open hangs although nothing else is running that could wake it: it is waiting for itself", func() {
		s, err = r.Open(t.Context())
	})
	wantNoError(t, "Open returned an error, with room for one more", err)
	if s == nil {
		step.Fail(t, "Open returned neither a session nor an error")
	}
	return s
}

// ended reports whether s says that it has ended.
func ended(s *sessions.Session) bool {
	select {
	case <-s.Done():
		return true
	default:
		return false
	}
}

// events returns what a client makes of the bytes in wire.
func events(wire string) []framing.Event {
	return step.Values(parsing.NewDecoder(strings.NewReader(wire)).Events())
}

// data returns the data of each event.
func data(events []framing.Event) string {
	var all []string
	for _, e := range events {
		all = append(all, e.Data)
	}
	return strings.Join(all, " ")
}

// unframeable is an event that would break out of its frame.
var unframeable = framing.Event{ID: "7\ndata: forged", Data: "hello"}

// wantNoError checks that err is nil. A nil pointer of an error's type is not.
func wantNoError(tb testing.TB, sentence string, err error) {
	tb.Helper()
	if err == nil {
		return
	}
	details := []string{fmt.Sprintf("got  %v (a %T)", err, err), "want nil"}
	if value := reflect.ValueOf(err); value.Kind() == reflect.Pointer && value.IsNil() {
		details = append(details, "an error that holds a nil pointer is not nil: return nil itself")
	}
	step.Fail(tb, sentence, details...)
}

func wantFieldError(t *testing.T, call string, err error) {
	t.Helper()
	if _, ok := errors.AsType[*framing.FieldError](err); !ok {
		step.Fail(t, call+" got an event that cannot be framed, but did not return the error of AppendText",
			fmt.Sprintf("got  %v", err), "want a *framing.FieldError")
	}
}

// span returns how many events there are, with the first word of the first one and
// of the last one.
func span(events []framing.Event) string {
	if len(events) == 0 {
		return "none"
	}
	first, _, _ := strings.Cut(events[0].Data, " ")
	last, _, _ := strings.Cut(events[len(events)-1].Data, " ")
	return fmt.Sprintf("%d, from %s to %s", len(events), first, last)
}

// fillQueue sends events with this data to s until its queue is full, and returns how
// many fit.
func fillQueue(t *testing.T, s *sessions.Session, text string) int {
	t.Helper()
	for sent := range 3000 {
		if err := s.Send(framing.Event{Data: text}); err != nil {
			step.ErrorIs(t, "Send did not return ErrFull for a full queue", sessions.ErrFull, err)
			return sent
		}
	}
	step.Fail(t, "a session's client read none of 3000 events, but Send never returned an error: they fill your memory")
	return 0
}

// A pump is a call of a session's Pump, and its sink. It is for a bubble.
type pump struct {
	session *sessions.Session
	turns   chan error // what each call of SendFrames waits for and returns; nil: it returns nil at once

	got  step.List[[][]byte] // what each call of SendFrames has got
	seen int                 // the calls that frames has returned
	done chan struct{}
	err  error // what Pump returned, when done is closed
}

// startPump calls the Pump of s, until the session ends.
func startPump(s *sessions.Session) *pump {
	p := &pump{session: s, done: make(chan struct{})}
	go p.run()
	return p
}

func (p *pump) run() {
	defer close(p.done)
	p.err = p.session.Pump(p)
}

// SendFrames is what Pump calls.
func (p *pump) SendFrames(frames ...[]byte) error {
	p.got.Add(slices.Clone(frames))
	if p.turns == nil {
		return nil
	}
	select {
	case err := <-p.turns:
		return err
	case <-p.session.Done():
		return nil
	}
}

// frames returns the frames that have come since it was called last.
func (p *pump) frames() [][]byte {
	calls := p.got.All()
	defer func() { p.seen = len(calls) }()
	return slices.Concat(calls[p.seen:]...)
}

// news returns the events that have come since it was called last, when nothing more
// can happen in the bubble.
func (p *pump) news() []framing.Event {
	synctest.Wait()
	return events(string(bytes.Join(p.frames(), nil)))
}

// calls returns the data of all events, with a bar between two calls of SendFrames.
func (p *pump) calls() string {
	var calls []string
	for _, frames := range p.got.All() {
		calls = append(calls, data(events(string(bytes.Join(frames, nil)))))
	}
	return strings.Join(calls, " | ")
}

// wantEnd checks that Pump has returned want, once nothing more can happen.
func (p *pump) wantEnd(t *testing.T, sentence string, want error) {
	t.Helper()
	synctest.Wait()
	select {
	case <-p.done:
		if !errors.Is(p.err, want) {
			step.Fail(t, sentence+" returned another error", fmt.Sprintf("got  %v", p.err), fmt.Sprintf("want %v", want))
		}
	default:
		step.Fail(t, sentence+" goes on waiting: its goroutine stays, with all that it holds")
	}
}

// A server has a registry at /events. At /responses it answers 202 to a client whose
// session is open.
type server struct {
	*pair.Pair
	early *atomic.Bool // whether a session's id was written before the registry knew it
	gate  *gate        // before each write to a stream
}

// serve starts a server whose paths begin with prefix.
func serve(t *testing.T, r *sessions.Registry, prefix string) server {
	t.Helper()
	early, gate := &atomic.Bool{}, &gate{turns: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, req *http.Request) {
		r.ServeHTTP(pair.Intercept(w, func(p []byte) (int, error) {
			if found := sessionID.FindSubmatch(p); found != nil {
				id, _ := url.QueryUnescape(string(found[1]))
				if _, known := r.Get(id); !known {
					early.Store(true)
				}
			}
			gate.pass()
			return w.Write(p)
		}), req)
	})
	mux.HandleFunc("POST /responses", func(w http.ResponseWriter, req *http.Request) {
		if _, known := r.Get(req.URL.Query().Get("session")); !known {
			http.NotFound(w, req)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	return server{pair.Memory(t, http.StripPrefix(prefix, mux)), early, gate}
}

// sessionID finds the ID in the first event.
var sessionID = regexp.MustCompile(`session=([^&\s]+)`)

// A gate holds up writes while it is shut.
type gate struct {
	closed atomic.Bool
	turns  chan struct{}
}

// pass waits while the gate is shut.
func (g *gate) pass() {
	if g.closed.Load() {
		<-g.turns
	}
}

func (g *gate) shut() { g.closed.Store(true) }

// letThrough lets n of the writes at the gate go on, or all if there are fewer.
func (g *gate) letThrough(n int) {
	for range n {
		select {
		case g.turns <- struct{}{}:
		default:
		}
	}
}

// open lets all go on. Opening it twice is fine.
func (g *gate) open() {
	if g.closed.CompareAndSwap(true, false) {
		close(g.turns)
	}
}

// A client is connected, and knows the id of its session.
type client struct {
	stream *pair.Stream
	id     string
}

// join lets one more client connect.
func (s server) join(t *testing.T) client {
	t.Helper()
	stream := s.Open("/events")
	address, err := url.Parse(next(t, stream).Data)
	if err != nil || address.Query().Get("session") == "" {
		step.Fail(t, "the first event does not name the client's session", fmt.Sprintf("got  %q", stream.Received()))
	}
	return client{stream, address.Query().Get("session")}
}

// heard returns what the client has understood so far, after the first event.
func (c client) heard() string { return data(events(c.stream.Received())[1:]) }

const handlerStays = "the client closed its connection but its handler is still waiting: it stays, with all that it holds, until the server stops"

// next waits for the next event of stream.
func next(t *testing.T, stream *pair.Stream) framing.Event {
	t.Helper()
	for {
		all := events(stream.NextFrame("the stream ended before its first event, which tells the client where to answer"))
		if len(all) > 0 {
			return all[0]
		}
	}
}

// atOnce calls f on n goroutines, and returns when all have returned.
func atOnce(n int, f func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(f)
	}
	all.Wait()
}

// waiting returns how many events wait in the queue of s.
func waiting(t *testing.T, s *sessions.Session) (n int) {
	t.Helper()
	step.Returns(t, "events were queued for a session, but its Pump hands over nothing", func() {
		s.Pump(sinkFunc(func(frames ...[]byte) error {
			n = len(events(string(bytes.Join(frames, nil))))
			return errLost // and so Pump returns
		}))
	})
	return n
}

// A sinkFunc is a Sink.
type sinkFunc func(frames ...[]byte) error

func (f sinkFunc) SendFrames(frames ...[]byte) error { return f(frames...) }

// broadcastTo broadcasts an event, and checks that those that are quick get it, and
// that none of them has to wait.
func broadcastTo(t *testing.T, r *sessions.Registry, quick []*pump, text string) error {
	t.Helper()
	began := time.Now()
	var err error
	step.Returns(t, "one client does not read, and Broadcast waits for it: no other client gets anything", func() {
		err = r.Broadcast(framing.Event{Data: text})
	})
	step.Equal(t, "one client does not read, and Broadcast waited for it, and all the others with it", 0, time.Since(began))
	for _, p := range quick {
		step.Equal(t, "one client does not read, but another does, and its Pump handed this over", text, data(p.news()))
	}
	return err
}

// wantMissed checks that err names the sessions that missed a broadcast.
func wantMissed(t *testing.T, scene string, err error, want ...*sessions.Session) {
	t.Helper()
	step.ErrorIs(t, scene+", but Broadcast did not return an error that is ErrFull: its caller cannot know that a client missed the event", sessions.ErrFull, err)
	missed, ok := errors.AsType[*sessions.MissedError](err)
	if !ok {
		step.Fail(t, scene+", but Broadcast did not return a *MissedError: its caller cannot know who missed the event", fmt.Sprintf("got  %T", err))
	}
	ids := func(all []*sessions.Session) string {
		var ids []string
		for _, s := range all {
			ids = append(ids, s.ID())
		}
		slices.Sort(ids)
		return strings.Join(ids, " ")
	}
	step.Equal(t, scene+", but the MissedError names other sessions", ids(want), ids(missed.Sessions))
}

// stream is a handler that does what the registry's ServeHTTP does, and keeps the
// error of Stream.
func stream(r *sessions.Registry, err *error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := r.Open(req.Context())
		defer s.Close()
		*err = s.Stream(w, req)
	})
}

// losing is middleware whose ResponseWriter refuses an event with this text in it.
func losing(text string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h.ServeHTTP(pair.Intercept(w, func(p []byte) (int, error) {
			if strings.Contains(string(p), text) {
				return 0, errors.New("refused")
			}
			return w.Write(p)
		}), req)
	})
}

// wantNothingKept checks that sessions that came and left take no memory.
func wantNothingKept(t *testing.T) {
	t.Helper()
	const visits = 2000
	var r sessions.Registry
	visit := func() int {
		for range visits {
			open(t, &r).Close()
		}
		synctest.Wait()
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		return int(memory.HeapObjects)
	}
	before := visit() // what grows with the first ones may stay
	if kept := visit() - before; kept > visits/2 {
		step.Fail(t, "2000 sessions were opened and closed, but something of them stays in memory: it adds up for as long as the server runs",
			fmt.Sprintf("got  %d objects more than before", kept), "want none")
	}
}
