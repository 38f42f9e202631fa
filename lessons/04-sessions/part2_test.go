package sessions_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
			failIf(t, sent == 1100, "one client read none of 1,100 events, but Broadcast never returned an error: events are silently lost, or they fill up memory")
		}
		fit := sent - 1
		for range 20 {
			wantMissed(t, "one of 4 queues is full", broadcast(), slow)
		}
		wantFull(t, &r, slow, laugh)
		other := open(t, &r)
		fillQueue(t, other, "x")
		wantMissed(t, "two of 5 queues are full", broadcast(), slow, other)
		other.Close()
		early := broadcast()
		step.Equal(t, "a client whose queue was full finally reads: it must get exactly the events that Broadcast accepted without an error",
			fmt.Sprintf("%d, from 1 to %d", fit, fit), span(startPump(slow).news()))
		other = open(t, &r)
		fillQueue(t, other, "x")
		wantMissed(t, "the slow client caught up, and another queue is full", broadcast(), other)
		wantMissed(t, "Broadcast failed, and its error was checked only after the next Broadcast", early, slow)
		other.Close()
		wantNoError(t, "the slow client caught up and no queue is full, but Broadcast still returned an error", broadcast())
	})
	step.Bubble(t, func(t *testing.T) { wantEndedMissNothing(t) })
	for _, ending := range []string{"stayed open", "was closed", "lost its context", "was ended by its Policy"} {
		for _, write := range []string{"succeeded", "failed", "panicked"} {
			step.Bubble(t, func(t *testing.T) { wantWrittenCounted(t, ending, write) })
		}
	}
	step.Bubble(t, func(t *testing.T) { wantOthersKept(t) })
	wantPolicyAsked(t)
	wantOthersReached(t)
	wantNewcomerReached(t)
	wantSmallQueue(t)
}

// wantFull checks that both ways to send to a client with a full queue return at once.
func wantFull(t *testing.T, r *sessions.Registry, slow *sessions.Session, text string) {
	t.Helper()
	began := time.Now()
	step.ErrorIs(t, "Send did not return ErrFull for a full queue", sessions.ErrFull, slow.Send(framing.Event{Data: text}))
	step.ErrorIs(t, "Registry.Send did not return ErrFull for a full queue", sessions.ErrFull, r.Send(slow.ID(), framing.Event{Data: text}))
	step.Equal(t, "two events were sent to a client that does not read: Send must not wait for the client (shown: how long both took)", 0, time.Since(began))
}

// wantEndedMissNothing sends to a session whose context ended just before.
func wantEndedMissNothing(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	ctx, leave := context.WithCancel(t.Context())
	s, _ := r.Open(ctx)
	var err, sent, named error
	step.OnOneProcessor(func() { // so the watcher of the context runs later
		leave()
		err = r.Broadcast(framing.Event{Data: "hello"})
		sent = s.Send(framing.Event{Data: "hello"})
		named = r.Send(s.ID(), framing.Event{Data: "hello"})
	})
	wantNoError(t, "a session ended just before a broadcast: Broadcast must return nil, because only an open session can miss an event", err)
	step.ErrorIs(t, "a session ended just before Send was called, but Send did not return ErrClosed", sessions.ErrClosed, sent)
	if !errors.Is(named, sessions.ErrNotFound) {
		step.ErrorIs(t, "a session ended just before Registry.Send was called with its id: Registry.Send must return ErrClosed or ErrNotFound", sessions.ErrClosed, named)
	}
}

// wantOthersKept makes two sessions miss events, and checks that a third one gets them.
func wantOthersKept(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	large := framing.Event{Data: strings.Repeat("x", 1<<20)}
	a := open(t, &r)
	wantNoError(t, "an event with 1 MiB of data was broadcast to an empty queue: Broadcast must accept it, because a frame that is alone in its queue may exceed 1 MiB", r.Broadcast(large))
	b := open(t, &r)
	wantNoError(t, "an event with 1 MiB of data was sent to an empty queue: Send must accept it, because a frame that is alone in its queue may exceed 1 MiB", b.Send(large))
	other := open(t, &r)
	for _, text := range []string{"one", "two"} {
		wantMissed(t, "two of 3 queues are full", r.Broadcast(framing.Event{Data: text}), a, b)
	}
	step.Equal(t, "two of three sessions missed two broadcasts: the third session's Pump must hand over both events, unchanged",
		"one two", data(startPump(other).news()))
	step.Equal(t, "an event with 1 MiB of data was broadcast: Pump must hand it over whole (shown: length of its data)", len(large.Data), len(data(startPump(a).news())))
}

