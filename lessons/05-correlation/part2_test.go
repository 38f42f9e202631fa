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
		registry := sessions.NewRegistry(0)
		stream := pair.Memory(t, registry).Open("/events")
		synctest.Wait()
		session := registry.All()[0]
		var caller correlation.Caller
		asking := call(t.Context(), &caller, session, "approve", `{"amount":120}`)
		synctest.Wait()

		came := events(stream.Received())
		if len(came) < 2 {
			step.Fail(t, "Call asked a session's client to approve something, and nothing came down its stream but the endpoint event",
				fmt.Sprintf("got  %q", stream.Received()), `want an event of the type "request", with a JSON-RPC request in its data`)
		}
		var request correlation.Request
		if err := json.Unmarshal([]byte(came[1].Data), &request); err != nil || request.ID == "" {
			step.Fail(t, "Call sent an event that the client cannot answer: it has no id, so the client takes it for a notification",
				fmt.Sprintf("got  %s %s", came[1].Type, came[1].Data), `want "id": what Add gave out`)
		}
		step.Equal(t, "what came down the client's stream: event type, JSON-RPC version, method and params", `request 2.0 approve {"amount":120}`,
			fmt.Sprint(came[1].Type, " ", request.JSONRPC, " ", request.Method, " ", string(request.Params)))

		resolve(t, &caller.Pending, session.ID(), request.ID, `{"approved":true}`)
		result, err := asking.ended(t, "the client has answered, and Call still waits")
		step.Equal(t, "the client answered: what Call returned as its result", `{"approved":true}`, result)
		step.Equal(t, "the client answered, and Call returned an error", nil, err)

		told := correlation.Request{JSONRPC: "2.0", Method: "paid"}.Event()
		step.Equal(t, "a request without an id, to which no response may come, as the client reads it: event type and data",
			`notification {"jsonrpc":"2.0","method":"paid"}`, told.Type+" "+told.Data)
	})
}

// Send puts the request into a queue, and other goroutines do the rest. A client
// may have answered before Send returns, and nobody receives from the channel yet.
func TestTheFastestClientCannotWinTheRace(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var caller correlation.Caller
		refused := make(chan error, 1)
		fast := client(func(r correlation.Request) error {
			refused <- caller.Resolve("A", response(r.ID, `"yes"`))
			return nil
		})
		asking := call(t.Context(), &caller, fast, "approve", "")
		resolved := step.Waiting(t, func() (string, []string) {
			return "the answer came before Send had returned, and now everybody waits: Call for Send, Send for Resolve, and Resolve for Call", nil
		})
		step.Equal(t, "the answer came before Send had returned, and Resolve refused it: nobody waits for it yet", nil, <-refused)
		resolved()
		result, err := asking.ended(t, "the answer came before Send had returned, Resolve did not refuse it, and Call still waits for it")
		step.Equal(t, "the answer came before Send had returned: what Call returned", "yes <nil>", fmt.Sprint(result, " ", err))
	})
}

// People who are asked answer when they like, and several at the same moment.
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
			asking = append(asking, call(t.Context(), &caller, moody, "approve", strconv.Itoa(number)))
		}
		for number, a := range asking {
			result, err := a.ended(t, fmt.Sprintf("200 questions, all answered in another order: caller %d still waits", number))
			step.Equal(t, fmt.Sprintf("200 questions, answered in another order: what caller %d got", number),
				fmt.Sprintf("answer to %d <nil>", number), fmt.Sprint(result, " ", err))
		}
		step.Equal(t, "200 people were asked, and the slowest took 9 s: how long until all callers had their answer", 9*time.Second, time.Since(began))
	})
}

