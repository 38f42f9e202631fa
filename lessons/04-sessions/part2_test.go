package sessions_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 2: all at once.

// One phone in a tunnel must not silence the room. Its queue fills up, and then it
// misses what comes, while all the others get it.
func TestASlowSessionDoesNotHoldUpABroadcast(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		slow := open(t, &r)
		var quick []*pump
		for range 3 {
			quick = append(quick, startPump(open(t, &r)))
		}
		laugh, sent := strings.Repeat(" ha", 5000), 0
		broadcast := func() error {
			sent++
			return broadcastTo(t, &r, quick, strconv.Itoa(sent)+laugh)
		}

		for broadcast() == nil {
			if sent == 1100 {
				step.Fail(t, "one client read none of 1100 events, but Broadcast never returned an error: the client missed them, or they fill your memory")
			}
		}
		fit := sent - 1
		for range 20 {
			wantMissed(t, "one of 4 queues is full", broadcast(), slow)
		}
		step.ErrorIs(t, "Send did not return ErrFull for a full queue", sessions.ErrFull, slow.Send(framing.Event{Data: laugh}))
		other := open(t, &r)
		fillQueue(t, other, "x")
		wantMissed(t, "two of 5 queues are full", broadcast(), slow, other)
		other.Close()
		step.Equal(t, "the slow client reads at last: its queue must hold exactly the events that Broadcast accepted without an error",
			fmt.Sprintf("%d, from 1 to %d", fit, fit), span(startPump(slow).news()))
		step.Equal(t, "the slow client has read all that was waiting, but Broadcast returned an error", nil, broadcast())
	})
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		ctx, leave := context.WithCancel(t.Context())
		s, _ := r.Open(ctx)
		var err, sent error
		step.OnOneProcessor(func() { // so what watches the context comes later
			leave()
			err = r.Broadcast(framing.Event{Data: "hello"})
			sent = s.Send(framing.Event{Data: "hello"})
		})
		step.Equal(t, "a session ended a moment before, but Broadcast counts it as one that missed the event", nil, err)
		step.ErrorIs(t, "a session ended a moment before, but Send did not return ErrClosed", sessions.ErrClosed, sent)
	})
	wantPolicyAsked(t)
}

// wantPolicyAsked checks what Broadcast makes of a Policy's errors.
func wantPolicyAsked(t *testing.T) {
	t.Helper()
	refusing := sessions.Registry{Policy: func([][]byte, []byte) ([][]byte, error) { return nil, errors.New("refused") }}
	s := open(t, &refusing)
	wantMissed(t, "the registry's Policy refused the event", refusing.Broadcast(framing.Event{Data: "hello"}), s)

	ending := sessions.Registry{Policy: func([][]byte, []byte) ([][]byte, error) { return nil, sessions.ErrClosed }}
	open(t, &ending)
	var err error
	step.Returns(t, "the Policy ended a session with ErrClosed, and Broadcast does not return: the session's Close waits for a lock", func() {
		err = ending.Broadcast(framing.Event{Data: "hello"})
	})
	step.Equal(t, "the Policy ended a session with ErrClosed, but Broadcast counts it as one that missed the event", nil, err)
	step.Equal(t, "the Policy ended a session with ErrClosed, but Len() is not 0", 0, ending.Len())
}

// On a server, each client has its own goroutine, and so has everything that sends.
func TestComingSendingAndLeavingAtOnceIsSafe(t *testing.T) {
	defer step.Begin(t)()
	var r sessions.Registry
	s := open(t, &r)
	s.Close()
	step.ErrorIs(t, "Send did not return ErrClosed for a session that has ended: nothing will ever read the event",
		sessions.ErrClosed, s.Send(framing.Event{Data: "hello"}))

	wantLocked(t)
	for range 2 {
		wantLimitKept(t)
	}
	wantClosedAtOnce(t)
	rush(t)
}

// Not every client says goodbye. But its request has a context, and that ends.
func TestASessionEndsWithItsContext(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		ctx, leave := context.WithCancel(t.Context())
		s, err := r.Open(ctx)
		step.Equal(t, "Open returned an error", nil, err)
		step.Advance(time.Hour)
		step.Equal(t, "the client has been connected for an hour, but Len() is not 1", 1, r.Len())

		leave()
		synctest.Wait()
		step.Equal(t, "the client's context ended and nothing called Close, but Len() is not 0: the session stays in memory until the server stops", 0, r.Len())
		if !ended(s) {
			step.Fail(t, "the client's context ended, but the session's Done channel is open")
		}

		for range 100 {
			r.Open(ctx) // it may refuse this, or open a session that ends at once
		}
		synctest.Wait()
		step.Equal(t, "100 clients left before Open was called for them, but Len() is not 0", 0, r.Len())
	})
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		kept := step.HeldContexts(100, func(ctx context.Context) {
			if s, err := r.Open(ctx); err == nil {
				s.Close()
			}
		})
		step.Equal(t, "100 sessions were opened and closed: Close left something behind that keeps so many of their contexts in memory until these end",
			0, kept())
		runtime.KeepAlive(&r)
	})
}

// wantLocked checks that all that use the map ask for its lock.
func wantLocked(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	s := open(t, &r)
	step.Exclusive(t, &r, step.Calls{
		{"Open", func() { r.Open(t.Context()) }},
		{"Get", func() { r.Get(s.ID()) }},
		{"Len", func() { r.Len() }},
		{"Broadcast", func() { r.Broadcast(framing.Event{Data: "hello"}) }},
		{"Close", s.Close},
	})
}

// wantLimitKept opens ten sessions in the same instant, with room for two.
func wantLimitKept(t *testing.T) {
	t.Helper()
	r := sessions.Registry{MaxSessions: 2}
	step.AtOnce(&r, 10, func(int) { r.Open(t.Context()) })
	step.Equal(t, "MaxSessions is 2 and 10 clients came in the same instant, but Len() is not 2", 2, r.Len())
}

// wantClosedAtOnce closes a session ten times in the same instant.
func wantClosedAtOnce(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	s := open(t, &r)
	step.AtOnce(&r, 10, func(int) { s.Close() })
	step.Equal(t, "a session was closed 10 times in the same instant, but Len() is not 0", 0, r.Len())
}

// rush opens sessions, sends and closes on eight goroutines, as fast as they can.
func rush(t *testing.T) {
	t.Helper()
	r := sessions.Registry{MaxQueuedBytes: 64 << 10}
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
	step.Equal(t, "8 goroutines opened sessions, sent and closed, all at once, and all have left, but Len() is not 0", 0, r.Len())
	text := strings.Repeat("x", 1000)
	step.Equal(t, "8 goroutines opened sessions, sent and closed, all at once, and all have left, but what they sent still takes room: so many events fit into a new queue",
		fillQueue(t, open(t, &sessions.Registry{MaxQueuedBytes: 64 << 10}), text), fillQueue(t, open(t, &r), text))
}

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
