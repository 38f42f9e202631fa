package correlation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	correlation "example.com/sseworkbook/lessons/05-correlation"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// Part 2: asking.

// A client sees an event of the type "request", with a JSON-RPC request as its data.
func TestACallGoesDownTheSessionsStream(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		registry := &sessions.Registry{}
		stream := pair.Memory(t, registry).Open("/events")
		synctest.Wait()
		session := registry.All()[0]
		var caller correlation.Caller
		asking := call(t.Context(), &caller, session,
			correlation.Request{ID: "used before", Method: "approve", Params: json.RawMessage(`{"amount":120}`)})
		synctest.Wait()

		came := events(stream.Received())
		if len(came) < 2 {
			step.Fail(t, "Call asked a session's client to approve something, but only the endpoint event came down its stream",
				fmt.Sprintf("got  %q", stream.Received()), `want an event of the type "request", with a JSON-RPC request in its data`)
		}
		var request correlation.Request
		if err := json.Unmarshal([]byte(came[1].Data), &request); err != nil || request.ID == "" {
			step.Fail(t, "Call sent an event that the client cannot answer: its data is not a JSON-RPC request with an id",
				fmt.Sprintf("got  %s %s", came[1].Type, came[1].Data), `want "id": what Add gave out`)
		}
		if request.ID == "used before" {
			step.Fail(t, "Call sent the id that its caller had left in the Request: of two such calls, each could get the other's answer",
				fmt.Sprintf("got  %s", came[1].Data), `want "id": what Add gave out`)
		}
		step.Equal(t, "the client must receive the request: event type, JSON-RPC version, method and params", `request 2.0 approve {"amount":120}`,
			fmt.Sprint(came[1].Type, " ", request.JSONRPC, " ", request.Method, " ", string(request.Params)))

		resolve(t, &caller.Pending, session.ID(), request.ID, `{"approved":true}`)
		result, err := asking.ended(t, "the client answered, but Call is still waiting")
		step.Equal(t, "the client answered: Call must return its result", `{"approved":true}`, result)
		wantNoError(t, "the client answered with a result: Call must not return an error", err)
	})
}

// Send puts the request into a queue, and other goroutines do the rest. A client
// may have answered before Send returns, when nothing receives from the channel yet.
func TestTheFastestClientCannotWinTheRace(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var caller correlation.Caller
		refused := make(chan error, 1)
		fast := client(func(r correlation.Request) error {
			refused <- caller.Resolve("A", response(r.ID, `"yes"`))
			return nil
		})
		asking := call(t.Context(), &caller, fast, approve)
		resolved := step.OnHang(t, func() (string, []string) {
			return "the answer arrived before Send returned, and all three hang: Call waits for Send, Send for Resolve, and Resolve for Call", nil
		})
		step.Equal(t, "the answer arrived before Send returned: Resolve must find the waiter, and not refuse it", nil, <-refused)
		resolved()
		result, err := asking.ended(t, "the answer arrived before Send returned, and Resolve took it, but Call is still waiting")
		step.Equal(t, "the answer arrived before Send returned: Call must return it", "yes <nil>", fmt.Sprint(result, " ", err))
	})
}

// People answer when they like, and several at the same moment.
func TestAnswersInAnyOrderReachTheirOwnCaller(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		const callers = 200
		var caller correlation.Caller
		var answering sync.WaitGroup
		defer answering.Wait()
		moody := client(func(r correlation.Request) error {
			number, err := strconv.Atoi(string(r.Params))
			answering.Go(func() {
				time.Sleep(time.Duration((callers-number)%10) * time.Second) // the last one comes first, and nineteen others with it
				caller.Resolve("A", response(r.ID, `"answer to `+string(r.Params)+`"`))
			})
			return err
		})
		began := time.Now()
		var asking []*asked
		for number := range callers {
			request := correlation.Request{Method: "approve", Params: json.RawMessage(strconv.Itoa(number))}
			asking = append(asking, call(t.Context(), &caller, moody, request))
		}
		for number, a := range asking {
			result, err := a.ended(t, fmt.Sprintf("200 requests were answered in another order, but caller %d is still waiting", number))
			step.Equal(t, fmt.Sprintf("200 requests were answered in another order: caller %d must get its own answer", number),
				fmt.Sprintf("answer to %d <nil>", number), fmt.Sprint(result, " ", err))
		}
		step.Equal(t, "200 people were asked at once, and the slowest took 9 s: all callers must have their answers by then", 9*time.Second, time.Since(began))
	})
	step.Bubble(t, func(t *testing.T) {
		var caller correlation.Caller
		blocked := make(chan struct{})
		stuck := call(t.Context(), &caller, client(func(correlation.Request) error { <-blocked; return sessions.ErrClosed }), approve)
		synctest.Wait()
		prompt := client(func(r correlation.Request) error { return caller.Resolve("A", response(r.ID, `"yes"`)) })
		result, err := call(t.Context(), &caller, prompt, approve).ended(t, "a Send to one client does not return, and a Call to another client waits for it")
		step.Equal(t, "a Send to one client does not return: a Call to another client must return its answer", "yes <nil>", fmt.Sprint(result, " ", err))
		close(blocked)
		stuck.ended(t, "Send returned an error, but Call is still waiting")
	})
}

