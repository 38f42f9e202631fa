package sessions_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"example.com/sseworkbook/harness/step"
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 1: the list. Your code needs no goroutine yet.

// An answer will come up on another connection, and only the session's id says
// whose it is.
func TestAnOpenSessionIsFoundByItsID(t *testing.T) {
	defer step.Begin(t)()
	var r sessions.Registry
	s := open(t, &r)
	if s.ID() == "" {
		step.Fail(t, "Open returned a session without an id: its client cannot say which session its answers belong to", `got  ""`, "want any other id")
	}
	got, ok := r.Get(s.ID())
	if !ok || got != s {
		step.Fail(t, "Get does not find the session that Open returned: the client's answer would reach no one",
			fmt.Sprintf("got  Get(%q) = %p, %v", s.ID(), got, ok), fmt.Sprintf("want Get(%q) = %p, true", s.ID(), s))
	}
	if _, ok := r.Get("another id"); ok {
		step.Fail(t, "Get found a session under an id that no session has")
	}
	var other sessions.Registry
	if _, ok := other.Get(s.ID()); ok {
		step.Fail(t, "Get found a session of another registry: two servers in one process share their clients")
	}
}

// After a restart, many clients come in the same instant. And anyone who guesses an
// id can answer for someone else.
func TestIDsAreNeverTheSameAndCannotBeGuessed(t *testing.T) {
	defer step.Begin(t)()
	var ids []string
	for range 2 { // two servers, started in the same instant of the bubble's time
		step.Bubble(t, func(t *testing.T) {
			var r sessions.Registry
			for range 1000 {
				ids = append(ids, open(t, &r).ID())
			}
		})
	}
	if a, b, found := repeated(ids); found {
		step.Fail(t, "Open gave two sessions the same id in the same instant: one of them takes the events of the other",
			fmt.Sprintf("got  %q for session %d, and for session %d", ids[a], a+1, b+1), "want another id for each")
	}
	if bits := chance(ids); bits < 120 {
		step.Fail(t, "anyone who has one id can guess the next: Open leaves too little of an id to chance",
			fmt.Sprintf("got  %q, then %q: %.0f bits of chance at most", ids[0], ids[1], bits), "want 120 bits or more")
	}
	var r sessions.Registry
	if bits := 8 * drawn(func() { fill(t, &r, 100) }) / 100; bits < 120 {
		step.Fail(t, "Open takes fewer than 120 bits of an id from crypto/rand: those of math/rand can be worked out from the ids before",
			fmt.Sprintf("got  %d bits of crypto/rand per id, over 100 ids", bits), "want 120 bits or more")
	}
}

// What is meant for one client must not reach another.
func TestAnEventReachesOnlyTheOneItIsFor(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		ctx, leave := context.WithCancel(t.Context())
		a, err := r.Open(ctx)
		wantNoError(t, "Open returned an error, with room for one more", err)
		b := open(t, &r)

		send := func(e framing.Event) (err error) {
			step.Returns(t, "Send waits although it should only queue the event: nothing reads the queue at this moment", func() { err = a.Send(e) })
			return err
		}
		wantNoError(t, "Send returned an error, with room in the queue", send(framing.Event{ID: "7", Type: "greeting", Data: "hello"}))
		forB := startPump(b)
		step.Equal(t, "an event was sent to session A, but B's Pump handed this over", "", data(forB.news()))
		forA := startPump(a)
		got := forA.news()
		step.Equal(t, "an event was sent to session A, but A's Pump handed this over", "hello", data(got))
		step.Equal(t, "the event came without its type or its ID", "greeting 7", got[0].Type+" "+got[0].ID)

		wantFieldError(t, "Send", send(unframeable))
		step.Equal(t, "Send refused an event that cannot be framed, but Pump handed this over", "", data(forA.news()))
		send(framing.Event{Data: "one more"})
		step.Equal(t, "Pump was running when the next event was sent, and handed this over", "one more", data(forA.news()))

		leave()
		forA.wantEnd(t, "the context of the session ended, but its Pump", nil)
	})
	step.Bubble(t, func(t *testing.T) { wantAllThatWaits(t) })
}

// Where all sessions share one channel, each event goes to the next reader alone.
func TestABroadcastReachesEveryone(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		all := []*sessions.Session{open(t, &r), open(t, &r), open(t, &r)}
		step.Returns(t, "Broadcast waits although it should only queue the event: nothing reads the queues at this moment", func() {
			for _, text := range []string{"one", "two", "six"} {
				wantNoError(t, "Broadcast returned an error, with room in every queue", r.Broadcast(framing.Event{Data: text}))
			}
		})
		var pumps []*pump
		for i, s := range all {
			pumps = append(pumps, startPump(s))
			step.Equal(t, fmt.Sprintf("three events were broadcast to three sessions, but the Pump of session %d handed this over", i+1),
				"one two six", data(pumps[i].news()))
		}

		wantFieldError(t, "Broadcast", r.Broadcast(unframeable))
		synctest.Wait()
		step.Equal(t, "Broadcast refused an event that cannot be framed, but queued so many frames for session 1", 0, len(pumps[0].frames()))
	})
	var empty sessions.Registry
	wantNoError(t, "Broadcast returned an error, although there is no session that could miss the event", empty.Broadcast(framing.Event{Data: "hello"}))
	wantFieldError(t, "Broadcast, with no session open,", empty.Broadcast(unframeable))
	wantFramedOnce(t)
	for _, n := range []int{200, 1000} {
		step.Bubble(t, func(t *testing.T) { wantBurst(t, n) })
	}
	step.Bubble(t, func(t *testing.T) { wantOneFlush(t) })
}

