package sessions_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 3: over HTTP.

// The client cannot know its session's id, or the prefix under which your handler is
// mounted. The address in this event is relative to the one that the client asked for.
func TestTheFirstEventTellsWhereToAnswer(t *testing.T) {
	defer step.Begin(t)()
	wantEndpoint(t)
	for _, prefix := range []string{"", "/gw"} {
		step.Bubble(t, func(t *testing.T) {
			var r sessions.Registry
			s := serve(t, &r, prefix)
			client := s.Open(prefix + "/events")
			e := next(t, client)
			step.Equal(t, "the type of the first event must be endpoint: without that type, a client does not learn where to answer", "endpoint", e.Type)

			synctest.Wait()
			step.Equal(t, "a client got its first event and stays connected, but Len() is not 1: ServeHTTP must not return before the client leaves", 1, r.Len())

			asked, _ := url.Parse(s.URL + prefix + "/events")
			address, err := asked.Parse(e.Data)
			failIf(t, err != nil || address.Host != asked.Host, "the first event's data is not an address on this server", fmt.Sprintf("got  %q", e.Data), `want "responses?session=ID"`)
			if status := s.Post(address.RequestURI(), "application/json", `{}`).Status; status != http.StatusAccepted {
				step.Fail(t, fmt.Sprintf("the client posted its answer to the address in the first event, but got a %d", status),
					"asked for  "+asked.Path, "was told   "+e.Data, "posted to  "+address.RequestURI(),
					"want       "+prefix+"/responses?session=ID, with the ID of its session")
			}
			failIf(t, s.early.Load(), "the first event was written before Get could find the session: a client that answers at once gets a 404")
			client.Leave()
			client.WaitHandler(handlerStays)
		})
	}
	step.Bubble(t, func(t *testing.T) { wantNewID(t) })
}

// Anyone may put a frame into the queue. Pump takes it out, and writes it to the client.
func TestEachClientHearsWhatIsForIt(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		s := serve(t, &r, "")
		alice, bob := s.join(t), s.join(t)
		r.Send(alice.id, framing.Event{Data: "for-alice"})
		r.Broadcast(framing.Event{Data: "for-both"})
		r.Send(bob.id, framing.Event{Data: "for-bob"})
		synctest.Wait()
		step.Equal(t, "one event was sent to Alice, then one to both clients, then one to Bob: Alice's client must get the first two, in order", "for-alice for-both", alice.heard())
		step.Equal(t, "one event was sent to Alice, then one to both clients, then one to Bob: Bob's client must get the last two, in order", "for-both for-bob", bob.heard())
	})
	step.Bubble(t, func(t *testing.T) { wantFirst(t) })
	step.Bubble(t, func(t *testing.T) { wantWhole(t) })
}

// wantWhole holds up what is written to two clients, and checks that each gets all that
// was queued for it meanwhile, in order, and nothing that is for the other one.
func wantWhole(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	s := serve(t, &r, "")
	alice, bob := s.join(t), s.join(t)
	long := roomy()

	s.gate.shut()
	defer s.gate.open()
	r.Broadcast(framing.Event{Data: "first"})
	synctest.Wait() // both handlers wait at the gate with it
	r.Broadcast(long)
	r.Send(alice.id, framing.Event{Data: "for-alice"})
	r.Send(bob.id, framing.Event{Data: "for-bob"})
	r.Broadcast(framing.Event{Data: "last"})
	s.gate.letThrough(2)
	synctest.Wait() // and now with what was queued meanwhile
	s.gate.open()
	synctest.Wait()

	for _, c := range []struct {
		name, want string
		client
	}{
		{"Alice", "first long for-alice last", alice},
		{"Bob", "first long for-bob last", bob},
	} {
		step.Equal(t, "two clients were slow, and events waited for both: "+c.name+"'s client must get exactly its own events, in order",
			c.want, strings.ReplaceAll(c.heard(), long.Data, "long"))
	}
}

// wantEndpoint checks that the address in a session's Endpoint has the session's id,
// whatever is in it.
func wantEndpoint(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	for range 100 {
		s := open(t, &r)
		e := s.Endpoint()
		address, err := url.Parse(e.Data)
		failIf(t, err != nil || address.Query().Get("session") != s.ID() || len(address.Query()) != 1, "Endpoint returned the wrong address: its only query parameter must be session, with the session's id", fmt.Sprintf("got  %q", e.Data), fmt.Sprintf("want responses?session=ID, where ID is %q, escaped", s.ID()))
		failIf(t, e.ID != "" || e.Retry != 0, "Endpoint returned an event with an ID or a Retry: a client would keep them for its next connection", fmt.Sprintf("got  ID %q, Retry %v", e.ID, e.Retry), "want neither")
	}
}

