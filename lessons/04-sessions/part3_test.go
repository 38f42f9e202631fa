package sessions_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// Part 3: over HTTP.

// The client cannot know its session's id, nor the prefix under which your handler is
// mounted. The address in this event is relative to the one that it asked for.
func TestTheFirstEventTellsWhereToAnswer(t *testing.T) {
	defer step.Begin(t)()
	wantEndpoint(t)
	step.Bubble(t, func(t *testing.T) { wantNewID(t) })
	for _, prefix := range []string{"", "/gw"} {
		step.Bubble(t, func(t *testing.T) {
			var r sessions.Registry
			s := serve(t, &r, prefix)
			client := s.Open(prefix + "/events")
			e := next(t, client)
			step.Equal(t, "the first event of a stream has another type: a client would not find out where to answer", "endpoint", e.Type)

			synctest.Wait()
			step.Equal(t, "a client has its first event and stays for more, but Len() is not 1: a stream lasts for as long as its handler does", 1, r.Len())

			asked, _ := url.Parse(s.URL + prefix + "/events")
			address, err := asked.Parse(e.Data)
			if err != nil || address.Host != asked.Host {
				step.Fail(t, "the first event's data is not an address on this server", fmt.Sprintf("got  %q", e.Data), `want "responses?session=ID"`)
			}
			if status := s.Post(address.RequestURI(), "application/json", `{}`).Status; status != http.StatusAccepted {
				step.Fail(t, fmt.Sprintf("the client posted its answer to the address in the first event, and got a %d", status),
					"it asked for  "+asked.Path, "and was told  "+e.Data, "so it posted  "+address.RequestURI(),
					"but wanted    "+prefix+"/responses?session=ID, with the ID of its session")
			}
			if s.early.Load() {
				step.Fail(t, "the first event was written before Get knew the session: a client that answers at once gets a 404")
			}
			client.Leave()
			client.WaitHandler(handlerStays)
		})
	}
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
		step.Equal(t, "one event was sent to Alice, one to both, one to Bob. After its first event, Alice's client got", "for-alice for-both", alice.heard())
		step.Equal(t, "one event was sent to Alice, one to both, one to Bob. After its first event, Bob's client got", "for-both for-bob", bob.heard())
	})
	step.Bubble(t, func(t *testing.T) { wantFirst(t) })
	step.Bubble(t, func(t *testing.T) { wantWhole(t) })
}

// The client may close its page, and the server may close the session. And where the
// stream never began, no client will leave.
func TestTheStreamEndsWhenOneOfTheTwoLeaves(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		s := serve(t, &r, "")
		alice, bob := s.join(t), s.join(t)

		alice.stream.Leave()
		alice.stream.WaitHandler(handlerStays)
		synctest.Wait()
		step.Equal(t, "one of two clients left, but Len() is not 1", 1, r.Len())

		session, known := r.Get(bob.id)
		if !known {
			step.Fail(t, "one of two clients left, and the session of the other one is gone")
		}
		session.Close()
		bob.stream.WaitEnd("the server closed a session, but its client's stream goes on: to the client it looks like a stream without news")
		bob.stream.WaitHandler("the server closed a session, but its handler still waits")
	})
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		p := pair.Memory(t, pair.HideFlusher(&r))
		response, err := p.Client.Get(p.URL + "/events")
		if err != nil {
			step.Fail(t, "the ResponseWriter cannot flush, so no stream could be opened, but the handler went on", strings.TrimSpace(p.ServerLog()))
		}
		response.Body.Close()
		synctest.Wait()
		step.Equal(t, "no stream could be opened and the client got its 500, but Len() is not 0", 0, r.Len())
	})
	step.Bubble(t, func(t *testing.T) {
		s := open(t, &sessions.Registry{})
		s.Close()
		wantNoError(t, "a session was closed before its Stream began: Stream must return nil, as for one that is closed later (its client has not left)",
			s.Stream(httptest.NewRecorder(), httptest.NewRequest("GET", "/events", nil)))
	})
	step.Bubble(t, func(t *testing.T) { wantClosedByHandler(t) })
	for _, lost := range []string{"endpoint", "news"} {
		step.Bubble(t, func(t *testing.T) { wantLossNoticed(t, lost) })
	}
	for _, ending := range []string{"the client left", "the session was closed"} {
		step.Bubble(t, func(t *testing.T) { wantWriteAwaited(t, ending) })
	}
	wantHeadersOnly(t)
}

