package timeouts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Part 1: the caller.

// A client may stay connected and say nothing: its program hangs, or a person has gone for
// lunch. Approving a payment may take them two minutes; answering a ping may not.
func TestACallEndsAfterThirtySeconds(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		took, _ := call(t, t.Context(), &timeouts.Caller{}, silent)
		step.Equal(t, "the client never answers: Call must give up after 30 s (this caller would wait for a minute, others forever)",
			30*time.Second, took)
		short, _ := call(t, t.Context(), &timeouts.Caller{Timeout: 2 * time.Second}, silent)
		long, _ := call(t, t.Context(), &timeouts.Caller{Timeout: 45 * time.Second}, silent)
		step.Equal(t, "the client never answers a Caller whose Timeout is 2 s, nor one whose Timeout is 45 s: each must wait for its own Timeout",
			"2s, 45s", fmt.Sprint(short, ", ", long))
	})
}

// The error is for a decision: was the client slow, or was the caller in a hurry?
func TestTheErrorSaysWhoseTimeWasUp(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		caller := &timeouts.Caller{Timeout: 10 * time.Second}
		_, err := call(t, t.Context(), caller, silent)
		step.Equal(t, "the Caller's Timeout of 10 s passed: the error must wrap a *TimeoutError that says so", "the Caller's, after 10s", whose(err))

		hurried, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		took, err := call(t, hurried, caller, silent)
		step.Equal(t, "the context that Call was given ends after 3 s: Call must not wait longer", 3*time.Second, took)
		step.Equal(t, "the context that Call was given ended after 3 s: the error must be that context's", "its own: context deadline exceeded", whose(err))

		closing, stop := context.WithCancelCause(t.Context())
		stop(errors.New("we are closing"))
		_, err = call(t, closing, caller, silent)
		step.Equal(t, "the context that Call was given ended for a reason: the error must be that reason", "its own: we are closing", whose(err))
	})
}

// A timer that is not stopped runs to its end, and keeps all that its call knew. And how long
// do calls take on a good day? Without that, a Timeout is a guess.
func TestAnAnswerInTimeStopsTheClock(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var caller timeouts.Caller
		took, _ := call(t, t.Context(), &caller, silent)
		step.Equal(t, "the client never answers: Call must give up after 30 s", 30*time.Second, took)

		ctx := &watched{Context: t.Context(), done: make(chan struct{})}
		result, err := caller.Call(ctx, answersAfter(time.Second, &caller, yes), approve)
		step.Equal(t, "the client answered after a second: Call must return its result", `"yes" <nil>`, fmt.Sprint(string(result), " ", err))
		synctest.Wait()
		step.Equal(t, "Call returned an answer after a second, but did not end its own context (at 1,000 calls per second, 30,000 of them would run)",
			0, int(ctx.waiting.Load()))
	})
	step.Bubble(t, func(t *testing.T) {
		var observed []string
		var told error
		caller := timeouts.Caller{Observe: func(method string, took time.Duration, err error) {
			observed = append(observed, fmt.Sprint(method, " ", took))
			told = err
		}}
		full := peerFunc(func(framing.Event) error { return sessions.ErrFull })
		for _, c := range []struct {
			what, want string
			peer       correlation.Peer
		}{
			{"the client answered after a second", "approve 1s", answersAfter(time.Second, &caller, yes)},
			{"the client answered with an error after two seconds", "approve 2s", answersAfter(2*time.Second, &caller, no)},
			{"the client never answered", "approve 30s", silent},
			{"the request could not be sent", "approve 0s", full},
		} {
			observed = nil
			_, err := call(t, t.Context(), &caller, c.peer)
			step.Equal(t, c.what+": Call must tell Observe the method and how long it took, once", c.want, strings.Join(observed, ", "))
			step.Equal(t, c.what+": Observe must get the error that Call returns", fmt.Sprint(err), fmt.Sprint(told))
		}
	})
}

// Half a second too late is too late: its caller has already reported "no answer". But if one
// answer in ten is a moment late, your Timeout is too short. Count them.
func TestALateAnswerIsRefusedAndCounted(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		client := w.open()
		w.call("first")
		step.Pass(30 * time.Second)
		second := w.call("second")
		step.Pass(time.Second)

		step.Equal(t, "the caller gave up at +30 s and the answer was posted at +31 s: its status must be 410 (after a 202, the client thinks that its answer was used)",
			http.StatusGone, client.answer("first"))
		step.Equal(t, "one answer came too late: Late must count it", 1, int(w.caller.Late()))
		client.answer("second")
		step.Equal(t, "a late answer to the first request came before the answer to the second: the second caller must get its own", `"answer to second"`, second.answer)

		again, unknown := client.answer("second"), client.answer("what nobody asked")
		step.Equal(t, "one answer was posted twice, and another has an unknown id: Late must count neither",
			"409 404, 1 late", fmt.Sprintf("%d %d, %d late", again, unknown, w.caller.Late()))
	})
}

// The caller has left, but the client does not know that. It works on, for as long as it takes.
func TestTheClientIsToldThatNobodyWaits(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		client := w.open()
		w.call("approve")
		step.Pass(30 * time.Second)
		step.Equal(t, "the caller of approve gave up at +30 s: Call must send the client a cancellation",
			"request approve, cancelled approve", client.news())

		w.call("count").giveUp()
		step.Equal(t, "the context of count's caller ended: Call must send the client a cancellation", "request count, cancelled count", client.news())

		w.call("greet")
		w.call("refuse")
		client.answer("greet")
		client.refuse("refuse")
		step.Pass(time.Minute)
		step.Equal(t, "the client answered both requests, one of them with an error: Call must not send a cancellation",
			"request greet, request refuse", client.news())
	})
	for _, cause := range []error{errors.New("we are closing"), manyCauses{errors.New("we are closing")}} {
		step.Bubble(t, func(t *testing.T) {
			heard, err := callAndStop(t, cause, nil)
			step.Equal(t, fmt.Sprintf("the caller's context ended, with a cause of the type %T: Call must send the client a cancellation", cause),
				"request, notification", heard)
			step.Equal(t, fmt.Sprintf("the caller's context ended, with a cause of the type %T: Call's error must be that cause", cause), "its own: we are closing", whose(err))
		})
	}
	step.Bubble(t, func(t *testing.T) {
		heard, _ := callAndStop(t, sessions.ErrFull, sessions.ErrFull)
		step.Equal(t, "the request could not be sent: Call must not send a cancellation after it", "request", heard)
	})
	step.Bubble(t, func(t *testing.T) {
		var sent int
		full := peerFunc(func(framing.Event) error {
			if sent++; sent > 1 {
				return sessions.ErrFull
			}
			return nil
		})
		_, err := call(t, t.Context(), &timeouts.Caller{}, full)
		step.Equal(t, "the cancellation could not be sent: Call's error must still be the *TimeoutError", "the Caller's, after 30s", whose(err))
	})
	step.Bubble(t, func(t *testing.T) {
		for range 20 { // a select that has two ways takes either
			var caller timeouts.Caller
			var heard notes
			ctx, giveUp := context.WithCancel(t.Context())
			result, err := caller.Call(ctx, peerFunc(func(e framing.Event) error {
				heard.Add(e.Type)
				answer(&caller, e, yes)
				giveUp()
				return nil
			}), approve)
			step.Equal(t, "the answer arrived and the caller's context ended at the same moment: Call must return the answer that Resolve took, and send no cancellation",
				`"yes" <nil>, heard: request`, fmt.Sprint(string(result), " ", err, ", heard: ", heard.String()))
		}
	})
}
