package sessions_test

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 3: over HTTP.

// The client cannot know its session's id, nor under which prefix your handler was
// mounted. The address in this event is relative to the one that it asked for.
func TestTheFirstEventTellsWhereToAnswer(t *testing.T) {
	defer step.Begin(t)()
	for _, prefix := range []string{"", "/gw"} {
		step.Bubble(t, func(t *testing.T) {
			r := sessions.NewRegistry(0)
			s := serve(t, r, prefix)
			client := s.Open(prefix + "/events")
			e := next(t, client)
			step.Equal(t, "the type of the first event: this one tells a client where to answer", "endpoint", e.Type)

			synctest.Wait()
			step.Equal(t, "the client has its first event and stays for more: Len. A stream lasts for as long as its handler does", 1, r.Len())

			asked, _ := url.Parse(s.URL + prefix + "/events")
			address, err := asked.Parse(e.Data)
			if err != nil || address.Host != asked.Host {
				step.Fail(t, "the first event's data is no address on this server", fmt.Sprintf("got  %q", e.Data), `want "responses?session=ID"`)
			}
			if status := s.Post(address.RequestURI(), "application/json", `{}`).Status; status != http.StatusAccepted {
				step.Fail(t, fmt.Sprintf("the client posted its answer to where the first event told it to, and got a %d", status),
					"it asked for  "+asked.Path, "and was told  "+e.Data, "so it posted  "+address.RequestURI(),
					"but wanted    "+prefix+"/responses?session=ID, with the ID of its session")
			}
			if s.early.Load() {
				step.Fail(t, "the first event was written before Get knew the session: a client that answers at once gets a 404")
			}
			client.Leave()
			client.Returned(handlerStays)
		})
	}
}

// Anyone may put a frame into the queue. One takes it out and writes to the client: its
// handler.
func TestEachClientHearsWhatIsForIt(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(0)
		s := serve(t, r, "")
		alice, bob := s.join(t), s.join(t)
		r.Send(alice.id, framing.Event{Data: "for-alice"})
		r.Broadcast(framing.Event{Data: "for-both"})
		r.Send(bob.id, framing.Event{Data: "for-bob"})
		synctest.Wait()
		step.Equal(t, "one event for Alice, one for both, one for Bob: what Alice's client has understood by now, after the first event",
			"for-alice for-both", alice.heard())
		step.Equal(t, "one event for Alice, one for both, one for Bob: what Bob's client has understood by now, after the first event",
			"for-both for-bob", bob.heard())
	})
	step.Bubble(t, wantWhole)
}

// The client may close its page, and the server may close the session. And where the
// stream never began, nobody is there to leave.
func TestTheStreamEndsWhenOneOfTheTwoLeaves(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(0)
		s := serve(t, r, "")
		alice, bob := s.join(t), s.join(t)

		alice.stream.Leave()
		alice.stream.Returned(handlerStays)
		synctest.Wait()
		step.Equal(t, "of two clients one has left: Len", 1, r.Len())

		session, known := r.Get(bob.id)
		if !known {
			step.Fail(t, "of two clients one has left, and the other one's session is gone")
		}
		session.Close()
		bob.stream.Ended("the server closed a session, and its client's stream goes on: to the client it looks like a stream without news")
		bob.stream.Returned("the server closed a session, and the client's handler still waits")
	})
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(0)
		p := pair.Memory(t, pair.Opaque(r))
		response, err := p.Client.Get(p.URL + "/events")
		if err != nil {
			step.Fail(t, "no stream could be opened, because the ResponseWriter cannot flush, and the handler went on all the same", strings.TrimSpace(p.ServerLog()))
		}
		response.Body.Close()
		synctest.Wait()
		step.Equal(t, "no stream could be opened, because the ResponseWriter cannot flush, and the client got its 500: Len", 0, r.Len())

		r.ServeHTTP(struct{ http.ResponseWriter }{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/events", nil))
		synctest.Wait()
		step.Equal(t, "no stream could be opened, and the handler has returned: Len. The context of this request goes on, so nobody else ends the session", 0, r.Len())
	})
	for _, lost := range []string{"endpoint", "news"} {
		step.Bubble(t, func(t *testing.T) {
			r := sessions.NewRegistry(0)
			client := pair.Memory(t, losing(lost, r)).Open("/events")
			synctest.Wait()
			r.Broadcast(framing.Event{Data: "news"})
			client.Ended("an event could not be written, and the client's stream goes on without it: the client does not know, and so will not connect again")
		})
	}
}

// "Not now" is an answer that a client can work with. A 200 without a stream, or a
// 500, is none.
func TestAFullServerSays503(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(2)
		s := serve(t, r, "")
		first := s.join(t)
		s.join(t)

		full := s.Open("/events")
		step.Equal(t, "the limit is 2, and a third client has come: its status", http.StatusServiceUnavailable, full.Status())
		mediaType, _, _ := mime.ParseMediaType(full.Header().Get("Content-Type"))
		step.Equal(t, "the third client got its 503: the Content-Type, by which it knows that it can read what is wrong", "application/problem+json", mediaType)
		full.Ended("the third client got its 503, and the response does not end")
		var problem sessions.Problem
		json.Unmarshal([]byte(full.Received()), &problem)
		step.Equal(t, "the status in the body of the problem, and its title", "503 Service Unavailable", fmt.Sprint(problem.Status, " ", problem.Title))
		wantRetryAfter(t, full.Header().Get("Retry-After"))

		first.stream.Leave()
		first.stream.Returned(handlerStays)
		synctest.Wait()
		step.Equal(t, "one of 2 has left, and another client has come: its status", http.StatusOK, s.Open("/events").Status())
	})
}
