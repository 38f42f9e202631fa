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

// A client may stay connected and send nothing: its program hangs, or its user has gone for
// lunch. Approving a payment may take two minutes; answering a ping may not.
func TestACallEndsAfterThirtySeconds(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		unset := &timeouts.Caller{}
		took, _ := call(t, t.Context(), unset, silent)
		step.Equal(t, "the client never answers: Call must return after 30 s, the DefaultTimeout (the caller's own context lasts for a minute)",
			30*time.Second, took)
		step.Equal(t, "the Caller's Timeout and Observe are unset: Call must leave both unset, because other Calls may be reading them (shown: Timeout, Observe == nil)",
			"0s true", fmt.Sprint(unset.Timeout, " ", unset.Observe == nil))
		short, _ := call(t, t.Context(), &timeouts.Caller{Timeout: 2 * time.Second}, silent)
		long, _ := call(t, t.Context(), &timeouts.Caller{Timeout: 45 * time.Second}, silent)
		step.Equal(t, "the client never answers: Call must return when the Caller's Timeout is up (2 s for the first Caller, 45 s for the second)",
			"2s, 45s", fmt.Sprint(short, ", ", long))
		took, _ = call(t, t.Context(), unset, slowToSend)
		step.Equal(t, "Send took 10 s for the request, and no answer came: Call must return 30 s after it was called", 30*time.Second, took)

		caller := timeouts.Caller{Timeout: 24*time.Hour + time.Millisecond}
		began := time.Now()
		var calls sync.WaitGroup
		for range 1000 {
			calls.Go(func() { caller.Call(t.Context(), silent, approve) })
		}
		synctest.Wait()
		step.Equal(t, "1,000 calls are waiting for their response: Len must count them", 1000, caller.Len())
		calls.Wait()
		step.Equal(t, "1,000 calls began at the same moment and no client answered: each Call must return after exactly the Caller's Timeout", caller.Timeout, time.Since(began))
	})
}

// The error must allow a decision: was the client slow, or was the caller in a hurry?
func TestTheErrorSaysWhoseTimeWasUp(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		caller := &timeouts.Caller{Timeout: 10 * time.Second}
		_, err := call(t, t.Context(), caller, silent)
		step.Equal(t, "the Caller's Timeout of 10 s passed: Call's error must be a *correlation.CallError that wraps a *TimeoutError of 10 s",
			"*CallError with a *TimeoutError after 10s", whose(err))

		hurried, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		took, err := call(t, hurried, caller, silent)
		step.Equal(t, "the caller's context ended after 3 s: Call must return at that moment", 3*time.Second, took)
		step.Equal(t, "the caller's context ended after 3 s: Call's error must wrap that context's error, not a *TimeoutError",
			"*CallError without a *TimeoutError: context deadline exceeded", whose(err))

		closing, stop := context.WithCancelCause(t.Context())
		stop(errors.New("we are closing"))
		_, err = call(t, closing, caller, silent)
		step.Equal(t, "before Call was called, the caller's context had ended with a cause: Call's error must wrap that cause", "*CallError without a *TimeoutError: we are closing", whose(err))

		for _, reason := range reasons() {
			_, err := call(t, t.Context(), caller, unsendable(reason, new(notes)))
			what := fmt.Sprintf("after a second, Send returned the error %q (a %T), before the Timeout or the end of the caller's context", reason, reason)
			step.Equal(t, what+": Call's error must wrap Send's error, which is the reason why the request was not sent", whose(&correlation.CallError{Err: reason}), whose(err))
			step.ErrorIs(t, what+": Call's error must wrap Send's error, which is the reason why the request was not sent", reason, err)
		}
	})
}

