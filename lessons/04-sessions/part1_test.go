package sessions_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// Part 1: the list. Your code needs no goroutine yet.

// A client's answer comes up on another connection, and only the session's id says
// whose it is.
func TestAnOpenSessionIsFoundByItsID(t *testing.T) {
	defer step.Begin(t)()
	var r sessions.Registry
	s := open(t, &r)
	if s.ID() == "" {
		step.Fail(t, "Open returned a session without an id: a client needs the id to say which session its answers belong to", `got  ""`, "want an id")
	}
	got, ok := r.Get(s.ID())
	failIf(t, !ok || got != s, "Get does not find the session that Open returned: the client's answer would reach no one",
		fmt.Sprintf("got  Get(%q) = %p, %v", s.ID(), got, ok), fmt.Sprintf("want Get(%q) = %p, true", s.ID(), s))
	for _, id := range nearly(s.ID()) {
		_, ok := r.Get(id)
		failIf(t, ok, "Get returned a session for an id that belongs to no session: Get must match only the exact id, or an attacker needs fewer guesses",
			fmt.Sprintf("got  Get(%q) = a session", id), fmt.Sprintf("want only Get(%q) to find it", s.ID()))
	}
	var other sessions.Registry
	_, ok = other.Get(s.ID())
	failIf(t, ok, "Get found a session of another registry: two servers in one process would share their clients")
}

// After a restart, many clients connect in the same instant. Anyone who guesses an
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
		step.Fail(t, "2,000 sessions were opened at the same instant, on two servers: no two sessions may share an id, or an answer could have come from either client",
			fmt.Sprintf("got  %q for both session %d and session %d", ids[a], a+1, b+1), "want a different id for each")
	}
	if bits := chance(ids); bits < 120 {
		sentence := "too few bits of an id are random: the fewer random bits an id has, the easier it is to guess"
		if bits < 32 {
			sentence = "anyone who knows one id can guess the next: too few bits of an id are random"
		}
		step.Fail(t, sentence,
			fmt.Sprintf("got  %q, then %q: at most %.0f random bits", ids[0], ids[1], bits), "want 120 bits or more")
	}
	var r sessions.Registry
	if bits := 8 * drawn(func() { fill(t, &r, 100) }) / 100; bits < 120 {
		step.Fail(t, "Open must take at least 120 bits of each id from crypto/rand: ids from math/rand can be predicted from earlier ones",
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
		wantNoError(t, "Open returned an error although there was room for one more session", err)
		b := open(t, &r)

		send := func(e framing.Event) (err error) {
			step.Returns(t, "Send is waiting, but it must only queue the event: nothing reads the queue yet", func() { err = a.Send(e) })
			return err
		}
		wantNoError(t, "Send returned an error although there was room in the queue", send(framing.Event{ID: "7", Type: "greeting", Data: "hello"}))
		forB := startPump(b)
		step.Equal(t, "an event was sent to session A: B's Pump must hand over nothing", "", data(forB.news()))
		forA := startPump(a)
		got := forA.news()
		step.Equal(t, "an event was sent to session A: A's Pump must hand it over at once", "hello", data(got)+forA.late())
		step.Equal(t, "Pump must hand over an event with its type and its ID", "greeting 7", got[0].Type+" "+got[0].ID)

		wantFieldError(t, "Send", send(unframeable))
		step.Equal(t, "Send refused an event that cannot be framed: Pump must not hand over any part of it", "", data(forA.news()))
		send(framing.Event{Data: "one more"})
		step.Equal(t, "a second event was sent after Pump handed over the first: Pump must keep running and hand over the second event too", "one more", data(forA.news()))

		leave()
		forA.wantEnd(t, "the session's context ended", nil)
	})
	step.Bubble(t, func(t *testing.T) { wantAllThatWaits(t) })
	wantUntouched(t, "Send", func(_ *sessions.Registry, s *sessions.Session, e framing.Event) error { return s.Send(e) })
}

