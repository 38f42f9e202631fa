package sessions_test

import (
	"context"
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
			if sent == 1100 {
				step.Fail(t, "one client read none of 1100 events, but Broadcast never returned an error: the client missed them, or they fill your memory")
			}
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
		step.Equal(t, "the slow client reads at last: its queue must hold exactly the events that Broadcast accepted without an error",
			fmt.Sprintf("%d, from 1 to %d", fit, fit), span(startPump(slow).news()))
		other = open(t, &r)
		fillQueue(t, other, "x")
		wantMissed(t, "the slow client has read all that was waiting, and another queue is full", broadcast(), other)
		wantMissed(t, "a broadcast did not reach one session, and later ones did not reach others", early, slow)
		other.Close()
		wantNoError(t, "the slow client has read all that was waiting, but Broadcast returned an error", broadcast())
	})
	step.Bubble(t, func(t *testing.T) { wantEndedMissNothing(t) })
	step.Bubble(t, func(t *testing.T) { wantWrittenCounted(t) })
	wantPolicyAsked(t)
	wantNewcomerReached(t)
}

// wantFull checks that both ways to send to a client with a full queue return at once.
func wantFull(t *testing.T, r *sessions.Registry, slow *sessions.Session, text string) {
	t.Helper()
	began := time.Now()
	step.ErrorIs(t, "Send did not return ErrFull for a full queue", sessions.ErrFull, slow.Send(framing.Event{Data: text}))
	step.ErrorIs(t, "Registry.Send did not return ErrFull for a full queue", sessions.ErrFull, r.Send(slow.ID(), framing.Event{Data: text}))
	step.Equal(t, "two events were sent to a client that does not read, and Send waited for it: its caller can do nothing else meanwhile", 0, time.Since(began))
}

// wantEndedMissNothing sends to a session whose context has ended a moment before.
func wantEndedMissNothing(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	ctx, leave := context.WithCancel(t.Context())
	s, _ := r.Open(ctx)
	var err, sent error
	step.OnOneProcessor(func() { // so what watches the context comes later
		leave()
		err = r.Broadcast(framing.Event{Data: "hello"})
		sent = s.Send(framing.Event{Data: "hello"})
	})
	wantNoError(t, "a session ended a moment before, but Broadcast counts it as one that missed the event", err)
	step.ErrorIs(t, "a session ended a moment before, but Send did not return ErrClosed", sessions.ErrClosed, sent)
}

// wantWrittenCounted checks that what is being written to a client still counts.
func wantWrittenCounted(t *testing.T) {
	t.Helper()
	r, text := sessions.Registry{MaxQueuedBytes: 64 << 10}, strings.Repeat("x", 1000)
	slow, other := open(t, &r), open(t, &r)
	for range 60 {
		slow.Send(framing.Event{Data: text})
	}
	p := &pump{session: slow, turns: make(chan error), done: make(chan struct{})}
	go p.run()
	synctest.Wait() // all of it is being written
	if fit := fillQueue(t, other, text); fit > 5 {
		step.Fail(t, "MaxQueuedBytes is 64 KiB and 60 KB are being written to a client that takes its time, but they no longer count: more fits in for another client",
			fmt.Sprintf("got  room for %d KB more", fit), "want room for 5 KB")
	}
}

// wantNewcomerReached opens a session during a broadcast. The next one has to reach it.
func wantNewcomerReached(t *testing.T) {
	t.Helper()
	var crowd step.Crowd
	var r sessions.Registry
	reached := 0
	r.Policy = func(waiting [][]byte, next []byte) ([][]byte, error) {
		if reached++; reached == 1 {
			crowd.Start(func() { r.Open(t.Context()) })
			crowd.Settle() // it is open, or waits until Broadcast has given a lock back
		}
		return append(waiting, next), nil
	}
	open(t, &r)
	r.Broadcast(framing.Event{Data: "first"})
	crowd.Wait()
	reached = 1
	r.Broadcast(framing.Event{Data: "second"})
	step.Equal(t, "a client came during a broadcast, and the next broadcast did not go to both sessions, but to so many", 2, reached-1)
}

// wantPolicyAsked checks what Broadcast and Send make of a Policy's errors.
func wantPolicyAsked(t *testing.T) {
	t.Helper()
	refuses := sessions.Registry{Policy: refusing(errRefused)}
	s := open(t, &refuses)
	wantMissed(t, "the registry's Policy refused the event", refuses.Broadcast(framing.Event{Data: "xx"}), s)
	step.ErrorIs(t, "the registry's Policy refused the event, but Send did not return the Policy's error", errRefused, s.Send(framing.Event{Data: "xx"}))
	step.ErrorIs(t, "the registry's Policy refused the event, but Registry.Send did not return the Policy's error",
		errRefused, refuses.Send(s.ID(), framing.Event{Data: "xx"}))

	ending := sessions.Registry{Policy: refusing(sessions.ErrClosed)}
	open(t, &ending)
	var err error
	step.Returns(t, "the Policy ended a session with ErrClosed, and Broadcast does not return: the session's Close waits for a lock", func() {
		err = ending.Broadcast(framing.Event{Data: "xx"})
	})
	wantNoError(t, "the Policy ended a session with ErrClosed, but Broadcast counts it as one that missed the event", err)
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
	for nth := range 3 {
		wantComplete(t, nth+1)
	}
	wantNoneLost(t)
	rush(t)
}