// "Not now" is an answer that a client can work with. A 200 without a stream, or a
// 500, is not.
func TestAFullServerSays503(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.Registry{MaxSessions: 2}
		s := serve(t, &r, "")
		first := s.join(t)
		s.join(t)

		full := s.Open("/events")
		step.Equal(t, "MaxSessions is 2, and a third client got another status", http.StatusServiceUnavailable, full.Status())
		mediaType, _, _ := mime.ParseMediaType(full.Header().Get("Content-Type"))
		step.Equal(t, "the third client got its 503, but the Content-Type does not say that the body explains it", "application/problem+json", mediaType)
		full.WaitEnd("the third client got its 503, but the response does not end")
		var problem struct {
			Status int
			Title  string
		}
		json.Unmarshal([]byte(full.Received()), &problem)
		step.Equal(t, "the body of the 503 has another status or title", "503 Service Unavailable", fmt.Sprint(problem.Status, " ", problem.Title))
		wantRetryAfter(t, full.Header().Get("Retry-After"))

		first.stream.Leave()
		first.stream.WaitHandler(handlerStays)
		synctest.Wait()
		step.Equal(t, "one of two clients left, but the next one did not get in: its status is another", http.StatusOK, s.Open("/events").Status())
	})
}

// wantWhole holds up what is written to two clients, and checks that each gets all that
// has waited for it meanwhile, in order, and nothing that is for the other one.
func wantWhole(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	s := serve(t, &r, "")
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
		step.Equal(t, "two clients were slow, and events for both and for each of them waited. All of them are written now, and "+c.name+"'s client got",
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
		if err != nil || address.Query().Get("session") != s.ID() {
			step.Fail(t, "Endpoint returned an address that does not name the session", fmt.Sprintf("got  %q", e.Data), fmt.Sprintf("want responses?session= with the id %q, escaped", s.ID()))
		}
	}
}

// wantNewID checks that a client does not get the id that it names.
func wantNewID(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	stream := serve(t, &r, "").Open("/events?session=mine&id=mine", "Session-Id", "mine", "Mcp-Session-Id", "mine", "Last-Event-ID", "mine", "Cookie", "session=mine")
	if e := next(t, stream); strings.Contains(e.Data, "mine") {
		step.Fail(t, "a client named the id of the session that it wants, and got it: so would anyone who knows the id of another client",
			fmt.Sprintf("got  %q", e.Data), "want a new id")
	}
	stream.Leave()
	stream.WaitHandler(handlerStays)
}

// wantFirst checks that Stream sends the first events before those that wait, leaves
// them as they are, and refuses one that cannot be framed.
func wantFirst(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	var err error
	first := append(make([]framing.Event, 0, 8), framing.Event{Data: "one"}, framing.Event{Data: "two"}) // with room for more
	p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := r.Open(req.Context())
		defer s.Close()
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
	step.Equal(t, "an event was queued, then Stream was called with two events. The stream begins with the Endpoint and these two, but the client got",
		"endpoint one two queued", data(all))
	client.Leave()
	client.WaitHandler(handlerStays)
	wantNoError(t, "the client left and the session ended with it, but Stream returned an error", err)
	step.Equal(t, "Stream was called with a slice of two events, and changed it: handlers that share one send each other's events", "one two", data(first))

	client = p.Open("/events?bad")
	client.WaitHandler("Stream was called with an event that cannot be framed, and goes on")
	wantFieldError(t, "Stream", err)
}

// wantLossNoticed loses an event on its way to the client.
func wantLossNoticed(t *testing.T, lost string) {
	t.Helper()
	var r sessions.Registry
	var err error
	client := pair.Memory(t, losing(lost, stream(&r, &err))).Open("/events")
	synctest.Wait()
	r.Broadcast(framing.Event{Data: "news"})
	client.WaitEnd("an event could not be written, but the client's stream goes on without it: the client does not know, so it will not reconnect")
	client.WaitHandler("an event could not be written, but Stream still waits")
	step.ErrorIs(t, "an event could not be written, but Stream did not return the error of the flushing.Stream", flushing.ErrClientLeft, err)
}