// wantNewID checks that a client does not get the id that it names, and that its id is not
// written to the log.
func wantNewID(t *testing.T) {
	t.Helper()
	var logged bytes.Buffer
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	var r sessions.Registry
	stream := serve(t, &r, "").Open("/events?session=mine&id=mine", "Session-Id", "mine", "Mcp-Session-Id", "mine", "Last-Event-ID", "mine", "Cookie", "session=mine")
	e := next(t, stream)
	failIf(t, strings.Contains(e.Data, "mine"), "a client put an id into its request, and its session got that id: anyone could take over another client's session",
		fmt.Sprintf("got  %q", e.Data), "want a new id")
	ids := []string{r.All()[0].ID()}
	stream.Leave()
	stream.WaitHandler(handlerStays)
	failing := pair.Memory(t, losing("news", &r)).Open("/events")
	next(t, failing)
	ids = append(ids, r.All()[0].ID())
	r.Broadcast(framing.Event{Data: "news"})
	failing.WaitHandler("an event could not be written, but the client's handler is still waiting")
	failIf(t, strings.Contains(logged.String(), ids[0]) || strings.Contains(logged.String(), ids[1]), "a session's id was written to the log: anyone who can read the log can answer for the client", "got  "+logged.String(), "want a log without ids")
}

// comment is a comment, which clients read past.
var comment = regexp.MustCompile(`(?m)^:.*\n\n?`)

// wantFirst checks that Stream sends the first events before those that wait, leaves
// them unchanged, and refuses one that cannot be framed.
func wantFirst(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	var err error
	var endpoint framing.Event
	first := append(make([]framing.Event, 0, 32), framing.Event{}) // with room for more
	for i := range 20 {
		first = append(first, framing.Event{ID: "7", Type: "greeting", Data: strconv.Itoa(i + 1), Retry: time.Second})
	}
	var wire []byte
	for _, e := range first {
		wire, _ = e.AppendText(wire)
	}
	given := data(first)
	p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := r.Open(req.Context())
		defer s.Close()
		endpoint = s.Endpoint()
		s.Send(framing.Event{Data: "queued"})
		if req.URL.Query().Has("bad") {
			err = s.Stream(w, req, first[0], unframeable)
			return
		}
		err = s.Stream(w, req, first...)
	}))
	client := p.Open("/events")
	synctest.Wait()
	all := events(client.Received())
	if len(all) > 0 && all[0].Type == "endpoint" {
		all[0].Data = "endpoint"
	}
	step.Equal(t, "an event was queued, then Stream was called with 21 events (the first is empty): the client must get the Endpoint, then these 21 events, then the queued event",
		"endpoint "+given+" queued", data(all))
	head, _ := endpoint.AppendText(nil)
	step.Equal(t, "Stream was called with events that have an ID, a Type and a Retry: the client must get the Endpoint and these events, unchanged",
		string(head)+string(wire), strings.TrimSuffix(comment.ReplaceAllString(client.Received(), ""), "data: queued\n\n"))
	client.Leave()
	client.WaitHandler(handlerStays)
	wantNoError(t, "the client left and the session ended with it, but Stream returned an error", err)
	step.Equal(t, "Stream changed the slice that it was called with: handlers that share a slice would send each other's events", given, data(first))

	client = p.Open("/events?bad")
	client.WaitHandler("Stream was called with an event that cannot be framed, but did not return")
	wantFieldError(t, "Stream", err)
}