// wantNewcomerReached opens a session during a broadcast. The next broadcast has to reach it.
func wantNewcomerReached(t *testing.T) {
	t.Helper()
	var crowd step.Crowd
	var r sessions.Registry
	reached := 0
	r.Policy = func(waiting [][]byte, next []byte) ([][]byte, error) {
		if reached++; reached == 1 {
			crowd.Start(func() { r.Open(t.Context()) })
			crowd.Settle() // it is open, or it waits until Broadcast releases a lock
		}
		return append(waiting, next), nil
	}
	open(t, &r)
	r.Broadcast(framing.Event{Data: "first"})
	crowd.Wait()
	reached = 1
	r.Broadcast(framing.Event{Data: "second"})
	step.Equal(t, "a second client connected during a broadcast: the next broadcast must reach both sessions (shown: how many it reached)", 2, reached-1)
}

// wantPolicyAsked checks what Broadcast and Send do with a Policy's errors.
func wantPolicyAsked(t *testing.T) {
	t.Helper()
	refuses := sessions.Registry{Policy: refusing(errRefused)}
	all := fill(t, &refuses, 100)
	s := all[0]
	wantMissed(t, "the registry's Policy refused an event for 100 sessions", refuses.Broadcast(framing.Event{Data: "xx"}), all...)
	step.ErrorIs(t, "the registry's Policy refused the event, but Send did not return the Policy's error", errRefused, s.Send(framing.Event{Data: "xx"}))
	step.ErrorIs(t, "the registry's Policy refused the event, but Registry.Send did not return the Policy's error",
		errRefused, refuses.Send(s.ID(), framing.Event{Data: "xx"}))

	ending := sessions.Registry{Policy: refusing(errEnds)}
	open(t, &ending)
	var err error
	step.Returns(t, "the Policy's error, which wraps ErrClosed, ended a session, but Broadcast did not return: does Broadcast hold a lock that Close needs?", func() {
		err = ending.Broadcast(framing.Event{Data: "xx"})
	})
	wantNoError(t, "a Policy returned an error that wraps ErrClosed, which ended a session: Broadcast must return nil, because a session that has ended misses nothing", err)
	step.Equal(t, "the Policy's error, which wraps ErrClosed, ended the only session: Len() must be 0", 0, ending.Len())
}

// On a server, each client has its own goroutine, and so does everything that sends.
func TestEverythingAtOnceIsSafe(t *testing.T) {
	defer step.Begin(t)()
	wantLocked(t)
	for range 2 { // ten sessions in the same instant, with room for two
		r := sessions.Registry{MaxSessions: 2}
		step.AtOnce(&r, 10, func(int) { r.Open(t.Context()) })
		step.Equal(t, "MaxSessions is 2 and 10 clients connected at the same instant, but Len() is not 2", 2, r.Len())
	}
	wantClosedAtOnce(t)
	wantClosedForAll(t)
	for nth := range 3 {
		wantComplete(t, nth+1)
	}
	for nth := range 4 {
		wantWatchKept(t, nth+1)
	}
	wantNoneLost(t)
	rush(t)
}