// "I cannot do this" is an answer too: for the caller, it is an error with the client's
// code and message. And a request that was never sent has no answer to wait for.
func TestACallThatFailsSaysWhy(t *testing.T) {
	defer step.Begin(t)()
	for _, refusal := range []correlation.Error{
		{Code: correlation.CodeMethodNotFound, Message: "no such method"},
		{Code: correlation.CodeInvalidParams, Message: "no such account", Data: json.RawMessage(`{"account":7}`)},
		{Code: 0, Message: "not today"},
	} {
		step.Bubble(t, func(t *testing.T) { wantRefusal(t, refusal) })
	}
	for _, c := range []unsent{
		{"the client has left, and Send returned an error", "", sessions.ErrClosed},
		{"the client is far behind, and Send returned an error", "", sessions.ErrFull},
		{"the params are not JSON, and Event returned an error", "{bad", nil},
		{"the params are not UTF-8, and Event returned an error", "\"\xff\"", nil},
	} {
		step.Bubble(t, func(t *testing.T) { wantUnsent(t, c) })
	}
}

// wantRefusal checks a Call whose client answers with this error.
func wantRefusal(t *testing.T, refusal correlation.Error) {
	t.Helper()
	var caller correlation.Caller
	var id string
	puzzled := client(func(r correlation.Request) error {
		id = r.ID
		answer := refusal
		return caller.Resolve("A", correlation.Response{JSONRPC: "2.0", ID: r.ID, Error: &answer})
	})
	result, err := call(t.Context(), &caller, puzzled, approve).ended(t, "the client answered with an error, but Call is still waiting")
	got, ok := errors.AsType[*correlation.Error](err)
	if !ok || got == nil {
		step.Fail(t, "the client answered with an error, but what Call returned does not wrap a *correlation.Error",
			fmt.Sprintf("got  result %q, error %v", result, err), "want "+refusal.Error())
	}
	step.Equal(t, "the client answered with an error: what Call returns must wrap it as it came, with code, message and data",
		fmt.Sprintf("%v %s", &refusal, refusal.Data), fmt.Sprintf("%v %s", got, got.Data))
	failed := callError(t, "the client answered with an error", err)
	step.Equal(t, "the client answered with an error: the CallError must say which request it was", id+" approve", failed.ID+" "+failed.Method)
	step.Equal(t, "the client answered with an error: Unanswered is for a request without a response", false, failed.Unanswered)
}

// An unsent request is one that Send or Event returns an error for.
type unsent struct {
	what, params string
	send         error
}

// wantUnsent checks a Call of a request that cannot be sent.
func wantUnsent(t *testing.T, c unsent) {
	t.Helper()
	var caller correlation.Caller
	mailbox := &mailbox{err: c.send}
	asking := call(t.Context(), &caller, mailbox, correlation.Request{Method: "approve", Params: json.RawMessage(c.params)})
	synctest.Wait()
	if c.send == nil && mailbox.sent > 0 {
		step.Fail(t, c.what+": Call must not send anything to the client, but it did", fmt.Sprintf("got  %+v", mailbox.last), "want nothing")
	}
	if !asking.hasEnded() {
		step.Fail(t, c.what+", but Call has not returned: it waits, although no answer can come")
	}
	failed := callError(t, c.what, asking.err)
	if c.send != nil {
		step.ErrorIs(t, c.what+": the CallError must wrap it", c.send, asking.err)
	}
	if _, ok := errors.AsType[*json.SyntaxError](asking.err); !ok && c.params == "{bad" {
		step.Fail(t, c.what+": the CallError must wrap it", fmt.Sprintf("got  %v", asking.err), "want an error that wraps Event's")
	}
	step.Equal(t, c.what+": the CallError must say which request it was, and that it was not sent",
		"approve, Unanswered: false", fmt.Sprintf("%s, Unanswered: %t", failed.Method, failed.Unanswered))
	step.Equal(t, c.what+": Len() must be 0 (otherwise each such request is left in the map)", 0, waiting(t, &caller.Pending))
}

