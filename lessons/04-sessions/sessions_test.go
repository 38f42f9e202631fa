package sessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"net/http/httptest"
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

// Part 1: the list. No goroutine yet.

// An answer will come up on another connection, with nothing but the session's id
// to say whose it is.
// Hint: in Open, set an id (any will do for now) and put s into r.sessions under it. In Get, look it up.
func TestAnOpenSessionIsFoundByItsID(t *testing.T) {
	defer step.Begin(t)()
	r := sessions.NewRegistry(0)
	s := open(t, r)
	if s.ID() == "" {
		step.Fail(t, "Open gave a session without an id: its client cannot say for whom it answers", `got  ""`, "want any other id")
	}
	got, ok := r.Get(s.ID())
	if !ok || got != s {
		step.Fail(t, "Open gave a session that Get does not know: the client's answer would find nobody",
			fmt.Sprintf("got  Get(%q) = %p, %v", s.ID(), got, ok), fmt.Sprintf("want Get(%q) = %p, true", s.ID(), s))
	}
	if _, ok := r.Get("nobody's id"); ok {
		step.Fail(t, "one session is open, Get was asked for another id, and says that it has found it")
	}
}

// Two clients that come in the same instant, as all of them do after a restart.
// And whoever guesses an id can answer for somebody else.
// Hint: rand.Text() of crypto/rand. No clock and no counter: both can be guessed, and the clock repeats itself.
func TestIDsAreNeverTheSameAndCannotBeGuessed(t *testing.T) {
	defer step.Begin(t)()
	var ids []string
	for range 2 { // two servers, started in the same instant of the bubble's time
		step.Bubble(t, func(t *testing.T) {
			r := sessions.NewRegistry(0)
			for range 1000 {
				ids = append(ids, open(t, r).ID())
			}
		})
	}
	if a, b, found := repeated(ids); found {
		step.Fail(t, "two sessions, opened in the same instant, have the same id: one of them takes the events of the other",
			fmt.Sprintf("got  %q for session %d, and for session %d", ids[a], a+1, b+1), "want another id for each")
	}
	if bits := chance(ids); bits < 120 {
		step.Fail(t, "whoever has one id can guess the next: they leave too little to chance",
			fmt.Sprintf("got  %q, then %q: %.0f bits of chance at the most", ids[0], ids[1], bits), "want 120 bits, or more")
	}
}

// A server runs for months. What stays of each visitor adds up.
// Hint: delete it from the map, and call s.end. Both do nothing when they are done a second time.
func TestAClosedSessionIsGone(t *testing.T) {
	defer step.Begin(t)()
	r := sessions.NewRegistry(0)
	leaves, stays := open(t, r), open(t, r)
	step.Equal(t, "two sessions were opened, and none was closed: Len", 2, r.Len())
	if ended(leaves) {
		step.Fail(t, "a session is open, and its Done says that it has ended")
	}

	leaves.Close()
	leaves.Close() // as by two who do not know of each other

	step.Equal(t, "of two sessions one was closed, twice: Len. What is not taken out stays in memory for each visitor that there ever was",
		1, r.Len())
	if _, known := r.Get(leaves.ID()); known {
		step.Fail(t, "a session was closed, and Get still knows it: events go to somebody who has left")
	}
	if !ended(leaves) {
		step.Fail(t, "a session was closed, and its Done does not say so: whoever waits for its end waits for ever")
	}
	if _, known := r.Get(stays.ID()); !known || ended(stays) {
		step.Fail(t, "one session was closed, and another one went with it")
	}
}