// A server runs for months. What each visitor leaves behind adds up.
func TestAClosedSessionIsGone(t *testing.T) {
	defer step.Begin(t)()
	var r sessions.Registry
	leaves, stays := open(t, &r), open(t, &r)
	step.Equal(t, "two sessions are open, but Len() returned another number", 2, r.Len())
	if ended(leaves) {
		step.Fail(t, "a session is open, but its Done channel is closed")
	}

	leaves.Close()
	leaves.Close() // as by two that do not know of each other

	step.Equal(t, "one of two sessions was closed, twice, but Len() is not 1: a session that Close leaves in the map stays in memory", 1, r.Len())
	if _, known := r.Get(leaves.ID()); known {
		step.Fail(t, "Get still finds a session that was closed: events go to a client that has left")
	}
	if !ended(leaves) {
		step.Fail(t, "a session was closed, but its Done channel was not: anything that waits for the session's end waits forever")
	}
	if _, known := r.Get(stays.ID()); !known || ended(stays) {
		step.Fail(t, "one session was closed, and another one ended with it")
	}
	wantRoomAgain(t)
}

// A caller that asks a client something waits for its answer. When there is no such
// client, the caller has to learn it now.
func TestSendingToNobodySaysSo(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		here, left := open(t, &r), open(t, &r)
		left.Close()
		p := startPump(here)

		err := r.Send(here.ID(), framing.Event{Data: "hello"})
		step.Equal(t, "an event was sent to the id of an open session, but its Pump handed this over", "hello", data(p.news()))
		wantNoError(t, "Send returned an error for an event that it queued", err)
		step.ErrorIs(t, "Send got an id that no session has, and did not return ErrNotFound: its caller waits for an answer that cannot come",
			sessions.ErrNotFound, r.Send("another id", framing.Event{Data: "hello"}))
		step.ErrorIs(t, "Send got the id of a closed session, and did not return ErrNotFound: its caller waits for an answer that cannot come",
			sessions.ErrNotFound, r.Send(left.ID(), framing.Event{Data: "hello"}))
		step.Equal(t, "two events were sent to ids that no session has, but the open session's Pump handed this over", "", data(p.news()))
		wantFieldError(t, "Registry.Send", r.Send(here.ID(), unframeable))
	})
}

// Each session costs memory and a connection, so there is a number that is too many.
func TestOneTooManyIsRefused(t *testing.T) {
	defer step.Begin(t)()
	r := sessions.Registry{MaxSessions: 1}
	first := open(t, &r)
	_, err := r.Open(t.Context())
	step.ErrorIs(t, "MaxSessions is 1 and a session is open, but Open did not refuse the second with ErrLimit", sessions.ErrLimit, err)
	step.Equal(t, "MaxSessions is 1 and a second session was refused, but Len() is not 1", 1, r.Len())

	first.Close()
	first.Close()
	_, err = r.Open(t.Context())
	wantNoError(t, "MaxSessions is 1 and the only session was closed, but Open refused the next one", err)
	_, err = r.Open(t.Context())
	step.ErrorIs(t, "MaxSessions is 1: closing the first session twice made room for two", sessions.ErrLimit, err)

	var zero sessions.Registry
	fill(t, &zero, sessions.DefaultMaxSessions)
	_, err = zero.Open(t.Context())
	step.ErrorIs(t, "MaxSessions is 0 and 10,000 sessions are open, but Open did not refuse one more with ErrLimit", sessions.ErrLimit, err)
	fill(t, &sessions.Registry{MaxSessions: -1}, sessions.DefaultMaxSessions+1)
}

// drawn returns how many bytes f takes from crypto/rand.
func drawn(f func()) int64 {
	reader := rand.Reader
	defer func() { rand.Reader = reader }()
	counted := &counter{r: reader}
	rand.Reader = counted
	f()
	return counted.bytes.Load()
}

