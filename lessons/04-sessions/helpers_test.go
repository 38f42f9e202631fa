package sessions_test

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strconv"
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
	returns(t, "Open does not return, and nobody else is here for whom it could wait: it waits for itself", func() {
		s, err = r.Open(t.Context())
	})
	step.Equal(t, "Open returned an error, with room for one more", nil, err)
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

// returns runs f. When f does not return, the step fails with sentence.
func returns(t *testing.T, sentence string, f func()) {
	t.Helper()
	defer step.Waiting(t, func() (string, []string) { return sentence, nil })()
	f()
}

// queued takes out what waits for the client of s, and returns it as the client would
// understand it.
func queued(s *sessions.Session) []framing.Event {
	synctest.Wait()
	var wire []byte
	for {
		select {
		case frame, ok := <-s.Frames():
			if !ok {
				return events(string(wire))
			}
			wire = append(wire, frame...)
		default:
			return events(string(wire))
		}
	}
}

// frame takes out one frame that waits for the client of s.
func frame(t *testing.T, s *sessions.Session) []byte {
	t.Helper()
	synctest.Wait()
	select {
	case frame := <-s.Frames():
		if len(frame) > 0 {
			return frame
		}
	default:
	}
	step.Fail(t, "an event was broadcast, and nothing waits for one of the sessions")
	return nil
}

// closed reports whether frames is a closed channel.
func closed(frames <-chan []byte) bool {
	for {
		select {
		case _, ok := <-frames:
			if !ok {
				return true
			}
		default:
			return false
		}
	}
}

