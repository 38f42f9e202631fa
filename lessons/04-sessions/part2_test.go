package sessions_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"

	"example.com/sseworkbook/harness/step"
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 2: all at once.

// One phone in a tunnel must not silence the room. Its queue fills up, and then it
// misses what comes, while all the others hear it.
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
			step.ErrorIs(t, "of 21 sessions one has a full queue, and Broadcast did not say that somebody misses the event", sessions.ErrFull, broadcast())
		}
		step.ErrorIs(t, "the queue is full, and Send did not say so", sessions.ErrFull, slow.Send(framing.Event{Data: "news"}))
		step.Equal(t, "the slow client reads at last: which events were waiting. An event is queued, or the sender gets an error; never both",
			fmt.Sprintf("%d, from 1 to %d", fit, fit), span(queued(slow)))
		step.Equal(t, "the slow client has read all that was waiting, and Broadcast returned an error", nil, broadcast())
	})
}

// On a server, each client has a goroutine of its own, and so has everyone who sends.
func TestComingSendingAndLeavingAtOnceIsSafe(t *testing.T) {
	defer step.Begin(t)()
	s := open(t, sessions.NewRegistry(0))
	s.Close()
	if _, closed := waits(s); closed {
		step.Fail(t, "Close has closed the queue: a Send that is about to use it panics, and the whole server ends",
			"panic: send on closed channel")
	}
	step.ErrorIs(t, "the session has ended, and Send took an event that nobody will ever read",
		sessions.ErrClosed, s.Send(framing.Event{Data: "hello"}))

	wantLocked(t)
	for range 5 {
		wantLimitKept(t)
	}
	rush(t)
}

// Not every client says goodbye. But its request has a context, and that ends.
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
