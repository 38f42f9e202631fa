package timeouts_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
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
		step.Equal(t, "the Caller's Timeout of 10 s passed: the error must be a *correlation.CallError with a *TimeoutError in it that says so", "the Caller's, after 10s", whose(err))

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
		caller := timeouts.Caller{Timeout: time.Hour}
		const calls = 20
		held := step.HeldContexts(calls, func(ctx context.Context) {
			result, err := caller.Call(ctx, answersAfter(time.Second, &caller, yes), approve)
			step.Equal(t, "the client answered after a second: Call must return its result", `"yes" <nil>`, fmt.Sprint(string(result), " ", err))
		})
		step.Equal(t, fmt.Sprintf("Timeout is an hour, and %d calls were answered after a second: a minute later, Call must hold none of their contexts (a timer that is not stopped holds one until it fires)", calls),
			0, held())
	})
	step.Bubble(t, func(t *testing.T) {
		var observed []string
		var told error
		caller := timeouts.Caller{Observe: func(method string, took time.Duration, err error) {
			observed = append(observed, fmt.Sprint(method, " ", took))
			told = err
		}}
		for _, c := range []struct {
			what, want string
			peer       correlation.Peer
		}{
			{"the client answered after a second", "approve 1s", answersAfter(time.Second, &caller, yes)},
			{"the client answered with an error after two seconds", "approve 2s", answersAfter(2*time.Second, &caller, no)},
			{"the client never answered", "approve 30s", silent},
			{"the request could not be sent", "approve 0s", peerFunc(func(framing.Event) error { return sessions.ErrFull })},
		} {
			observed = nil
			_, err := call(t, t.Context(), &caller, c.peer)
			step.Equal(t, c.what+": Call must tell Observe the method and how long it took, once", c.want, strings.Join(observed, ", "))
			step.Equal(t, c.what+": Observe must get the error that Call returns", errorAndText(err), errorAndText(told))
			step.Equal(t, c.what+": Call must leave no entry behind", 0, caller.Len())
		}
	})
	step.Bubble(t, func(t *testing.T) {
		meet := meeting()
		var caller timeouts.Caller
		caller.Observe = func(string, time.Duration, error) {
			meet()
			caller.Late()
		}
		var calls sync.WaitGroup
		for range 2 {
			calls.Go(func() { caller.Call(t.Context(), silent, approve) })
		}
		step.Returns(t, "two calls ended at the same moment, and the Observe of each waits for that of the other: Call must call Observe for both at once", calls.Wait)
	})
}