// Not every client says goodbye. But its request has a context, which ends.
func TestASessionEndsWithItsContext(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		ctx, leave := context.WithCancel(t.Context())
		s, err := r.Open(ctx)
		wantNoError(t, "Open returned an error although there was room for one more session", err)
		p := startPump(s)
		step.Advance(30 * 24 * time.Hour)
		step.Equal(t, "the client has been connected for 30 days, but Len() is not 1: a quiet session must stay open", 1, r.Len())
		r.Broadcast(framing.Event{Data: "hello"})
		step.Equal(t, "the first event was broadcast after 30 days: Pump must still be running and hand it over", "hello", data(p.news()))

		leave()
		p.wantEnd(t, "the client's context ended", nil)
		step.Equal(t, "the client's context ended, but Len() is not 0: a session that outlives its context stays in memory until the server stops", 0, r.Len())
		failIf(t, !ended(s), "the client's context ended, but the session's Done channel is not closed")
	})
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errLost)
		defer cancel()
		s, _ := r.Open(ctx)
		p := startPump(s)
		step.Advance(time.Minute)
		p.wantEnd(t, "the deadline of the session's context passed", nil)
		step.Equal(t, "the deadline of the session's context passed, but Len() is not 0", 0, r.Len())
	})
	wantNoContextHeld(t)
	step.Bubble(t, func(t *testing.T) { wantNothingKept(t) })
	step.Bubble(t, func(t *testing.T) { wantGoneAtOnce(t) })
	step.Bubble(t, wantNoneOfThoseWhoLeft)
	step.Bubble(t, wantLetGo)
	step.Bubble(t, wantGoneOnClose)
}

// wantNoContextHeld checks that a session leaves nothing on its context.
func wantNoContextHeld(t *testing.T) {
	t.Helper()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		kept := step.HeldContexts(100, func(ctx context.Context) {
			if s, err := r.Open(ctx); err == nil {
				s.Close()
			}
		})
		step.Equal(t, "100 sessions were opened and closed: Close must leave nothing behind that keeps their contexts in memory (shown: how many are kept)",
			0, kept())
		runtime.KeepAlive(&r)
	})
	step.Bubble(t, func(t *testing.T) {
		r := sessions.Registry{MaxSessions: 1}
		open(t, &r)
		kept := step.HeldContexts(100, func(ctx context.Context) { r.Open(ctx) })
		step.Equal(t, "100 sessions were refused: Open must leave nothing behind that keeps their contexts in memory (shown: how many are kept)", 0, kept())
	})
}

// wantGoneAtOnce ends a context while Open waits for the lock, and the watcher of the
// context gets the lock first.
func wantGoneAtOnce(t *testing.T) {
	t.Helper()
	for range 5 { // since the watcher does not always get the lock first
		var r sessions.Registry
		open(t, &r)
		ctx, leave := context.WithCancel(t.Context())
		step.Overtaken(&r, func() { r.Open(ctx) }, leave)
		synctest.Wait()
		step.Equal(t, "a second client left while its session was being opened, but Len() is not 1: if Close runs before the session is in the map, Close removes nothing",
			1, r.Len())
	}
}

// wantLocked checks that everything that uses the map takes its lock.
func wantLocked(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	s := open(t, &r)
	step.Exclusive(t, &r, step.Calls{
		{"Open", func() { r.Open(t.Context()) }},
		{"Get", func() { r.Get(s.ID()) }},
		{"Len", func() { r.Len() }},
		{"All", func() { r.All() }},
		{"Registry.Send", func() { r.Send(s.ID(), framing.Event{Data: "hello"}) }},
		{"Broadcast", func() { r.Broadcast(framing.Event{Data: "hello"}) }},
		{"Close", s.Close},
	})
	step.ExclusiveToReaders(t, &r, step.Calls{{"Open", func() { r.Open(t.Context()) }}, {"Close", open(t, &r).Close}})
}

// wantClosedAtOnce closes a session ten times in the same instant, 500 others on four
// goroutines, and one a second time while its first Close waits for a lock.
func wantClosedAtOnce(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	s := open(t, &r)
	step.AtOnce(&r, 10, func(int) { s.Close() })
	step.Equal(t, "a session was closed 10 times at the same instant, but Len() is not 0", 0, r.Len())
	all := fill(t, &r, 500)
	atOnce(4, func() { closeAll(all) })
	step.Equal(t, "500 sessions were closed by 4 goroutines at once, but Len() is not 0", 0, r.Len())

	s, left := open(t, &r), 0
	step.Overtaken(&r, s.Close, func() { s.Close(); left = r.Len() })
	step.Equal(t, "two goroutines closed a session at once, but Len() is not 0 when one Close returns: each Close must return only after the session has left the registry", 0, left)
}

// A watched context calls look in its Done, which Open calls by way of package context.
type watched struct {
	context.Context
	look func()
}

func (c watched) Done() <-chan struct{} {
	c.look()
	return c.Context.Done()
}