// A timer that is not stopped runs until it fires, and keeps all that its call used in memory.
// And how long do calls take on a good day? Until you know, a Timeout is a guess.
func TestAnAnswerInTimeStopsTheClock(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		caller := timeouts.Caller{Timeout: time.Hour}
		const calls = 20
		held := step.HeldContexts(calls, func(ctx context.Context) {
			result, err := caller.Call(ctx, answersAfter(time.Second, &caller, yes), approve)
			step.Equal(t, "the client answered after a second: Call must return the result", string(yes.Result)+" <nil>", fmt.Sprint(string(result), " ", err))
		})
		step.Equal(t, fmt.Sprintf("%d calls were answered after a second: Call must release their contexts within a minute, so stop each timer (shown: contexts in memory)", calls),
			0, held())
	})
	step.Bubble(t, func(t *testing.T) {
		var observed []string
		var told error
		caller := timeouts.Caller{Observe: func(method string, took time.Duration, err error) {
			time.Sleep(time.Second) // Call waits for it
			observed = append(observed, fmt.Sprint(method, " ", took))
			told = err
		}}
		for _, c := range []struct {
			what, ends, want string
			peer             correlation.Peer
		}{
			{"the client answered after a second", "no error", "approve 1s", answersAfter(time.Second, &caller, yes)},
			{"the client answered with an error after two seconds", "*CallError without a *TimeoutError: no (code 7)", "approve 2s", answersAfter(2*time.Second, &caller, no)},
			{"the client never answered", "*CallError with a *TimeoutError after 30s", "approve 30s", silent},
			{"Send took 10 s for the request, and no answer came", "*CallError with a *TimeoutError after 30s", "approve 30s", slowToSend},
			{"no answer came, and the queue had no room for the cancellation", "*CallError with a *TimeoutError after 30s", "approve 30s", fullAfterOne},
			{"the request could not be sent", "*CallError without a *TimeoutError: " + sessions.ErrFull.Error(), "approve 0s",
				peerFunc(func(framing.Event) error { return sessions.ErrFull })},
		} {
			observed = nil
			_, err := call(t, t.Context(), &caller, c.peer)
			must := map[bool]string{true: "no error", false: "a *correlation.CallError that wraps what ended the call"}[c.ends == "no error"]
			step.Equal(t, c.what+": Call must return "+must, c.ends, whose(err))
			step.Equal(t, c.what+": Call must call Observe once before returning, with the method and the call's duration", c.want, strings.Join(observed, ", "))
			step.Equal(t, c.what+": Call must pass Observe the same error that Call returns", errorAndText(err), errorAndText(told))
			step.Equal(t, c.what+": Call must leave no pending request, so Len must be 0", 0, caller.Len())
		}
		observed = nil
		left, leave := context.WithCancel(t.Context())
		leave()
		_, leftErr := caller.Call(left, silent, approve)
		_, badErr := caller.Call(t.Context(), silent, correlation.Request{Method: "garbled", Params: []byte("no JSON")})
		step.Equal(t, "one call got a context that had already ended, and a second call got params that are not JSON: each Call must return a *correlation.CallError, call Observe, and leave no pending request",
			"true true, approve 0s, garbled 0s, Len 0", fmt.Sprint(errors.As(leftErr, new(*correlation.CallError)), errors.As(badErr, new(*correlation.CallError)), ", ", strings.Join(observed, ", "), ", Len ", caller.Len()))
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
		step.Returns(t, "two calls ended at the same moment, and the Observe of each waits until the other's has started: Call must let both run at the same time", calls.Wait)
	})
}

// Half a second late is too late: the caller has already reported "no answer". But if one
// answer in ten is a moment late, your Timeout is too short. Count them.
func TestALateAnswerIsRefusedAndCounted(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		client := w.open()
		w.call("first")
		step.Advance(30 * time.Second)
		second := w.call("second")
		step.Advance(time.Second)

		step.Equal(t, "the caller gave up at +30 s and the answer was posted at +31 s: the POST must get a 410 (a 202 would mean that the answer was accepted)",
			http.StatusGone, client.answer("first"))
		step.Equal(t, "one answer came too late: Late must count it", 1, int(w.caller.Late()))
		client.answer("first")
		step.Equal(t, "the late answer was posted again: Late must count each answer that comes too late", 2, int(w.caller.Late()))
		client.answer("second")
		step.Equal(t, "a late answer to the first request arrived, then the answer to the second: the second caller must get its own answer", `"answer to second"`, second.answer)

		again, unknown := client.answer("second"), client.answer("what nobody asked")
		step.Equal(t, "an answer was posted again, then one with an unknown id: the POSTs must get 409 and 404, and Late must stay at 2",
			"409 404, 2 late", fmt.Sprintf("%d %d, %d late", again, unknown, w.caller.Late()))
	})
	step.Bubble(t, func(t *testing.T) {
		var caller timeouts.Caller
		var asked correlation.Request
		caller.Call(t.Context(), peerFunc(func(e framing.Event) error {
			if e.Type == "request" {
				json.Unmarshal([]byte(e.Data), &asked)
			}
			return nil
		}), correlation.Request{Method: "count"})
		err := caller.Resolve("another session", correlation.Response{ID: asked.ID})
		step.Equal(t, "a caller gave up, and then a session that it had not asked answered the request: Resolve must return ErrWrongSession, and Late must not count that answer",
			"true, 0 late", fmt.Sprintf("%t, %d late", errors.Is(err, correlation.ErrWrongSession), caller.Late()))
	})
}