// If all sessions share one channel, each event goes to only one of them.
func TestABroadcastReachesEveryone(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		all := []*sessions.Session{open(t, &r), open(t, &r), open(t, &r)}
		step.Returns(t, "Broadcast is waiting, but it must only queue the event: nothing reads the queues yet", func() {
			for _, text := range []string{"one", "two", "six"} {
				wantNoError(t, "Broadcast returned an error although there was room in every queue", r.Broadcast(framing.Event{Data: text}))
			}
		})
		var pumps []*pump
		for i, s := range all {
			pumps = append(pumps, startPump(s))
			step.Equal(t, fmt.Sprintf("three events were broadcast to three sessions: the Pump of session %d must hand over all three, in order", i+1),
				"one two six", data(pumps[i].news()))
		}

		wantFieldError(t, "Broadcast", r.Broadcast(unframeable))
		synctest.Wait()
		step.Equal(t, "Broadcast refused an event that cannot be framed: it must not queue any part of that event (shown: frames for session 1)",
			0, len(pumps[0].frames()))
	})
	var empty sessions.Registry
	wantNoError(t, "Broadcast was called while no session was open: it must return nil, because no session missed the event", empty.Broadcast(framing.Event{Data: "hello"}))
	wantFieldError(t, "with no session open, Broadcast", empty.Broadcast(unframeable))
	wantFramedOnce(t)
	wantUntouched(t, "Broadcast", func(r *sessions.Registry, _ *sessions.Session, e framing.Event) error { return r.Broadcast(e) })
	for _, n := range []int{200, 1000} {
		step.Bubble(t, func(t *testing.T) { wantBurst(t, n) })
	}
	step.Bubble(t, func(t *testing.T) { wantOneFlush(t) })
	wantListOfOwn(t)
}

// A server runs for months. What each visitor leaves behind adds up.
func TestAClosedSessionIsGone(t *testing.T) {
	defer step.Begin(t)()
	var r sessions.Registry
	leaves, stays := open(t, &r), open(t, &r)
	step.Equal(t, "two sessions are open: Len() must be 2", 2, r.Len())
	failIf(t, ended(leaves), "a session is open, but its Done channel is closed")

	leaves.Close()
	leaves.Close() // as if by two goroutines that do not know of each other

	step.Equal(t, "two sessions were open, and one of them was closed twice: Len() must be 1, because the other one must stay in the map", 1, r.Len())
	_, known := r.Get(leaves.ID())
	failIf(t, known, "Get still finds a closed session: events would go to a client that has left")
	failIf(t, !ended(leaves), "a session was closed, but its Done channel was not: anything that waits for the session's end waits forever")
	_, known = r.Get(stays.ID())
	failIf(t, !known || ended(stays), "one session was closed, but another one ended with it")
	step.ErrorIs(t, "Send did not return ErrClosed for a session that has ended: nothing will ever read the event",
		sessions.ErrClosed, leaves.Send(framing.Event{Data: "hello"}))
	step.Bubble(t, func(t *testing.T) { wantRoomAgain(t) })
}

// A caller that sends a client a request waits for its answer. If there is no such
// client, the caller has to learn that now.
func TestSendingToNobodySaysSo(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		here, left := open(t, &r), open(t, &r)
		left.Close()
		p := startPump(here)

		err := r.Send(here.ID(), framing.Event{Data: "hello"})
		step.Equal(t, "an event was sent to the id of an open session: the session's Pump must hand it over", "hello", data(p.news()))
		wantNoError(t, "Registry.Send returned an error for an event that it queued", err)
		for _, id := range nearly(here.ID()) {
			step.ErrorIs(t, "Registry.Send got an id that belongs to no session, but did not return ErrNotFound: its caller waits for an answer that cannot come",
				sessions.ErrNotFound, r.Send(id, framing.Event{Data: "hello"}))
		}
		step.ErrorIs(t, "Registry.Send got the id of a closed session, but did not return ErrNotFound: its caller waits for an answer that cannot come",
			sessions.ErrNotFound, r.Send(left.ID(), framing.Event{Data: "hello"}))
		step.ErrorIs(t, "Registry.Send got an unknown id and an event that cannot be framed: it must return ErrNotFound, no matter what the event contains",
			sessions.ErrNotFound, r.Send("another id", unframeable))
		step.Equal(t, "events were sent to ids that no open session has: the Pump of an open session must not deliver them", "", data(p.news()))
		wantFieldError(t, "Registry.Send", r.Send(here.ID(), unframeable))
	})
	wantUntouched(t, "Registry.Send", func(r *sessions.Registry, s *sessions.Session, e framing.Event) error { return r.Send(s.ID(), e) })
}