// roomy returns an event whose frame has room for two short ones behind its bytes: an
// append to it goes into memory that all sessions share. The frame is long, so that a
// stream does not copy it on its way to the gate.
func roomy() framing.Event {
	e := framing.Event{Data: strings.Repeat("x", 20<<10)}
	for len(e.Data) < 30<<10 {
		e.Data += "x"
		if frame, _ := e.AppendText(nil); cap(frame)-len(frame) >= 32 {
			break
		}
	}
	return e
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

// join connects one more client.
func (s server) join(t *testing.T) client {
	t.Helper()
	stream := s.Open("/events")
	address, err := url.Parse(next(t, stream).Data)
	failIf(t, err != nil || address.Query().Get("session") == "", "the first event does not name the client's session", fmt.Sprintf("got  %q", stream.Received()))
	return client{stream, address.Query().Get("session")}
}

// heard returns the data that the client received after its first event.
func (c client) heard() string { return data(events(c.stream.Received())[1:]) }

// next waits for the next event of stream.
func next(t *testing.T, stream *pair.Stream) framing.Event {
	t.Helper()
	step.Equal(t, "a client asked for its stream: it must get a 200", http.StatusOK, stream.Status())
	for {
		all := events(stream.NextFrame("the first event did not arrive: Stream must send it at once, because it tells the client where to answer"))
		if len(all) > 0 {
			return all[0]
		}
	}
}

// wantListOfOwn changes a list that All returned.
func wantListOfOwn(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	s := open(t, &r)
	for range 3 {
		clear(r.All())
		step.Equal(t, "a caller changed the list that it got from All: the next call to All must still return the open session (shown: whether it did)",
			true, slices.Equal(r.All(), []*sessions.Session{s}))
		wantNoError(t, "a caller changed the list that it got from All, and then Broadcast returned an error: All must return a copy", r.Broadcast(framing.Event{Data: "hello"}))
	}
}

// wantClosedForAll closes a session twice while a policy runs, for which a Close may have to wait.
func wantClosedForAll(t *testing.T) {
	t.Helper()
	proceed := make(chan struct{})
	r := sessions.Registry{MaxQueuedBytes: 100, Policy: func(waiting [][]byte, next []byte) ([][]byte, error) {
		<-proceed
		return append(waiting, next), nil
	}}
	s := open(t, &r)
	var crowd step.Crowd
	early := false
	for _, f := range []func(){
		func() { s.Send(framing.Event{Data: "1"}); s.Send(framing.Event{Data: "2"}) },
		s.Close,
		func() { s.Close(); early = !ended(s) },
		func() { s.Send(framing.Event{Data: "3"}) },
	} {
		crowd.Start(f)
		crowd.Settle()
	}
	close(proceed)
	crowd.Wait()
	failIf(t, early, "two goroutines closed a session while its Policy ran, and one Close returned before the Done channel was closed: each Close must wait until the session has ended")
	wantNoError(t, "MaxQueuedBytes is 100, and an event was sent to session A while A was being closed: session B must accept 90 bytes, because A's event no longer counts",
		open(t, &r).Send(framing.Event{Data: strings.Repeat("x", 90)}))
}

// wantWrittenCounted checks that what is being written to a client still counts until the
// write ends, and no longer, in whatever way the write and the session end.
func wantWrittenCounted(t *testing.T, ending, write string) {
	t.Helper()
	r, text := sessions.Registry{MaxQueuedBytes: 64 << 10, Policy: refusing(errEnds)}, strings.Repeat("ha", 500)
	room := func() int {
		other := open(t, &r)
		defer other.Close()
		return fillQueue(t, other, text)
	}
	all := room()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	slow, _ := r.Open(ctx)
	for range 60 {
		slow.Send(framing.Event{Data: text})
	}
	proceed, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		defer func() { recover() }()
		slow.Pump(sinkFunc(func(...[]byte) error {
			<-proceed
			if write == "panicked" {
				panic(errLost)
			}
			return map[string]error{"failed": errLost}[write]
		}))
	}()
	synctest.Wait()                      // all of it is being written
	slow.Send(framing.Event{Data: text}) // and this one waits
	map[string]func(){"stayed open": func() {}, "was closed": slow.Close, "lost its context": leave,
		"was ended by its Policy": func() { slow.Send(framing.Event{Data: "xx"}) }}[ending]()
	synctest.Wait()
	fit := room()
	failIf(t, fit > 5, "MaxQueuedBytes is 64 KiB and 60 KB is being written to a slow client: those bytes must still count, so that little room is left for other clients",
		fmt.Sprintf("got  room for %d KB (the session %s)", fit, ending), "want room for 5 KB at most")
	close(proceed)
	synctest.Wait()
	slow.Close()
	<-done
	step.Equal(t, "a session "+ending+" during a write of 60 KB that "+write+": once the session and the write have ended, the 60 KB must no longer count, or other clients get ErrFull (shown: events that fit into another queue)", all, room())
}