// What is meant for one client is nobody else's business.
// Hint: in Open, give the session a queue of its own: make(chan []byte, queueSize). Send frames the event with AppendText and queues the frame.
func TestAnEventReachesOnlyTheOneItIsFor(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(0)
		a, b := open(t, r), open(t, r)
		var err error
		returns(t, "nobody reads A's queue at this moment, and Send waits until somebody does", func() {
			err = a.Send(framing.Event{ID: "7", Type: "greeting", Data: "hello"})
		})
		forB, forA := queued(b), queued(a)
		step.Equal(t, "an event was sent to A: what waits for B, whose business it is not", "", data(forB))
		step.Equal(t, "an event was sent to A: what waits for A", "hello", data(forA))
		step.Equal(t, "the event came without its type or its ID", "greeting 7", forA[0].Type+" "+forA[0].ID)
		step.Equal(t, "Send returned an error for an event that was queued", nil, err)

		wantFieldError(t, "Send was given", a.Send(unframeable))
		step.Equal(t, "Send refused an event that cannot be framed: what waits for A", "", data(queued(a)))
	})
}

// Where all sessions share one channel, each event goes to whoever reads next, and
// to nobody else.
// Hint: AppendText once, then the same frame into the queue of each session. All() gives you the sessions.
func TestABroadcastReachesEveryone(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(0)
		all := []*sessions.Session{open(t, r), open(t, r), open(t, r)}
		returns(t, "nobody reads the queues at this moment, and Broadcast waits until somebody does", func() {
			for _, text := range []string{"one", "two", "six"} {
				step.Equal(t, "Broadcast returned an error, with room in every queue", nil, r.Broadcast(framing.Event{Data: text}))
			}
		})
		for i, s := range all {
			step.Equal(t, fmt.Sprintf("three events were broadcast to three sessions, and nobody has read yet: what waits for number %d", i+1),
				"one two six", data(queued(s)))
		}

		r.Broadcast(framing.Event{Data: "ten"})
		if a, b := frame(t, all[0]), frame(t, all[1]); &a[0] != &b[0] {
			step.Fail(t, "a broadcast to three sessions has framed its event three times: with 10,000 clients that is 9,999 times too often",
				"got  a frame for each session", "want one frame that they share, since nobody writes to it")
		}
		wantFieldError(t, "Broadcast was given", r.Broadcast(unframeable))
		step.Equal(t, "Broadcast refused an event that cannot be framed: how many frames wait for session 1, each in the place of an event",
			0, len(all[0].Frames()))
	})
}

// Whoever asks a client something waits for its answer. When there is no such client,
// they must hear it now.
// Hint: Get tells you. Return ErrUnknown, or what the session's own Send returns.
func TestSendingToNobodySaysSo(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(0)
		here, left := open(t, r), open(t, r)
		left.Close()

		err := r.Send(here.ID(), framing.Event{Data: "hello"})
		step.Equal(t, "an event was sent to the id of an open session: what waits for its client", "hello", data(queued(here)))
		step.Equal(t, "Send returned an error for an event that was queued", nil, err)
		wantError(t, "no session has this id, and Send did not say so: its caller waits for an answer that cannot come",
			sessions.ErrUnknown, r.Send("nobody's id", framing.Event{Data: "hello"}))
		wantError(t, "the session with this id was closed, and Send did not say so: its caller waits for an answer that cannot come",
			sessions.ErrUnknown, r.Send(left.ID(), framing.Event{Data: "hello"}))
		step.Equal(t, "two events were sent to nobody: what waits for the one client that is here", "", data(queued(here)))
	})
}

// Each session costs memory and a connection, so there is a number that is too many.
// Hint: count before you put another one in. A limit of zero is none.
func TestOneTooManyIsRefused(t *testing.T) {
	defer step.Begin(t)()
	r := sessions.NewRegistry(1) // the smallest that there is; other steps have a larger one
	first := open(t, r)

	_, err := r.Open(t.Context())
	wantError(t, "the limit is 1, a session is open, and Open let a second one in", sessions.ErrLimit, err)
	step.Equal(t, "the limit is 1, and a second session was refused: Len", 1, r.Len())

	first.Close()
	_, err = r.Open(t.Context())
	step.Equal(t, "the limit is 1, the only session has left, and there is no room for the next one: Open's error", nil, err)
}

