package timeouts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// Part 1: the one who asks.

// A client may stay connected and say nothing: its program hangs, or a person has gone for
// lunch.
func TestACallEndsAfterThirtySeconds(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		took, _ := call(t, t.Context(), &timeouts.Caller{}, silent)
		step.Equal(t, "the client never answers: how long its caller waited (this one has a minute; others would wait for ever)",
			30*time.Second, took)
	})
}

// Approving a payment may take a person two minutes. Answering a ping may not.
func TestTheTimeoutCanBeChosen(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		short, _ := call(t, t.Context(), &timeouts.Caller{Timeout: 2 * time.Second}, silent)
		long, _ := call(t, t.Context(), &timeouts.Caller{Timeout: 45 * time.Second}, silent)
		step.Equal(t, "a Caller with a Timeout of 2 s and one of 45 s, a client that never answers: how long the two waited",
			"2s, 45s", fmt.Sprint(short, ", ", long))
	})
}

// Whoever reads the error has to decide: is the client slow, or was I in a hurry?
func TestTheErrorSaysWhoseTimeWasUp(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		caller := &timeouts.Caller{Timeout: 10 * time.Second}
		_, err := call(t, t.Context(), caller, silent)
		step.Equal(t, "the Caller's Timeout of 10 s passed: by its error, whose time was up", "the Caller's, after 10s", whose(err))

		hurried, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		took, err := call(t, hurried, caller, silent)
		step.Equal(t, "the one who called had a deadline of 3 s: how long it waited", 3*time.Second, took)
		step.Equal(t, "the one who called had a deadline of 3 s: by its error, whose time was up", "its own: context deadline exceeded", whose(err))

		closing, stop := context.WithCancelCause(t.Context())
		stop(errors.New("we are closing"))
		_, err = call(t, closing, caller, silent)
		step.Equal(t, "the one who called has stopped, for a reason: by its error, whose time was up", "its own: we are closing", whose(err))
	})
}

// A timer that nobody stops runs to its end, and holds on to all that its call knew.
func TestAnAnswerInTimeStopsTheClock(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var caller timeouts.Caller
		took, _ := call(t, t.Context(), &caller, silent)
		step.Equal(t, "the client never answers: how long its caller waited", 30*time.Second, took)

		ctx := &watched{Context: t.Context(), done: make(chan struct{})}
		result, err := caller.Call(ctx, answersAfter(time.Second, &caller, `"yes"`), "approve", nil)
		step.Equal(t, "the client answered after a second: what Call returned", `"yes" <nil>`, fmt.Sprint(string(result), " ", err))
		synctest.Wait()
		step.Equal(t, "the client answered after a second, and Call has returned: how many of its contexts still run (at 1,000 calls a second, 30,000 do)",
			0, int(ctx.waiting.Load()))
	})
}

// Half a second too late is too late: its caller has told somebody "no answer" already.
// What if one in ten comes a moment late, since you set the Timeout too low? Count them.
func TestALateAnswerIsRefusedAndCounted(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		client := w.open()
		w.call("first")
		step.Pass(30 * time.Second)
		second := w.call("second")
		step.Pass(time.Second)

		step.Equal(t, "the caller gave up at +30 s, the answer was posted at +31 s: its status (with a 202, the client thinks that it was heard)",
			http.StatusGone, client.answer("first"))
		step.Equal(t, "one answer came too late: what Late returns", 1, int(w.caller.Late()))
		client.answer("second")
		step.Equal(t, "after a late answer to the first question came one to the second: what the second caller has", `"answer to second"`, second.answer)

		again, unknown := client.answer("second"), client.answer("what nobody asked")
		step.Equal(t, "one answer came twice, one to what nobody asked: their statuses, and Late, which counts neither",
			"409 404, 1 late", fmt.Sprintf("%d %d, %d late", again, unknown, w.caller.Late()))
	})
}

// Nobody waits, but the client does not know. It works on, for as long as it takes.
func TestTheClientIsToldThatNobodyWaits(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		client := w.open()
		w.call("approve")
		step.Pass(30 * time.Second)
		step.Equal(t, "the client was asked to approve, and its caller gave up at +30 s: what the client has heard by then",
			"request approve, cancelled approve", client.news())

		w.call("count").giveUp()
		step.Equal(t, "the one who asked to count gave up by itself: what the client has heard", "request count, cancelled count", client.news())

		w.call("greet")
		w.call("refuse")
		client.answer("greet")
		client.refuse("refuse")
		step.Pass(time.Minute)
		step.Equal(t, "the client answered both, one with an error, so nobody waits in vain: what it has heard within a minute",
			"request greet, request refuse", client.news())
	})
	step.Bubble(t, func(t *testing.T) {
		var sent int
		full := sessionFunc(func(framing.Event) error {
			if sent++; sent > 1 {
				return sessions.ErrFull
			}
			return nil
		})
		_, err := call(t, t.Context(), &timeouts.Caller{}, full)
		step.Equal(t, "the client's queue is full, it cannot be told: by the caller's error, whose time was up", "the Caller's, after 30s", whose(err))
	})
	step.Bubble(t, func(t *testing.T) {
		for range 20 { // a select that has two ways takes either
			var caller timeouts.Caller
			var heard notes
			ctx, giveUp := context.WithCancel(t.Context())
			result, err := caller.Call(ctx, sessionFunc(func(e framing.Event) error {
				heard.Add(e.Type)
				answer(&caller, e, `"yes"`)
				giveUp()
				return nil
			}), "approve", nil)
			step.Equal(t, "the answer was taken, and at the same moment its caller gave up: what Call returned, and what the client has heard",
				`"yes" <nil>, heard: request`, fmt.Sprint(string(result), " ", err, ", heard: ", heard.String()))
		}
	})
}