// events returns what a client makes of the bytes in wire.
func events(wire string) []framing.Event {
	var all []framing.Event
	for e := range parsing.NewDecoder(strings.NewReader(wire)).Events() {
		all = append(all, e)
	}
	return all
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

func wantFieldError(t *testing.T, whoWasGiven string, err error) {
	t.Helper()
	if _, ok := errors.AsType[*framing.FieldError](err); !ok {
		step.Fail(t, whoWasGiven+" an event that cannot be framed, and its error does not say so",
			fmt.Sprintf("got  %v", err), "want the *framing.FieldError of AppendText")
	}
}

func wantError(t *testing.T, sentence string, want, got error) {
	t.Helper()
	if !errors.Is(got, want) {
		step.Fail(t, sentence, fmt.Sprintf("got  %v", got), fmt.Sprintf("want the error %q", want))
	}
}

// repeated returns the places of two ids that are the same, if there are such.
func repeated(ids []string) (first, second int, found bool) {
	places := map[string]int{}
	for second, id := range ids {
		if first, found := places[id]; found {
			return first, second, true
		}
		places[id] = second
	}
	return 0, 0, false
}

// chance returns how many bits of chance there can be in ids at the most: each
// character is worth as much as there are others in its place.
func chance(ids []string) float64 {
	var bits float64
	for place := range len(ids[0]) {
		seen := map[byte]bool{}
		for _, id := range ids {
			if place < len(id) {
				seen[id[place]] = true
			}
		}
		bits += math.Log2(float64(len(seen)))
	}
	return bits
}

// span returns how many events there are, with the first one and the last one.
func span(events []framing.Event) string {
	if len(events) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d, from %s to %s", len(events), events[0].Data, events[len(events)-1].Data)
}

// wantLocked holds the lock of a registry, and lets each of those come by who have to
// wait for it.
func wantLocked(t *testing.T) {
	t.Helper()
	r := sessions.NewRegistry(0)
	s := open(t, r)
	lock, found := step.LockOf(r)
	if !found {
		return
	}
	var visitors step.Crowd
	defer visitors.Wait()
	lock.Lock()
	defer lock.Unlock()
	for _, visit := range []struct {
		name string
		f    func()
	}{
		{"Open", func() { r.Open(t.Context()) }},
		{"Get", func() { r.Get(s.ID()) }},
		{"Len", func() { r.Len() }},
		{"Broadcast", func() { r.Broadcast(framing.Event{Data: "hello"}) }},
		{"Close", s.Close},
	} {
		if visitors.Come(visit.f) {
			step.Fail(t, "somebody is at the map and holds its lock, and "+visit.name+" did not wait for it",
				"as soon as two are at the map in the same instant, Go ends the whole server:", "fatal error: concurrent map read and map write")
		}
	}
}

// wantLimitKept lets ten clients come in the same instant, with room for two.
func wantLimitKept(t *testing.T) {
	t.Helper()
	r := sessions.NewRegistry(2)
	lock, found := step.LockOf(r)
	if !found {
		return
	}
	var clients step.Crowd
	lock.Lock()
	began := time.Now()
	for range 10 {
		clients.Come(func() { r.Open(t.Context()) })
	}
	// When somebody who has waited for a millisecond is woken and finds the lock taken
	// again, the others get it in turn from then on. So each of the ten has the lock
	// once before anyone can have it for a second time.
	for time.Since(began) < 2*time.Millisecond {
		runtime.Gosched()
	}
	lock.Unlock()
	lock.Lock()
	clients.Settle()
	lock.Unlock()
	clients.Wait()
	step.Equal(t, "the limit is 2, and 10 clients have come in the same instant: Len", 2, r.Len())
}

// rush lets eight goroutines open sessions, send and close, as fast as they can.
func rush(t *testing.T) {
	t.Helper()
	r := sessions.NewRegistry(0)
	var everyone sync.WaitGroup
	for range 8 {
		everyone.Go(func() {
			for range 50 {
				if s, err := r.Open(t.Context()); err == nil {
					r.Send(s.ID(), framing.Event{Data: "hello"})
					r.Broadcast(framing.Event{Data: "hello, all"})
					s.Close()
					s.Send(framing.Event{Data: "goodbye"})
				}
			}
		})
	}
	returns(t, "8 goroutines opened sessions, sent and closed, all at once, and now they wait for each other", everyone.Wait)
	step.Equal(t, "8 goroutines opened sessions, sent and closed, all at once, and all of them have left: Len", 0, r.Len())
}

// broadcastTo sends one event to everyone, and checks that those who are quick have it,
// and that nobody had to wait.
func broadcastTo(t *testing.T, r *sessions.Registry, quick []*sessions.Session, text string) error {
	t.Helper()
	began := time.Now()
	var err error
	returns(t, "one client does not read, and Broadcast waits for it: nobody else hears anything", func() {
		err = r.Broadcast(framing.Event{Data: text})
	})
	step.Equal(t, "one client does not read: how long Broadcast waited for it, and all the others with it", 0, time.Since(began))
	for _, s := range quick {
		step.Equal(t, "one client does not read, and another one does: what waits for that one", text, data(queued(s)))
	}
	return err
}

// wantWhole holds up what is written to two clients, and checks that each gets all that
// has waited for it meanwhile, in order, and nothing that is for the other one.
func wantWhole(t *testing.T) {
	t.Helper()
	r := sessions.NewRegistry(0)
	s := serve(t, r, "")
	alice, bob := s.join(t), s.join(t)
	long := roomy()

	s.gate.shut()
	defer s.gate.open()
	r.Broadcast(framing.Event{Data: "first"})
	synctest.Wait() // both handlers stand at the gate with it
	r.Broadcast(long)
	r.Send(alice.id, framing.Event{Data: "for-alice"})
	r.Send(bob.id, framing.Event{Data: "for-bob"})
	r.Broadcast(framing.Event{Data: "last"})
	s.gate.letThrough(2)
	synctest.Wait() // and now with what has waited
	s.gate.open()
	synctest.Wait()

	for _, c := range []struct {
		name, want string
		client
	}{
		{"Alice", "first long for-alice last", alice},
		{"Bob", "first long for-bob last", bob},
	} {
		step.Equal(t, "two clients were slow, events for both and for each of them have waited, and now all is written: what "+c.name+"'s client has understood",
			c.want, strings.ReplaceAll(c.heard(), long.Data, "long"))
	}
}

// roomy returns an event whose frame has room for two short ones behind its bytes:
// whoever appends to it does so in memory that all sessions share.
func roomy() framing.Event {
	var e framing.Event
	for len(e.Data) < 4096 {
		e.Data += "x"
		if frame, _ := e.AppendText(nil); cap(frame)-len(frame) >= 32 {
			break
		}
	}
	return e
}

// A server has a registry at /events, and at /responses somebody who says 202 to those
// whose session it knows.
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
		r.ServeHTTP(announcing{gated{w, gate}, func(id string) {
			if _, known := r.Get(id); !known {
				early.Store(true)
			}
		}}, req)
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

// A gate holds up those who write, while it is shut.
type gate struct {
	closed atomic.Bool
	turns  chan struct{}
}

func (g *gate) shut() { g.closed.Store(true) }

// letThrough lets n of those who stand at the gate go on, or all, if they are fewer.
func (g *gate) letThrough(n int) {
	for range n {
		select {
		case g.turns <- struct{}{}:
		default:
		}
	}
}

// open lets everyone go on. Opening it twice is fine.
func (g *gate) open() {
	if g.closed.CompareAndSwap(true, false) {
		close(g.turns)
	}
}

type gated struct {
	http.ResponseWriter
	gate *gate
}

func (w gated) Write(p []byte) (int, error) {
	if w.gate.closed.Load() {
		<-w.gate.turns
	}
	return w.ResponseWriter.Write(p)
}

func (w gated) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// An announcing writer tells when the id of a session is written.
type announcing struct {
	http.ResponseWriter
	announced func(id string)
}

func (w announcing) Write(p []byte) (int, error) {
	if found := sessionID.FindSubmatch(p); found != nil {
		id, _ := url.QueryUnescape(string(found[1]))
		w.announced(id)
	}
	return w.ResponseWriter.Write(p)
}

func (w announcing) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var sessionID = regexp.MustCompile(`session=([^&\s]+)`)

// losing is middleware whose ResponseWriter refuses an event with this text in it.
func losing(text string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h.ServeHTTP(losingWriter{w, text}, req)
	})
}

type losingWriter struct {
	http.ResponseWriter
	text string
}

func (w losingWriter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.text) {
		return 0, errors.New("refused")
	}
	return w.ResponseWriter.Write(p)
}

func (w losingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

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
		step.Fail(t, "the first event does not tell the client its session", fmt.Sprintf("got  %q", stream.Received()))
	}
	return client{stream, address.Query().Get("session")}
}

// heard returns what the client has understood so far, after the first event.
func (c client) heard() string { return data(events(c.stream.Received())[1:]) }

const handlerStays = "a client has closed its connection, and its handler still waits: it stays, with all that it holds, until the server stops"

// next waits for the next event of stream.
func next(t *testing.T, stream *pair.Stream) framing.Event {
	t.Helper()
	for {
		all := events(stream.Frame("the client waits for the first event, which tells it where to answer"))
		if len(all) > 0 {
			return all[0]
		}
	}
}

// wantRetryAfter checks that value is a number of seconds, or a date.
func wantRetryAfter(t *testing.T, value string) {
	t.Helper()
	seconds, err := strconv.Atoi(value)
	if _, notDate := http.ParseTime(value); notDate != nil && (err != nil || seconds <= 0) {
		step.Fail(t, "the client was not told when to try again: it comes back at once, and so do all the others",
			fmt.Sprintf("got  Retry-After: %s", value), "want Retry-After: 5, or any other number of seconds above 0")
	}
}