// A counter counts the bytes that are read from r. It is safe for concurrent use if r is.
type counter struct {
	r     io.Reader
	bytes atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

// fill opens n sessions.
func fill(t *testing.T, r *sessions.Registry, n int) {
	t.Helper()
	for i := range n {
		if _, err := r.Open(t.Context()); err != nil {
			step.Fail(t, fmt.Sprintf("MaxSessions is %d and %d sessions are open, but Open returned an error", r.MaxSessions, i), fmt.Sprintf("got  %v", err))
		}
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

// wantRoomAgain closes sessions with events in their queues, and checks that these
// take no room in the registry afterwards.
func wantRoomAgain(t *testing.T) {
	t.Helper()
	r := sessions.Registry{MaxQueuedBytes: 64 << 10}
	text := strings.Repeat("x", 1000)
	for i := range 20 {
		s := open(t, &r)
		for range 60 {
			if err := s.Send(framing.Event{Data: text}); err != nil {
				step.Fail(t, fmt.Sprintf("%d sessions were closed with events in their queues, which still count: a new session has no room for 60 KB of the registry's 64", i),
					fmt.Sprintf("got  %v", err))
			}
		}
		s.Close()
	}
}

// wantFramedOnce checks that a broadcast puts the same bytes into each queue. A Policy
// sees what comes.
func wantFramedOnce(t *testing.T) {
	t.Helper()
	var came [][]byte
	r := sessions.Registry{Policy: func(waiting [][]byte, next []byte) ([][]byte, error) {
		came = append(came, next)
		return append(waiting, next), nil
	}}
	for range 3 {
		open(t, &r)
	}
	r.Broadcast(framing.Event{Data: "ten"})
	for _, frame := range came {
		if &frame[0] != &came[0][0] {
			step.Fail(t, "Broadcast framed its event again for each session: with 10,000 clients that is 9,999 times too often",
				"got  a frame for each session", "want one frame that they share, since nothing writes to it")
		}
	}
}

// wantBurst broadcasts n events in a loop, and checks that a client that reads gets all.
func wantBurst(t *testing.T, n int) {
	t.Helper()
	var r sessions.Registry
	p := startPump(open(t, &r))
	synctest.Wait()
	missed := 0
	step.Returns(t, fmt.Sprintf("%d events were broadcast in a loop, and Broadcast waits although it should only queue them", n), func() {
		step.OnOneProcessor(func() { // Pump cannot take anything before the loop has ended
			for i := range n {
				if r.Broadcast(framing.Event{Data: strconv.Itoa(i + 1)}) != nil {
					missed++
				}
			}
		})
	})
	step.Equal(t, fmt.Sprintf("%d events were broadcast in a loop, and a session whose Pump is running missed some", n),
		fmt.Sprintf("%d, from 1 to %d; 0 errors", n, n), fmt.Sprintf("%s; %d errors", span(p.news()), missed))
}

// wantOneFlush checks that a client that is far behind gets all that waits in one call.
func wantOneFlush(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	s := open(t, &r)
	for i := range 1000 {
		s.Send(framing.Event{Data: strconv.Itoa(i + 1)})
	}
	p := startPump(s)
	step.Equal(t, "1000 events were waiting when Pump was called, and it handed this over", "1000, from 1 to 1000", span(p.news()))
	step.Equal(t, "1000 events were waiting when Pump was called, but it did not hand all of them over in one call of SendFrames: each call is a flush, and costs as much as many events",
		1, len(p.got.All()))
}

var errLost = errors.New("the connection is lost")

// wantAllThatWaits checks that each call of a sink gets all that waits, and that Pump
// ends with the sink's error.
func wantAllThatWaits(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	s := open(t, &r)
	for _, text := range []string{"one", "two"} {
		s.Send(framing.Event{Data: text})
	}
	p := &pump{session: s, turns: make(chan error), done: make(chan struct{})}
	go p.run()
	synctest.Wait() // the sink holds up what it got
	for _, text := range []string{"three", "four", "five"} {
		s.Send(framing.Event{Data: text})
	}
	step.Equal(t, "two events were waiting when Pump was called. Each call of SendFrames has all that waits, in order; so far, it was called with",
		"one two", p.calls())
	p.turns <- nil
	synctest.Wait()
	step.Equal(t, "three events came while SendFrames was busy with two. Each call has all that waits, in order; so far, it was called with",
		"one two | three four five", p.calls())

	s.Send(framing.Event{Data: "six"})
	p.turns <- errLost
	p.wantEnd(t, "SendFrames returned an error, but Pump", errLost)
	step.Equal(t, "SendFrames failed at its second call, and Pump called it again: it was called with", "one two | three four five", p.calls())
}

// wantGoneOnClose ends sessions by their contexts, and closes the first before what watches its
// context has had a turn.
func wantGoneOnClose(t *testing.T) {
	r := sessions.Registry{MaxQueuedBytes: 100}
	left := 0
	join := func() (*sessions.Session, context.CancelFunc) {
		ctx, leave := context.WithCancel(t.Context())
		s, _ := r.Open(ctx)
		wantNoError(t, "MaxQueuedBytes is 100, and nothing waits for a client that is still there: Send must take an event of 80 bytes",
			s.Send(framing.Event{Data: strings.Repeat("x", 80)}))
		return s, leave
	}
	s, leave := join()
	step.OnOneProcessor(func() { leave(); s.Close(); left = r.Len() })
	step.Equal(t, "a session's context ended, and then Close returned: Len() must be 0 by then", 0, left)
	synctest.Wait()
	_, leave = join()
	leave()
	synctest.Wait()
	_, leave = join()
	leave()
}