// Part 2: all at once.

// One phone in a tunnel must not silence the room. Its queue fills up, and then it
// misses what comes, while all the others hear it.
// Hint: a select with a default never waits: where the queue is full, return ErrFull. Broadcast goes on with the others, and remembers it.
func TestASlowSessionDoesNotHoldUpABroadcast(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(0)
		slow := open(t, r)
		var quick []*sessions.Session
		for range 20 {
			quick = append(quick, open(t, r))
		}
		sent := 0
		broadcast := func() error {
			sent++
			return broadcastTo(t, r, quick, strconv.Itoa(sent))
		}

		for broadcast() == nil {
			if sent == 3000 {
				step.Fail(t, "a client has not read one of 3000 events, and Broadcast never said that its queue is full: it missed them, or they fill your memory")
			}
		}
		fit := sent - 1
		for range 20 {
			wantError(t, "of 21 sessions one has a full queue, and Broadcast did not say that somebody misses the event", sessions.ErrFull, broadcast())
		}
		wantError(t, "the queue is full, and Send did not say so", sessions.ErrFull, slow.Send(framing.Event{Data: "news"}))
		step.Equal(t, "the slow client reads at last: which events were waiting. An event is queued, or the sender gets an error; never both",
			fmt.Sprintf("%d, from 1 to %d", fit, fit), span(queued(slow)))
		step.Equal(t, "the slow client has read all that was waiting, and Broadcast returned an error", nil, broadcast())
	})
}

// On a server, each client has a goroutine of its own, and so has everyone who sends.
// Hint: lock r.mu around each use of r.sessions; count and put in under one Lock. After Close, Send returns ErrClosed, but the queue stays open.
func TestComingSendingAndLeavingAtOnceIsSafe(t *testing.T) {
	defer step.Begin(t)()
	s := open(t, sessions.NewRegistry(0))
	s.Close()
	if closed(s.Frames()) {
		step.Fail(t, "Close has closed the queue: a Send that is about to use it panics, and the whole server ends",
			"panic: send on closed channel")
	}
	wantError(t, "the session has ended, and Send took an event that nobody will ever read",
		sessions.ErrClosed, s.Send(framing.Event{Data: "hello"}))

	wantLocked(t)
	for range 5 {
		wantLimitKept(t)
	}
	rush(t)
}

// Not every client says goodbye. But its request has a context, and that ends.
// Hint: context.AfterFunc(s.ctx, s.Close), once the session is in the map: before that, Close has nothing to take out.
func TestASessionEndsWithItsContext(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(0)
		ctx, leave := context.WithCancel(t.Context())
		s, err := r.Open(ctx)
		step.Equal(t, "Open returned an error", nil, err)
		synctest.Wait()
		step.Equal(t, "the client is there, and its context goes on: Len", 1, r.Len())

		leave()
		synctest.Wait()
		step.Equal(t, "the client's context is over and nobody called Close: Len. What is not taken out stays until the server stops", 0, r.Len())
		if !ended(s) {
			step.Fail(t, "the client's context is over, and the session's Done does not say so")
		}

		for range 100 {
			r.Open(ctx) // it may refuse this, or open a session that ends at once
		}
		synctest.Wait()
		step.Equal(t, "100 clients had left before Open was called for them: Len", 0, r.Len())
	})
}

// Part 3: over HTTP.

// The client cannot know its session's id, nor under which prefix your handler was
// mounted. The address in this event is relative to the one that it asked for.
// Hint: Open a session, flushing.Open, Send an event of the type "endpoint" with the data "responses?session=" + id. Then stay until session.Done().
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
// Hint: where you wait for the end, let a select in a loop wait for a frame as well, and hand it to the stream's SendText.
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
// Hint: the session's Done() knows of both. When flushing.Open, Send or SendText fails, return, and defer session.Close() for every way out.
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
// Hint: when Open fails: Retry-After (in seconds) into the header, then a Problem with the status 503 writes the rest.
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