// Half a second too late is too late: its caller has already reported "no answer". But if one
// answer in ten is a moment late, your Timeout is too short. Count them.
func TestALateAnswerIsRefusedAndCounted(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		client := w.open()
		w.call("first")
		step.Advance(30 * time.Second)
		second := w.call("second")
		step.Advance(time.Second)

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
		step.Advance(30 * time.Second)
		step.Equal(t, "the caller of approve gave up at +30 s: Call must send the client a cancellation",
			"request approve, cancelled approve", client.news())

		w.call("count").giveUp()
		step.Equal(t, "the context of count's caller ended: Call must send the client a cancellation", "request count, cancelled count", client.news())

		w.call("greet")
		w.call("refuse")
		client.answer("greet")
		client.refuse("refuse")
		step.Advance(time.Minute)
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
		hurried, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		var heard notes
		call(t, hurried, new(timeouts.Caller), peerFunc(func(e framing.Event) error {
			heard.Add(e.Type)
			return nil
		}))
		step.Equal(t, "the deadline of the caller's own context passed: Call must send the client a cancellation", "request, notification", heard.String())
	})
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
		for range 40 { // a select that has two ways takes either
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

// answersAfter is a client that answers each request after d.
func answersAfter(d time.Duration, caller *timeouts.Caller, response correlation.Response) peerFunc {
	return func(e framing.Event) error {
		time.AfterFunc(d, func() { answer(caller, e, response) })
		return nil
	}
}

// answer resolves the request in e, if there is one.
func answer(caller *timeouts.Caller, e framing.Event, response correlation.Response) error {
	var request correlation.Request
	if json.Unmarshal([]byte(e.Data), &request); request.ID == "" {
		return nil
	}
	response.ID = request.ID
	return caller.Resolve("session", response)
}

// meeting returns a function that returns when two goroutines are in it.
func meeting() func() {
	meet := make(chan struct{})
	return func() {
		select {
		case meet <- struct{}{}:
		case <-meet:
		}
	}
}

// yes and no are responses. answer gives them an ID.
var (
	yes = correlation.Response{JSONRPC: "2.0", Result: []byte(`"yes"`)}
	no  = correlation.Response{JSONRPC: "2.0", Error: &correlation.Error{Code: 7, Message: "no"}}
)

// approve is the request of most steps.
var approve = correlation.Request{Method: "approve"}

// call asks, for a minute at most, and returns how long the wait was and how it ended.
func call(t *testing.T, ctx context.Context, caller *timeouts.Caller, peer correlation.Peer) (took time.Duration, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	step.Returns(t, "the client never answers and the caller's own context ended after a minute, but Call has not returned", func() {
		_, err = caller.Call(ctx, peer, approve)
	})
	return time.Since(began), err
}

// manyCauses is a cause whose type cannot be compared.
type manyCauses []error

func (c manyCauses) Error() string { return c[0].Error() }

// callAndStop asks a client whose Send returns sendErr, with a context that ends
// meanwhile with a cause, and returns what the client was sent and how the call ended.
func callAndStop(t *testing.T, cause, sendErr error) (heard string, err error) {
	t.Helper()
	ctx, stop := context.WithCancelCause(t.Context())
	var sent notes
	_, err = call(t, ctx, new(timeouts.Caller), peerFunc(func(e framing.Event) error {
		sent.Add(e.Type)
		stop(cause)
		return sendErr
	}))
	synctest.Wait()
	return sent.String(), err
}

// errorAndText returns whether err is an error, and what it says. A nil pointer in err
// is an error.
func errorAndText(err error) string { return fmt.Sprintf("error: %t, %v", err != nil, err) }

// whose returns whose time was up, as far as err says it.
func whose(err error) string {
	call, ok := errors.AsType[*correlation.CallError](err)
	if !ok {
		return fmt.Sprintf("not a *correlation.CallError: %v", err)
	}
	if timeout, ok := errors.AsType[*timeouts.TimeoutError](err); ok {
		return fmt.Sprint("the Caller's, after ", timeout.After)
	}
	return fmt.Sprint("its own: ", call.Err)
}

// A listener is a client whose part the step plays.
type listener struct {
	*wire
	stream  *pair.Stream
	session string
	heard   int
}

// open connects a client whose part the step plays.
func (w *wire) open() *listener {
	stream := w.Open("/gw/events")
	synctest.Wait()
	return &listener{wire: w, stream: stream, session: w.sessions.All()[0].ID()}
}

// messages returns what has come down the stream so far.
func (l *listener) messages() (all []correlation.Request) {
	synctest.Wait()
	for e := range parsing.NewDecoder(strings.NewReader(l.stream.Received())).Events() {
		var message correlation.Request
		if json.Unmarshal([]byte(e.Data), &message) == nil {
			all = append(all, message)
		}
	}
	return all
}

// news returns what has come since it was last asked for.
func (l *listener) news() string {
	var all []string
	asked := map[string]string{}
	for _, m := range l.messages() {
		if m.ID != "" {
			asked[m.ID] = m.Method
			all = append(all, "request "+m.Method)
			continue
		}
		var params struct{ RequestID string }
		json.Unmarshal(m.Params, &params)
		all = append(all, strings.TrimPrefix(m.Method, "notifications/")+" "+cmp.Or(asked[params.RequestID], "what nobody asked"))
	}
	news := all[l.heard:]
	l.heard = len(all)
	return strings.Join(news, ", ")
}

// answer posts a result for the request with this method, and returns the status.
func (l *listener) answer(method string) int {
	return l.post(method, fmt.Sprintf(`"result":"answer to %s"`, method))
}

// refuse posts an error for the request with this method.
func (l *listener) refuse(method string) { l.post(method, `"error":{"code":7,"message":"no"}`) }

func (l *listener) post(method, outcome string) int {
	id := "nobody's"
	for _, m := range l.messages() {
		if m.Method == method {
			id = m.ID
		}
	}
	status := l.Post("/gw/responses?session="+l.session, "application/json", fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,%s}`, id, outcome)).Status
	synctest.Wait()
	return status
}