// wantComplete uses and closes all sessions that are in the registry while Open is
// running: at the nth call of its context's Done.
func wantComplete(t *testing.T, nth int) {
	t.Helper()
	var r sessions.Registry
	var crowd step.Crowd
	var panics step.List[any]
	var mu sync.Mutex // guards looks
	looks := 0
	ctx := watched{t.Context(), func() {
		mu.Lock()
		defer mu.Unlock()
		if looks++; looks != nth {
			return
		}
		crowd.Start(func() {
			defer func() {
				if p := recover(); p != nil {
					panics.Add(p)
				}
			}()
			r.Broadcast(framing.Event{Data: "hello"})
			for _, s := range r.All() {
				s.Close()
			}
		})
		crowd.Settle()
	}}
	r.Open(ctx)
	mu.Lock()
	looks = nth // from now on, nothing more is started
	mu.Unlock()
	crowd.Wait()
	for _, p := range panics.All() {
		step.Fail(t, "while Open was running, another goroutine panicked in Broadcast or in Close: is the session in the map before it has all its fields?",
			fmt.Sprintf("panic: %v", p))
	}
}

// rush opens sessions, sends and closes on eight goroutines, as fast as they can, while one
// session stays.
func rush(t *testing.T) {
	t.Helper()
	r := sessions.Registry{MaxSessions: 5, MaxQueuedBytes: 64 << 10}
	v := visitors{r: &r, most: 4, stays: open(t, &r)}
	const scene = "8 goroutines opened, used and closed sessions at once"
	step.Returns(t, scene+", but did not finish: they are waiting for each other", func() { atOnce(8, func() { v.visit(t.Context(), 60) }) })
	for _, wrong := range v.wrong.All() {
		step.Fail(t, scene+", but "+wrong)
	}
	step.Equal(t, scene+", while one session stayed open: that session's Pump must hand over every broadcast (shown: how many)",
		int(v.broadcasts.Load()), waiting(t, v.stays))
	v.stays.Close()
	step.Equal(t, scene+", then all sessions were closed, but Len() is not 0", 0, r.Len())
	text := strings.Repeat("x", 1000)
	step.Equal(t, scene+", then all sessions were closed: a new session's queue must have room for the full MaxQueuedBytes (shown: events that fit)",
		fillQueue(t, open(t, &sessions.Registry{MaxQueuedBytes: 64 << 10}), text), fillQueue(t, open(t, &r), text))
}

// wantNoneLost sends from eight goroutines to one session, more than fits into its queue.
func wantNoneLost(t *testing.T) {
	t.Helper()
	r := sessions.Registry{MaxQueuedBytes: 4 << 10}
	s := open(t, &r)
	var accepted atomic.Int64
	atOnce(8, func() {
		for range 100 {
			if s.Send(framing.Event{Data: "hello"}) == nil {
				accepted.Add(1)
			}
		}
	})
	step.Equal(t, "8 goroutines sent to one session until its queue was full: Pump must hand over exactly the events that Send accepted (shown: how many)", int(accepted.Load()), waiting(t, s))
}

// wantOthersReached broadcasts to thirty sessions. The Policy refuses the event for ten of
// them, and ends ten others.
func wantOthersReached(t *testing.T) {
	t.Helper()
	r := sessions.Registry{Policy: func(waiting [][]byte, next []byte) ([][]byte, error) {
		if len(waiting) == 0 {
			return [][]byte{next}, nil
		}
		return nil, map[string]error{"data: refuse\n\n": errRefused, "data: end\n\n": errEnds}[string(waiting[0])]
	}}
	all := fill(t, &r, 30)
	for _, s := range all[:10] {
		s.Send(framing.Event{Data: "refuse"})
	}
	for _, s := range all[10:20] {
		s.Send(framing.Event{Data: "end"})
	}
	wantMissed(t, "the registry's Policy refused an event for 10 of 30 sessions, and ended 10 others", r.Broadcast(framing.Event{Data: "hello"}), all[:10]...)
	for _, s := range all[20:] {
		step.Equal(t, "the registry's Policy refused an event for 10 of 30 sessions, and ended 10 others: Broadcast must queue the event for each of the remaining 10 (shown: events queued for one of them)", 1, waiting(t, s))
	}
}