// Each session costs memory and a connection, so a server needs a limit.
func TestOneTooManyIsRefused(t *testing.T) {
	defer step.Begin(t)()
	r := sessions.Registry{MaxSessions: 1}
	first := open(t, &r)
	_, err := r.Open(t.Context())
	step.ErrorIs(t, "MaxSessions is 1 and a session is open, but Open did not refuse a second one with ErrLimit", sessions.ErrLimit, err)
	step.Equal(t, "MaxSessions is 1 and a second session was refused, but Len() is not 1", 1, r.Len())

	first.Close()
	first.Close()
	_, err = r.Open(t.Context())
	wantNoError(t, "MaxSessions is 1 and the only session was closed, but Open refused the next one", err)
	_, err = r.Open(t.Context())
	step.ErrorIs(t, "MaxSessions is 1. One session was closed twice, and a second was opened: opening a third must fail with ErrLimit, because closing a session twice frees only one place", sessions.ErrLimit, err)

	var zero sessions.Registry
	defer closeAll(fill(t, &zero, sessions.DefaultMaxSessions))
	_, err = zero.Open(t.Context())
	step.ErrorIs(t, "MaxSessions is 0 and 10,000 sessions are open, but Open did not refuse one more with ErrLimit", sessions.ErrLimit, err)
	for _, unlimited := range []int{-5, 2 * sessions.DefaultMaxSessions} {
		r := sessions.Registry{MaxSessions: unlimited}
		closeAll(fill(t, &r, sessions.DefaultMaxSessions+1))
		step.Equal(t, "10,001 sessions were opened and closed, but Len() is not 0", 0, r.Len())
	}
}

// fill opens n sessions.
func fill(t *testing.T, r *sessions.Registry, n int) (all []*sessions.Session) {
	t.Helper()
	for i := range n {
		s, err := r.Open(t.Context())
		if err != nil {
			step.Fail(t, fmt.Sprintf("MaxSessions is %d and %d sessions are open: Open must accept another one (negative means any number, zero the default)", r.MaxSessions, i), fmt.Sprintf("got  %v", err))
		}
		all = append(all, s)
	}
	return all
}

// wantRoomAgain closes sessions with events in their queues, and checks that these
// take no room in the registry afterwards.
func wantRoomAgain(t *testing.T) {
	t.Helper()
	r := sessions.Registry{MaxQueuedBytes: 64 << 10}
	for nth := range 20 {
		s := open(t, &r)
		for range 60 {
			s.Send(framing.Event{Data: strings.Repeat("x", 1000)})
		}
		if nth == 19 { // all but this one are closed
			step.Equal(t, "19 sessions were closed with events queued: those events must not count towards MaxQueuedBytes (64 KiB), "+
				"so the next session has room for 60 events of 1 KB",
				60, len(startPump(s).news()))
		}
		s.Close()
	}
}

// wantUntouched checks that a sink gets the bytes of each event and nothing else, and that
// Pump returns the sink's error, whatever it is.
func wantUntouched(t *testing.T, call string, send func(*sessions.Registry, *sessions.Session, framing.Event) error) {
	t.Helper()
	for _, lost := range []error{errLost, io.EOF, context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded, net.ErrClosed,
		http.ErrAbortHandler, flushing.ErrClientLeft, sessions.ErrClosed, sessions.ErrFull} {
		var r sessions.Registry
		s := open(t, &r)
		var want, got []byte
		for _, e := range []framing.Event{{Data: "same"}, {Data: "same"}, {}, {ID: "7", Type: "greeting", Data: " two\nlines ", Retry: time.Second}} {
			want, _ = e.AppendText(want)
			wantNoError(t, call+" returned an error although there was room in the queue", send(&r, s, e))
		}
		var err error
		step.Returns(t, fmt.Sprintf("SendFrames returned %q, but Pump did not return: Pump must return its sink's error, whatever the error is", lost), func() {
			err = s.Pump(sinkFunc(func(frames ...[]byte) error {
				got = append(got, bytes.Join(frames, nil)...)
				return lost
			}))
		})
		step.Equal(t, call+" queued four events: SendFrames must get the bytes that AppendText returns for these events, and no other bytes", string(want), string(got))
		step.ErrorIs(t, "SendFrames returned an error: Pump must return the same error, whatever the error is", lost, err)
	}
}

// wantFramedOnce checks that a broadcast puts the same bytes into each queue. A Policy
// sees what comes.
func wantFramedOnce(t *testing.T) {
	t.Helper()
	var list step.List[[]byte]
	r := sessions.Registry{Policy: func(waiting [][]byte, next []byte) ([][]byte, error) {
		list.Add(next)
		return append(waiting, next), nil
	}}
	defer closeAll(fill(t, &r, 2000))
	r.Broadcast(framing.Event{Data: "ten"})
	came := list.All()
	step.Equal(t, "2,000 sessions are open: Broadcast must queue its event for every session before it returns (shown: how many sessions have it)", 2000, len(came))
	for _, frame := range came {
		failIf(t, &frame[0] != &came[0][0], "Broadcast framed its event again for each session: with 10,000 clients, that is 9,999 times too often",
			"got  a frame for each session", "want one frame that all sessions share, because nothing writes to it")
	}
}