var errPageClosed = errors.New("the page was closed")

// The person who clicked has closed the page: no answer is of any use now. Until
// then, a caller may wait for days.
func TestTheCallersContextEndsTheWait(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var caller correlation.Caller
		var id string
		silent := client(func(r correlation.Request) error { id = r.ID; return nil })
		ctx, closePage := context.WithCancelCause(t.Context())
		asking := call(ctx, &caller, silent, approve)
		step.Advance(48 * time.Hour)
		step.Equal(t, "a caller waits, and two days passed: Len() must count its request until the caller's context ends", 1, waiting(t, &caller.Pending))
		closePage(errPageClosed)
		_, err := asking.ended(t, "the caller's context ended, but Call is still waiting for a client that never answers")
		step.ErrorIs(t, "the caller's context ended for a reason: Call must return that reason, which context.Cause knows", errPageClosed, err)
		failed := callError(t, "the caller's context ended", err)
		step.Equal(t, "the caller's context ended before an answer came: the CallError must say so", id+" approve, Unanswered: true",
			fmt.Sprintf("%s %s, Unanswered: %t", failed.ID, failed.Method, failed.Unanswered))
		step.Equal(t, "the caller has gone: Len() must be 0 (otherwise each impatient caller is left in the map)", 0, waiting(t, &caller.Pending))
		late := resolve(t, &caller.Pending, "A", id, `"late"`)
		step.ErrorIs(t, "the answer arrived after its caller had gone: Resolve must return ErrNotWaiting", correlation.ErrNotWaiting, late)
	})
	step.Bubble(t, func(t *testing.T) {
		var caller correlation.Caller
		mailbox := &mailbox{}
		ctx, closePage := context.WithCancelCause(t.Context())
		closePage(errPageClosed)
		_, err := call(ctx, &caller, mailbox, approve).ended(t, "the caller's context had ended before Call, but Call is still waiting")
		step.ErrorIs(t, "the caller's context had ended before Call, for a reason: Call must return that reason, which context.Cause knows", errPageClosed, err)
		failed := callError(t, "the caller's context had ended before Call", err)
		step.Equal(t, fmt.Sprintf("the caller's context had ended before Call, and %d requests were sent: Unanswered is for one that was sent", mailbox.sent),
			mailbox.sent > 0, failed.Unanswered)
	})
}

// The answer and the end of the context may come at the same moment. A client that
// read 202 never sends its answer again, so the caller must get it.
func TestAnAnswerAndTheEndOfTheWaitSettleACallOnce(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		for i := range 100 { // when both are ready, select chooses at random
			var caller correlation.Caller
			answer, want := response, "yes <nil>"
			if i%2 == 1 {
				answer, want = func(id, _ string) correlation.Response { return noSuchMethod(id) }, "the client's error: no such method (code -32601)"
			}
			var refused error
			ctx, leave := context.WithCancel(t.Context())
			inTime := client(func(r correlation.Request) error {
				refused = caller.Resolve("A", answer(r.ID, `"yes"`))
				leave()
				return nil
			})
			asking := call(ctx, &caller, inTime, approve)
			result, err := asking.ended(t, "the answer arrived, then the caller's context ended, but Call is still waiting")
			step.Equal(t, "the answer arrived while its caller was waiting: Resolve must not return an error", nil, refused)
			step.Equal(t, "the answer was taken (the client read 202), then the caller's context ended: Call must return the answer",
				want, outcome(result, err))
		}
	})
	step.Bubble(t, func(t *testing.T) {
		var caller correlation.Caller
		var id string
		silent := client(func(r correlation.Request) error { id = r.ID; return nil })
		ctx := newWatched(t.Context())
		asking := call(ctx, &caller, silent, approve)
		synctest.Wait()
		var refused error
		looked := ctx.endAndOnLook(func() { refused = caller.Resolve("A", response(id, `"yes"`)) })
		result, err := asking.ended(t, "the caller's context ended, and the answer arrived at that moment, but Call is still waiting")
		if !looked() {
			return // Call does not ask why the context ended: there is no moment between
		}
		switch {
		case refused == nil:
			step.Equal(t, "the answer arrived while Call looked at its ended context, and Resolve took it (the client read 202): Call must return it",
				"yes <nil>", fmt.Sprint(result, " ", err))
		case err == nil:
			step.Fail(t, "the answer arrived while Call looked at its ended context, and Resolve refused it: Call must return an error",
				fmt.Sprintf("got  %s <nil>", result), "want an error that wraps context canceled")
		}
	})
}