// The caller left, but the client does not know that. It keeps working until the work is done.
func TestTheClientIsToldThatNobodyWaits(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		client := w.open()
		w.call("approve")
		step.Advance(30 * time.Second)
		step.Equal(t, "the caller of approve gave up at +30 s: Call must send the client a cancellation for that request",
			"request approve, cancelled approve", client.news())

		w.call("count").giveUp()
		step.Equal(t, "the caller's context ended while Call waited: Call must send the client a cancellation", "request count, cancelled count", client.news())

		w.call("greet")
		w.call("refuse")
		client.answer("greet")
		client.refuse("refuse")
		step.Advance(time.Minute)
		step.Equal(t, "the client answered both requests, one of them with an error: Call must not send a cancellation",
			"request greet, request refuse", client.news())
	})
	for _, cause := range append(reasons(), errors.New("we are closing"), manyCauses{errors.New("we are closing")}) {
		step.Bubble(t, func(t *testing.T) {
			what := fmt.Sprintf("the caller's context ended with the cause %q (a %T)", cause, cause)
			heard, err := callAndStop(t, cause, nil)
			step.Equal(t, what+": Call must send the client a cancellation", "request, notification", heard)
			step.Equal(t, what+": Call's error must wrap that cause", whose(&correlation.CallError{Err: cause}), whose(err))
		})
	}
	step.Bubble(t, wantToldIfAsked)
	step.Bubble(t, wantRefusedOnceOver)
	step.Bubble(t, func(t *testing.T) {
		hurried, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		var heard notes
		call(t, hurried, new(timeouts.Caller), peerFunc(func(e framing.Event) error { heard.Add(e.Type); return nil }))
		step.Equal(t, "the deadline of the caller's own context passed: Call must send the client a cancellation", "request, notification", heard.String())
	})
	step.Bubble(t, func(t *testing.T) {
		heard, _ := callAndStop(t, sessions.ErrFull, sessions.ErrFull)
		step.Equal(t, "the request could not be sent: Call must not send a cancellation for it", "request", heard)
	})
	step.Bubble(t, func(t *testing.T) {
		heard, _ := callAndStop(t, no.Error, nil)
		step.Equal(t, "the caller's context ended with a *correlation.Error as its cause: Call must send the client a cancellation", "request, notification", heard)
	})
	step.Bubble(t, func(t *testing.T) {
		for _, reason := range reasons() {
			var heard notes
			call(t, t.Context(), new(timeouts.Caller), unsendable(reason, &heard))
			step.Equal(t, fmt.Sprintf("Send returned the error %q (a %T): Call must not send a cancellation, because the client did not get the request", reason, reason), "request", heard.String())
		}
	})
	step.Bubble(t, func(t *testing.T) {
		_, err := call(t, t.Context(), &timeouts.Caller{}, fullAfterOne)
		step.Equal(t, "the cancellation could not be sent: Call's error must still wrap the *TimeoutError", "*CallError with a *TimeoutError after 30s", whose(err))
	})
	step.Bubble(t, func(t *testing.T) {
		for range 40 { // a select with two ready cases takes either
			var caller timeouts.Caller
			var heard notes
			ctx, giveUp := context.WithCancel(t.Context())
			result, err := caller.Call(ctx, peerFunc(func(e framing.Event) error {
				heard.Add(e.Type)
				answer(&caller, e, yes)
				giveUp()
				return nil
			}), approve)
			step.Equal(t, "the answer arrived just before the caller's context ended: Call must return that answer, and must not send a cancellation",
				string(yes.Result)+" <nil>, sent: request", fmt.Sprint(string(result), " ", err, ", sent: ", heard.String()))
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
	yes = correlation.Response{JSONRPC: "2.0", Result: []byte(`{"yes": 9007199254740993}`)} // which must keep every digit
	no  = correlation.Response{JSONRPC: "2.0", Error: &correlation.Error{Code: 7, Message: "no"}}
)

// approve is the request of most steps.
var approve = correlation.Request{Method: "approve"}

// call calls Call, for a minute at most, and returns how long it took and its error.
func call(t *testing.T, ctx context.Context, caller *timeouts.Caller, peer correlation.Peer) (took time.Duration, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	step.Returns(t, "the caller's context ended within a minute: Call must return as soon as that context ends", func() {
		_, err = caller.Call(ctx, peer, approve)
	})
	return time.Since(began), err
}

// whose returns whose time was up, according to err.
func whose(err error) string {
	if err == nil {
		return "no error"
	}
	call, ok := errors.AsType[*correlation.CallError](err)
	if ok && call == nil {
		return "a nil *correlation.CallError, which is not nil as an error"
	}
	if !ok {
		return fmt.Sprintf("not a *correlation.CallError: %v", err)
	}
	if timeout, ok := errors.AsType[*timeouts.TimeoutError](err); ok {
		return fmt.Sprint("*CallError with a *TimeoutError after ", timeout.After)
	}
	return fmt.Sprint("*CallError without a *TimeoutError: ", call.Err)
}

// A listener is a client that the step plays.
type listener struct {
	*wire
	stream  *pair.Stream
	session string
	heard   int
}

// open connects a client that the step plays.
func (w *wire) open() *listener {
	stream := w.Open("/gw/events")
	synctest.Wait()
	return &listener{wire: w, stream: stream, session: w.sessions.All()[0].ID()}
}

// messages returns the messages that came down the stream so far.
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

// news returns what came since the last call of news.
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
		all = append(all, strings.TrimPrefix("method "+m.Method, "method notifications/")+" "+cmp.Or(asked[params.RequestID], "an unknown id"))
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