// wantBurst broadcasts n events in a loop, and checks that a client that reads gets all.
func wantBurst(t *testing.T, n int) {
	t.Helper()
	var r sessions.Registry
	p := startPump(open(t, &r))
	synctest.Wait()
	missed := 0
	step.Returns(t, fmt.Sprintf("%d events were broadcast in a loop, but Broadcast is waiting: it must only queue them", n), func() {
		step.OnOneProcessor(func() { // Pump cannot take anything before the loop has ended
			for i := range n {
				if r.Broadcast(framing.Event{Data: strconv.Itoa(i + 1)}) != nil {
					missed++
				}
			}
		})
	})
	step.Equal(t, fmt.Sprintf("%d events were broadcast in a loop: a session whose Pump is running must get them all", n),
		fmt.Sprintf("%d, from 1 to %d; errors: 0", n, n), fmt.Sprintf("%s; errors: %d", span(p.news()), missed))
}

// wantOneFlush checks that a client that is far behind gets all that waits in one call.
func wantOneFlush(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	s := open(t, &r)
	for i := range 1000 {
		s.Send(framing.Event{Data: strconv.Itoa(i+1) + strings.Repeat(" ha", 300)})
	}
	p := startPump(s)
	step.Equal(t, "1,000 events were waiting when Pump was called: Pump must hand them all over, in order", "1000, from 1 to 1000", span(p.news()))
	step.Equal(t, "1,000 events were waiting: Pump must hand them over in one call of SendFrames, because each call is a flush (shown: calls)",
		1, len(p.got.All()))
}

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
	synctest.Wait() // the sink is holding up what it got
	for _, text := range []string{"three", "four", "five"} {
		s.Send(framing.Event{Data: text})
	}
	step.Equal(t, "two events were waiting when Pump was called: Pump's first call of SendFrames must get both, in order",
		"one two", p.calls())
	p.turns <- nil
	synctest.Wait()
	step.Equal(t, "SendFrames was busy with two events while three more were queued: the next call of SendFrames must get all three, in order (\"|\" separates the calls)",
		"one two | three four five", p.calls())

	s.Send(framing.Event{Data: "six"})
	p.turns <- errLost
	p.wantEnd(t, "SendFrames returned an error", errLost)
	step.Equal(t, "the second call of SendFrames failed: Pump must not call SendFrames again (\"|\" separates the calls)", "one two | three four five", p.calls())
	step.Equal(t, "SendFrames failed, then Pump was called again: Pump must hand over what is still queued, because a session ends only with Close or its context",
		"six", data(startPump(s).news()))
}

// wantGoneOnClose ends sessions by their contexts, and closes the first before the watcher of
// its context has run.
func wantGoneOnClose(t *testing.T) {
	r := sessions.Registry{MaxQueuedBytes: 100}
	left := 0
	join := func() (*sessions.Session, context.CancelFunc) {
		ctx, leave := context.WithCancel(t.Context())
		s, _ := r.Open(ctx)
		wantNoError(t, "MaxQueuedBytes is 100, and all other sessions have ended: Send must accept an event of 80 bytes",
			s.Send(framing.Event{Data: strings.Repeat("x", 80)}))
		return s, leave
	}
	s, leave := join()
	step.OnOneProcessor(func() { leave(); s.Close(); left = r.Len() })
	step.Equal(t, "a session's context ended just before Close was called: Len() must be 0 when Close returns", 0, left)
	synctest.Wait()
	_, leave = join()
	leave()
	synctest.Wait()
	_, leave = join()
	leave()
}

// nearly returns texts that are not id, although some decoders take them for the same.
func nearly(id string) []string {
	texts := []string{"another id", "", strings.ToLower(id), strings.ToUpper(id), " " + id, id + " ", id + "x", id[1:], id[:len(id)-1], fmt.Sprintf("%%%02X", id[0]) + id[1:]}
	for c := byte('!'); c <= '~'; c++ {
		texts = append(texts, id[:len(id)-1]+string(c))
	}
	for i := range id {
		texts = append(texts, id[:i]+"\n"+id[i:])
	}
	return slices.DeleteFunc(texts, func(text string) bool { return text == id })
}
