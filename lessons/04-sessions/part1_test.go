package sessions_test

import (
	"fmt"
	"testing"

	"example.com/sseworkbook/harness/step"
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 1: the list. No goroutine yet.

// An answer will come up on another connection, with nothing but the session's id
// to say whose it is.
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
func TestAnEventReachesOnlyTheOneItIsFor(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(0)
		a, b := open(t, r), open(t, r)
		var err error
		step.Returns(t, "nobody reads A's queue at this moment, and Send waits until somebody does", func() {
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
func TestABroadcastReachesEveryone(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(0)
		all := []*sessions.Session{open(t, r), open(t, r), open(t, r)}
		step.Returns(t, "nobody reads the queues at this moment, and Broadcast waits until somebody does", func() {
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
		frames, _ := waits(all[0])
		step.Equal(t, "Broadcast refused an event that cannot be framed: how many frames wait for session 1, each in the place of an event",
			0, len(frames))
	})
}

// Whoever asks a client something waits for its answer. When there is no such client,
// they must hear it now.
func TestSendingToNobodySaysSo(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		r := sessions.NewRegistry(0)
		here, left := open(t, r), open(t, r)
		left.Close()

		err := r.Send(here.ID(), framing.Event{Data: "hello"})
		step.Equal(t, "an event was sent to the id of an open session: what waits for its client", "hello", data(queued(here)))
		step.Equal(t, "Send returned an error for an event that was queued", nil, err)
		step.ErrorIs(t, "no session has this id, and Send did not say so: its caller waits for an answer that cannot come",
			sessions.ErrUnknown, r.Send("nobody's id", framing.Event{Data: "hello"}))
		step.ErrorIs(t, "the session with this id was closed, and Send did not say so: its caller waits for an answer that cannot come",
			sessions.ErrUnknown, r.Send(left.ID(), framing.Event{Data: "hello"}))
		step.Equal(t, "two events were sent to nobody: what waits for the one client that is here", "", data(queued(here)))
	})
}

// Each session costs memory and a connection, so there is a number that is too many.
func TestOneTooManyIsRefused(t *testing.T) {
	defer step.Begin(t)()
	r := sessions.NewRegistry(1) // the smallest that there is; other steps have a larger one
	first := open(t, r)

	_, err := r.Open(t.Context())
	step.ErrorIs(t, "the limit is 1, a session is open, and Open let a second one in", sessions.ErrLimit, err)
	step.Equal(t, "the limit is 1, and a second session was refused: Len", 1, r.Len())

	first.Close()
	_, err = r.Open(t.Context())
	step.Equal(t, "the limit is 1, the only session has left, and there is no room for the next one: Open's error", nil, err)
}