// wantClosedByHandler checks that the handler closes its session where no stream could be
// opened, and where it panics. The requests have a context that lives on.
func wantClosedByHandler(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	get := httptest.NewRequest(http.MethodGet, "/events", nil)
	unable := func() http.ResponseWriter { return struct{ http.ResponseWriter }{httptest.NewRecorder()} }
	r.ServeHTTP(unable(), get)
	synctest.Wait()
	step.Equal(t, "no stream could be opened and the handler returned, but Len() is not 0: the request's context lives on, so only the handler can close the session", 0, r.Len())

	aborting := pair.Intercept(httptest.NewRecorder(), func([]byte) (int, error) { panic(http.ErrAbortHandler) })
	func() {
		defer func() { recover() }()
		r.ServeHTTP(aborting, get)
	}()
	synctest.Wait()
	step.Equal(t, "a write panicked, as middleware does to abort a response, but Len() is not 0: the request's context lives on, so only the handler can close the session", 0, r.Len())

	step.ErrorIs(t, "no stream could be opened, but Stream did not return the error of flushing.Open", http.ErrNotSupported, open(t, &r).Stream(unable(), get))
}

// wantHeadersOnly checks that a HEAD request gets the headers, and that no session
// stays for it. While the next request waits on the connection, net/http does not see
// that the client leaves.
func wantHeadersOnly(t *testing.T) {
	t.Helper()
	r := sessions.Registry{MaxSessions: 2}
	mux := http.NewServeMux()
	mux.Handle("GET /events", &r) // matches HEAD, too
	mux.HandleFunc("GET /other", func(http.ResponseWriter, *http.Request) {})
	p := pair.TCP(t, mux)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	wantNoError(t, "the server cannot be reached", err)
	defer conn.Close()
	answers := bufio.NewReader(conn)
	step.Returns(t, "a client sent a HEAD request, and then another request on the same connection, but the handler of the HEAD request does not return: a HEAD request asks for the headers alone", func() {
		for range 3 {
			fmt.Fprint(conn, "HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\nGET /other HTTP/1.1\r\nHost: localhost\r\n\r\n")
			for _, method := range []string{http.MethodHead, http.MethodGet} {
				if _, err = http.ReadResponse(answers, &http.Request{Method: method}); err != nil {
					return
				}
			}
		}
	})
	wantNoError(t, "a client sent HEAD requests and others on one connection, and could not read the responses", err)
	step.Equal(t, "three HEAD requests got their headers, but Len() is not 0: their sessions have no client", 0, r.Len())
	for range 2 {
		step.Equal(t, "MaxSessions is 2 and nothing but HEAD requests came, but a client did not get in", http.StatusOK, p.Open("/events").Status())
	}
	head := httptest.NewRequest(http.MethodHead, "/events", nil)
	step.ErrorIs(t, "a HEAD request came, but Stream did not return the error of flushing.Open",
		http.ErrBodyNotAllowed, open(t, &sessions.Registry{}).Stream(httptest.NewRecorder(), head))
}

// wantWriteAwaited ends a session during a write, and checks that Stream waits for
// the write: after the handler has returned, nothing may use its ResponseWriter.
func wantWriteAwaited(t *testing.T, ending string) {
	t.Helper()
	var r sessions.Registry
	var returned atomic.Bool
	proceed := make(chan struct{})
	client := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := r.Open(req.Context())
		defer s.Close()
		s.Stream(pair.Intercept(w, func(b []byte) (int, error) {
			if strings.Contains(string(b), "news") {
				<-proceed
			}
			if returned.Load() {
				return 0, errLost
			}
			return w.Write(b)
		}), req)
		returned.Store(true)
	})).Open("/events")
	synctest.Wait()
	r.Broadcast(framing.Event{Data: "news"})
	synctest.Wait()
	if ending == "the client left" {
		client.Leave()
	} else {
		for _, s := range r.All() {
			s.Close()
		}
	}
	synctest.Wait()
	early := returned.Load()
	close(proceed)
	client.WaitHandler(ending + ", but its handler still waits")
	if early {
		step.Fail(t, ending+", and Stream returned while SendFrames was still writing: after its handler has returned, a ResponseWriter must not be used")
	}
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

// wantRetryAfter checks that value is a number of seconds, or a date.
func wantRetryAfter(t *testing.T, value string) {
	t.Helper()
	seconds, err := strconv.Atoi(value)
	if _, notDate := http.ParseTime(value); notDate != nil && (err != nil || seconds <= 0) {
		step.Fail(t, "the 503 does not say when to try again: the client comes back at once, and so do all the others",
			fmt.Sprintf("got  Retry-After: %s", value), "want Retry-After: 5, or any other number of seconds above 0")
	}
}