// Not every client says goodbye. But its request has a context, and that ends.
func TestASessionEndsWithItsContext(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		ctx, leave := context.WithCancel(t.Context())
		s, err := r.Open(ctx)
		wantNoError(t, "Open returned an error", err)
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
	wantNoContextHeld(t)
	step.Bubble(t, func(t *testing.T) { wantNothingKept(t) })
	step.Bubble(t, func(t *testing.T) { wantGoneAtOnce(t) })
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
		step.Equal(t, "100 sessions were opened and closed: Close left something behind that keeps so many of their contexts in memory until these end",
			0, kept())
		runtime.KeepAlive(&r)
	})
	step.Bubble(t, func(t *testing.T) {
		r := sessions.Registry{MaxSessions: 1}
		open(t, &r)
		kept := step.HeldContexts(100, func(ctx context.Context) { r.Open(ctx) })
		step.Equal(t, "100 sessions were refused: Open left something behind that keeps so many of their contexts in memory until these end", 0, kept())
	})
}

// wantGoneAtOnce ends a context while Open waits for the lock, and what watches the context
// is at the lock first.
func wantGoneAtOnce(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	open(t, &r)
	ctx, leave := context.WithCancel(t.Context())
	step.Overtaken(&r, func() { r.Open(ctx) }, leave)
	synctest.Wait()
	step.Equal(t, "a second client left while Open was at work, but Len() is not 1: if Close comes before the session is in the map, nothing takes it out again",
		1, r.Len())
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
	step.ExclusiveToReaders(t, &r, step.Calls{{"Open", func() { r.Open(t.Context()) }}, {"Close", open(t, &r).Close}})
}

// wantLimitKept opens ten sessions in the same instant, with room for two.
func wantLimitKept(t *testing.T) {
	t.Helper()
	r := sessions.Registry{MaxSessions: 2}
	step.AtOnce(&r, 10, func(int) { r.Open(t.Context()) })
	step.Equal(t, "MaxSessions is 2 and 10 clients came in the same instant, but Len() is not 2", 2, r.Len())
}

// wantClosedAtOnce closes a session ten times in the same instant, and 500 others on four
// goroutines.
func wantClosedAtOnce(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	s := open(t, &r)
	step.AtOnce(&r, 10, func(int) { s.Close() })
	step.Equal(t, "a session was closed 10 times in the same instant, but Len() is not 0", 0, r.Len())
	fill(t, &r, 500)
	all := r.All()
	atOnce(4, func() {
		for _, s := range all {
			s.Close()
		}
	})
	step.Equal(t, "500 sessions were closed by 4 goroutines at once, but Len() is not 0", 0, r.Len())
}

// A watched context calls look when it is asked for its end, as Open does by way of package
// context.
type watched struct {
	context.Context
	look func()
}

func (c watched) Done() <-chan struct{} {
	c.look()
	return c.Context.Done()
}

// wantComplete uses and closes all sessions that are in the registry while Open is at
// work: when the context is looked at for the nth time.
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
	looks = nth // it is too late to come
	mu.Unlock()
	crowd.Wait()
	for _, p := range panics.All() {
		step.Fail(t, "while Open was at work, another goroutine panicked in Broadcast or in Close: is the session in the map before it has all its fields?",
			fmt.Sprintf("panic: %v", p))
	}
}

// rush opens sessions, sends and closes on eight goroutines, as fast as they can, while one
// session stays.
func rush(t *testing.T) {
	t.Helper()
	r := sessions.Registry{MaxSessions: 5, MaxQueuedBytes: 64 << 10}
	v := visitors{r: &r, most: 4, stays: open(t, &r)}
	const scene = "8 goroutines opened sessions, sent and closed, all at once"
	step.Returns(t, scene+", and now they wait for each other", func() { atOnce(8, func() { v.visit(t.Context(), 60) }) })
	for _, wrong := range v.wrong.All() {
		step.Fail(t, scene+": "+wrong)
	}
	step.Equal(t, scene+", and one session stayed: its Pump must hand over all that was broadcast", int(v.broadcasts.Load()), waiting(t, v.stays))
	v.stays.Close()
	step.Equal(t, scene+", and all have left, but Len() is not 0", 0, r.Len())
	text := strings.Repeat("x", 1000)
	step.Equal(t, scene+", and all have left, but what they sent still takes room: so many events fit into a new queue",
		fillQueue(t, open(t, &sessions.Registry{MaxQueuedBytes: 64 << 10}), text), fillQueue(t, open(t, &r), text))
}

// Visitors come to a registry, and go.
type visitors struct {
	r     *sessions.Registry
	stays *sessions.Session
	most  int64 // how many may be inside at once, without the one that stays

	inside, broadcasts atomic.Int64
	wrong              step.List[string]
}

// visit comes so many times.
func (v *visitors) visit(ctx context.Context, times int) {
	for range times {
		if s, err := v.r.Open(ctx); err == nil { // or others are inside
			v.stay(s)
		}
	}
}

func (v *visitors) stay(s *sessions.Session) {
	if v.inside.Add(1) > v.most {
		v.wrong.Add("Open let in more than MaxSessions")
	}
	if found, _ := v.r.Get(s.ID()); found != s {
		v.wrong.Add("Get did not find a session that was open")
	}
	if v.r.Send(s.ID(), framing.Event{Data: "hello"}) != nil || v.r.Broadcast(framing.Event{Data: "hello"}) != nil {
		v.wrong.Add("Send or Broadcast returned an error, with room in every queue")
	}
	v.broadcasts.Add(1)
	v.inside.Add(-1)
	s.Close()
	if _, found := v.r.Get(s.ID()); found {
		v.wrong.Add("Get found a session after its Close")
	}
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
	step.Equal(t, "8 goroutines sent to one session until its queue was full: Pump must hand over exactly what Send returned no error for", int(accepted.Load()), waiting(t, s))
}