// "I cannot do this" is an answer too: for the caller, an error with the client's
// code and message in it. And a client that has left cannot be asked at all.
func TestACallThatFailsSaysWhy(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var caller correlation.Caller
		var id string
		puzzled := client(func(r correlation.Request) error {
			id = r.ID
			refusal := &correlation.Error{Code: correlation.CodeMethodNotFound, Message: "no such method"}
			return caller.Resolve("A", correlation.Response{JSONRPC: "2.0", ID: r.ID, Error: refusal})
		})
		result, err := call(t.Context(), &caller, puzzled, "aprove", "").ended(t, "the client answered with an error, and Call still waits")
		refusal, ok := errors.AsType[*correlation.Error](err)
		if !ok {
			step.Fail(t, "the client answered with an error, and Call's caller cannot see it: there is no *correlation.Error in what Call returned",
				fmt.Sprintf("got  result %q, error %v", result, err), "want no such method (code -32601)")
		}
		step.Equal(t, "the client answered with an error: what the caller finds in it", "no such method (code -32601)", refusal.Error())
		step.Equal(t, "the other codes, as JSON-RPC 2.0 has them in section 5.1", "-32700 -32600 -32602 -32603",
			fmt.Sprint(correlation.CodeParseError, correlation.CodeInvalidRequest, correlation.CodeInvalidParams, correlation.CodeInternalError))
		failed, ok := errors.AsType[*correlation.CallError](err)
		if !ok || failed.ID != id || failed.Method != "aprove" {
			step.Fail(t, "the client answered with an error, and Call's error does not say which request it was: in a log, that is of no use",
				fmt.Sprintf("got  %#v", err), fmt.Sprintf("want a *correlation.CallError with the ID %q and the Method %q", id, "aprove"))
		}

		gone := client(func(correlation.Request) error { return sessions.ErrClosed })
		_, err = call(t.Context(), &caller, gone, "approve", "").
			ended(t, "the client has left, Send returned an error, and Call waits for an answer that cannot come")
		step.ErrorIs(t, "the client has left and Send returned an error, and Call's caller does not learn of it", sessions.ErrClosed, err)
		step.Equal(t, "the request could not be sent: how many still wait. Each client that leaves would leave some behind", 0, waiting(t, &caller.Pending))
	})
}

// The person who clicked has closed the page: no answer is of any use now.
func TestTheCallersContextEndsTheWait(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var caller correlation.Caller
		var id string
		silent := client(func(r correlation.Request) error { id = r.ID; return nil })
		pageClosed := errors.New("the page was closed")
		ctx, closePage := context.WithCancelCause(t.Context())
		asking := call(ctx, &caller, silent, "approve", "")
		synctest.Wait()
		closePage(pageClosed)
		_, err := asking.ended(t, "the caller's context has ended, and Call still waits for a client that says nothing")
		step.ErrorIs(t, "the caller's context has ended, and Call does not tell why: that is what context.Cause is for", pageClosed, err)
		step.Equal(t, "the caller has gone: how many still wait. Each impatient caller would leave one behind", 0, waiting(t, &caller.Pending))
		late := resolve(t, &caller.Pending, "A", id, `"late"`)
		step.ErrorIs(t, "the answer came when the caller had gone, and Resolve did not say so", correlation.ErrGivenUp, late)
	})
}

// The answer and the end of the context may come at the same moment. A client that
// was told 202 will never send its answer again, so the caller must get it.
func TestAnAnswerAndTheEndOfTheWaitSettleACallOnce(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		for range 50 { // when both are ready, select throws a coin
			var caller correlation.Caller
			var refused error
			ctx, leave := context.WithCancel(t.Context())
			inTime := client(func(r correlation.Request) error {
				refused = caller.Resolve("A", response(r.ID, `"yes"`))
				leave()
				return nil
			})
			asking := call(ctx, &caller, inTime, "approve", "")
			result, err := asking.ended(t, "the answer came, then the caller's context ended, and Call still waits")
			step.Equal(t, "the caller was still there when its answer came, and Resolve returned an error", nil, refused)
			step.Equal(t, "the answer was taken (the client read 202), then the caller's context ended: what Call returned",
				"yes <nil>", fmt.Sprint(result, " ", err))
		}
	})
}
