package sessions_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
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
	step.Returns(t, "Open does not return, and nobody else is here for whom it could wait: it waits for itself", func() {
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

// waits takes out what waits for the client of s: each frame, as the session's handler
// would write it. It reports whether the queue is closed. The other helpers ask it.
func waits(s *sessions.Session) (frames [][]byte, closed bool) {
	for {
		select {
		case frame, ok := <-s.Frames():
			if !ok {
				return frames, true
			}
			frames = append(frames, frame)
		default:
			return frames, false
		}
	}
}

// queued takes out what waits for the client of s, when nothing more can happen in the
// bubble, and returns it as the client would understand it.
func queued(s *sessions.Session) []framing.Event {
	synctest.Wait()
	frames, _ := waits(s)
	return events(string(bytes.Join(frames, nil)))
}

// frame takes out the frames that wait for the client of s, and returns the first.
func frame(t *testing.T, s *sessions.Session) []byte {
	t.Helper()
	synctest.Wait()
	frames, _ := waits(s)
	if len(frames) == 0 || len(frames[0]) == 0 {
		step.Fail(t, "an event was broadcast, and nothing waits for one of the sessions")
	}
	return frames[0]
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

func wantFieldError(t *testing.T, whoWasGiven string, err error) {
	t.Helper()
	if _, ok := errors.AsType[*framing.FieldError](err); !ok {
		step.Fail(t, whoWasGiven+" an event that cannot be framed, and its error does not say so",
			fmt.Sprintf("got  %v", err), "want the *framing.FieldError of AppendText")
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

// wantLocked checks that whoever is at the map asks for its lock.
func wantLocked(t *testing.T) {
	t.Helper()
	r := sessions.NewRegistry(0)
	s := open(t, r)
	step.Exclusive(t, r, step.Calls{
		{"Open", func() { r.Open(t.Context()) }},
		{"Get", func() { r.Get(s.ID()) }},
		{"Len", func() { r.Len() }},
		{"Broadcast", func() { r.Broadcast(framing.Event{Data: "hello"}) }},
		{"Close", s.Close},
	})
}

// wantLimitKept lets ten clients come in the same instant, with room for two.
func wantLimitKept(t *testing.T) {
	t.Helper()
	r := sessions.NewRegistry(2)
	step.AtOnce(r, 10, func(int) { r.Open(t.Context()) })
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
	step.Returns(t, "8 goroutines opened sessions, sent and closed, all at once, and now they wait for each other", everyone.Wait)
	step.Equal(t, "8 goroutines opened sessions, sent and closed, all at once, and all of them have left: Len", 0, r.Len())
}

// broadcastTo sends one event to everyone, and checks that those who are quick have it,
// and that nobody had to wait.
func broadcastTo(t *testing.T, r *sessions.Registry, quick []*sessions.Session, text string) error {
	t.Helper()
	began := time.Now()
	var err error
	step.Returns(t, "one client does not read, and Broadcast waits for it: nobody else hears anything", func() {
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

// A gate holds up those who write, while it is shut.
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
