package correlation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
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

// A client receives an event of type "request", with a JSON-RPC request as its data.
func TestARequestIsSentOnTheStreamOfItsSession(t *testing.T) {
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
			step.Fail(t, "Call did not send its request down the session's stream: the client received only the endpoint event",
				fmt.Sprintf("got  %q", stream.Received()), `want an event of type "request", with a JSON-RPC request in its data`)
		}
		var request correlation.Request
		if err := json.Unmarshal([]byte(came[1].Data), &request); err != nil || request.ID == "" {
			step.Fail(t, "Call sent an event that the client cannot answer: its data is not a JSON-RPC request with an id",
				fmt.Sprintf("got  %s %s", came[1].Type, came[1].Data), `want "id": the id that Add returned`)
		}
		if request.ID == "used before" {
			step.Fail(t, "Call sent the ID that was already in the Request: two such calls could get each other's answers",
				fmt.Sprintf("got  %s", came[1].Data), `want "id": the id that Add returned`)
		}
		step.Equal(t, "Call sent a request: the client must receive this event type, JSON-RPC version, method and params", `request 2.0 approve {"amount":120}`,
			fmt.Sprint(came[1].Type, " ", request.JSONRPC, " ", request.Method, " ", string(request.Params)))

		resolve(t, &caller.Pending, session.ID(), request.ID, `{"approved":true}`)
		result, err := asking.ended(t, "the client answered, but Call is still waiting")
		step.Equal(t, "the client answered: Call must return the client's result", `{"approved":true}`, result)
		wantNoError(t, "the client answered with a result: Call must not return an error", err)
	})
	for _, result := range []string{`{"account":9007199254740993}`, "null", "false", `""`, "{ \"b\": \"<\\u00fc>\",\n \"a\": 1.0 }"} {
		step.Bubble(t, func(t *testing.T) { wantResult(t, "", result) })
	}
	for _, params := range []string{`{"account":9007199254740993}`, "null", "[]"} {
		step.Bubble(t, func(t *testing.T) { wantResult(t, params, "0") })
	}
}

// wantResult checks what a Call with these params sends, and that it returns this result unchanged.
// The account's number is too large for a float64.
func wantResult(t *testing.T, params, result string) {
	t.Helper()
	var caller correlation.Caller
	mailbox := &mailbox{}
	request := correlation.Request{JSONRPC: "2.0", Method: "Approve"}
	if params != "" {
		request.Params = json.RawMessage(params)
	}
	asking := call(t.Context(), &caller, mailbox, request)
	synctest.Wait()
	var got correlation.Request
	json.Unmarshal([]byte(mailbox.last.Data), &got)
	request.ID = got.ID
	step.Equal(t, "Call got a Request with the params \""+params+"\": Call must send the event that Request.Event returns (shown: the event's type, id, retry and data)", "request \"\" 0s "+asJSON(request),
		fmt.Sprintf("%s %q %v %s", mailbox.last.Type, mailbox.last.ID, mailbox.last.Retry, asJSON(got)))
	resolve(t, &caller.Pending, "A", got.ID, result)
	asking.ended(t, "the client answered "+result+", but Call is still waiting")
	wantNoError(t, "the client answered "+result+", which is a valid result: Call must not return an error", asking.err)
	step.Equal(t, "the client answered: Call must return the result as the client wrote it", result, string(asking.result))
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
			return "the answer arrived before Send returned: Call is waiting for Send, Send for Resolve, and Resolve for Call, so none of the three can return", nil
		})
		step.Equal(t, "the answer arrived before Send returned: Resolve must find the waiter and accept the answer", nil, <-refused)
		resolved()
		result, err := asking.ended(t, "Resolve accepted an answer that arrived before Send returned, but Call is still waiting")
		step.Equal(t, "the answer arrived before Send returned: Call must return that answer", "a result: yes", outcome(result, err))
	})
}

// People answer when they like, several of them at the same moment.
func TestAnswersInAnyOrderReachTheirOwnCaller(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		const callers = 200
		var caller correlation.Caller
		var answering sync.WaitGroup
		defer answering.Wait()
		moody := func(session string) correlation.Peer {
			return named{session, func(r correlation.Request) error {
				number, err := strconv.Atoi(string(r.Params))
				answering.Go(func() {
					time.Sleep(time.Duration((callers-number)%10) * time.Second) // the last answer comes first, with nineteen others
					caller.Resolve(session, response(r.ID, `"answer to `+string(r.Params)+`"`))
				})
				return err
			}}
		}
		began := time.Now()
		var asking []*asked
		for number := range callers {
			request := correlation.Request{Method: "approve", Params: json.RawMessage(strconv.Itoa(number))}
			asking = append(asking, call(t.Context(), &caller, moody([]string{"A", "B"}[number%2]), request))
		}
		for number, a := range asking {
			result, err := a.ended(t, fmt.Sprintf("200 requests were answered out of order, but caller %d is still waiting", number))
			step.Equal(t, fmt.Sprintf("200 requests were answered out of order: caller %d must get its own answer", number),
				fmt.Sprintf("answer to %d <nil>", number), fmt.Sprint(result, " ", err))
		}
		step.Equal(t, "200 requests were sent at once, and the slowest answer took 9 s: every caller must have its answer after 9 s", 9*time.Second, time.Since(began))
	})
	step.Bubble(t, wantOthersServed)
}

// wantOthersServed checks a Call while Send to another client does not return.
func wantOthersServed(t *testing.T) {
	var caller correlation.Caller
	blocked := make(chan struct{})
	var stuck []*asked
	for range 1100 {
		stuck = append(stuck, call(t.Context(), &caller, client(func(correlation.Request) error { <-blocked; return sessions.ErrClosed }), approve))
	}
	synctest.Wait()
	prompt := client(func(r correlation.Request) error { return caller.Resolve("A", response(r.ID, `"yes"`)) })
	result, err := call(t.Context(), &caller, prompt, approve).ended(t, "1,100 Calls to one client are blocked in Send: a Call to another client must not wait for them")
	step.Equal(t, "1,100 Calls to one client are blocked in Send: a Call to another client must still return that client's answer", "a result: yes", outcome(result, err))
	close(blocked)
	for _, a := range stuck {
		a.ended(t, "Send returned an error, but Call is still waiting")
	}
}

// "I cannot do this" is an answer too: for the caller, it is an error with the client's
// code and message. And a request that was never sent has no answer to wait for.
func TestACallThatFailsSaysWhy(t *testing.T) {
	defer step.Begin(t)()
	for _, refusal := range []correlation.Error{
		{Code: correlation.CodeMethodNotFound, Message: "no such method"},
		{Code: correlation.CodeInvalidParams, Message: "no such account", Data: json.RawMessage(`{"account":7}`)},
		{Code: 0, Message: "not today"},
		{Code: correlation.CodeInternalError},
		{Code: 7, Message: "the account is closed"},
		{},
	} {
		step.Bubble(t, func(t *testing.T) { wantRefusal(t, refusal) })
	}
	for _, c := range []unsent{
		{"the client had left, so Send returned an error", "", sessions.ErrClosed},
		{"the client was far behind, so Send returned an error", "", sessions.ErrFull},
		{"the connection broke, so Send returned an error", "", io.ErrClosedPipe},
		{"the params are not JSON, so Event returned an error", "{bad", nil},
		{"the params are not UTF-8, so Event returned an error", "\"\xff\"", nil},
	} {
		step.Bubble(t, func(t *testing.T) { wantUnsent(t, c) })
	}
	step.Bubble(t, func(t *testing.T) { wantLeftDuringSend(t, sessions.ErrClosed, sessions.ErrClosed) })
}

// wantLeftDuringSend checks a Call whose context ends while Send is running, which then returns this error.
// No answer comes.
func wantLeftDuringSend(t *testing.T, sendError, want error) {
	t.Helper()
	var caller correlation.Caller
	var id string
	ctx, leave := context.WithCancelCause(t.Context())
	slow := client(func(r correlation.Request) error { id = r.ID; leave(errPageClosed); return sendError })
	what := fmt.Sprintf("the caller's context ended during Send, and then Send returned \"%v\"", sendError)
	_, err := call(ctx, &caller, slow, approve).ended(t, what+", but Call is still waiting")
	failed := callError(t, what, err)
	step.ErrorIs(t, fmt.Sprintf("%s: the CallError must wrap the error %q", what, want), want, err)
	step.Equal(t, what+": the CallError must have the ID and the Method, and Unanswered must report whether the request was sent",
		fmt.Sprintf("%s approve, Unanswered: %t", id, sendError == nil), fmt.Sprintf("%s %s, Unanswered: %t", failed.ID, failed.Method, failed.Unanswered))
	step.Equal(t, what+": Len() must be 0 once Call has returned", 0, waiting(t, &caller.Pending))
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
	result, err := call(context.WithoutCancel(t.Context()), &caller, puzzled, approve).ended(t, "the client answered with an error, but Call is still waiting")
	got, ok := errors.AsType[*correlation.Error](err)
	if !ok || got == nil {
		step.Fail(t, "the client answered with an error: Call must return an error that wraps a *correlation.Error",
			"got  "+outcome(result, err), "want an error that wraps: "+refusal.Error())
	}
	step.Equal(t, "the client answered with an error: Call's error must wrap the client's error unchanged, with its code, message and data",
		fmt.Sprintf("%v %s", &refusal, refusal.Data), fmt.Sprintf("%v %s", got, got.Data))
	failed := callError(t, "the client answered with an error", err)
	step.Equal(t, "the client answered with an error: the CallError must have the request's ID and Method", id+" approve", failed.ID+" "+failed.Method)
	step.Equal(t, "the client answered with an error: Unanswered must be false, because there was a response", false, failed.Unanswered)
}

// An unsent request is one for which Send or Event returns an error.
type unsent struct {
	what, params string
	send         error
}

// wantUnsent checks a Call of a request that cannot be sent.
func wantUnsent(t *testing.T, c unsent) {
	t.Helper()
	var caller correlation.Caller
	mailbox := &mailbox{err: c.send}
	request := correlation.Request{Method: "approve", Params: json.RawMessage(c.params)}
	asking := call(t.Context(), &caller, mailbox, request)
	synctest.Wait()
	if c.send == nil && mailbox.sent > 0 {
		step.Fail(t, c.what+": Call must not send anything to the client", fmt.Sprintf("got  %+v", mailbox.last), "want nothing")
	}
	if !asking.hasEnded() {
		step.Fail(t, c.what+", but Call is still waiting for an answer that cannot come")
	}
	failed := callError(t, c.what, asking.err)
	if c.send != nil {
		step.ErrorIs(t, c.what+": the CallError must wrap that error", c.send, asking.err)
		step.Equal(t, c.what+": Call must not send the request again (shown: how often it was sent)", 1, mailbox.sent)
		json.Unmarshal([]byte(mailbox.last.Data), &request)
		step.Equal(t, c.what+": the CallError must have the ID that Call gave the request", request.ID, failed.ID)
	} else if _, unsent := request.Event(); !strings.Contains(asking.err.Error(), unsent.Error()) {
		step.Fail(t, c.what+": the CallError must wrap that error", fmt.Sprintf("got  %v", asking.err), fmt.Sprintf("want an error that wraps: %v", unsent))
	}
	if _, ok := errors.AsType[*json.SyntaxError](asking.err); !ok && c.params == "{bad" {
		step.Fail(t, c.what+": the CallError must wrap that error", fmt.Sprintf("got  %v", asking.err), "want an error that wraps Event's")
	}
	step.Equal(t, c.what+": the CallError must have the Method, and Unanswered must be false for an unsent request",
		"approve, Unanswered: false", fmt.Sprintf("%s, Unanswered: %t", failed.Method, failed.Unanswered))
	step.Equal(t, c.what+": Len() must be 0, or each such request stays in the map", 0, waiting(t, &caller.Pending))
}

var errPageClosed = errors.New("the page was closed")

// The person who clicked closed the page, so no answer is of any use now. Until then,
// a caller may wait for days.
func TestTheWaitEndsWithItsContext(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var caller correlation.Caller
		var id string
		sent := 0
		silent := client(func(r correlation.Request) error { id = r.ID; sent++; return nil })
		ctx, closePage := context.WithCancelCause(t.Context())
		asking := call(ctx, &caller, silent, approve)
		step.Advance(400 * 24 * time.Hour)
		step.Equal(t, "a caller has been waiting for 400 days: Len() must count its request until the caller's context ends", 1, waiting(t, &caller.Pending))
		step.Equal(t, "a caller has been waiting for 400 days: Call must have sent the request only once", 1, sent)
		closePage(errPageClosed)
		_, err := asking.ended(t, "the caller's context ended, but Call is still waiting for a client that never answers")
		step.ErrorIs(t, "the caller's context ended with a cause: Call's error must wrap context.Cause(ctx)", errPageClosed, err)
		failed := callError(t, "the caller's context ended", err)
		step.Equal(t, "the caller's context ended before an answer came: the CallError must have the ID and the Method, and Unanswered must be true", id+" approve, Unanswered: true",
			fmt.Sprintf("%s %s, Unanswered: %t", failed.ID, failed.Method, failed.Unanswered))
		step.Equal(t, "the caller gave up: Len() must be 0, or the request of each caller that gives up stays in the map", 0, waiting(t, &caller.Pending))
		step.Advance(48 * time.Hour)
		late := resolve(t, &caller.Pending, "A", id, `"late"`)
		step.ErrorIs(t, "the answer arrived two days after its caller gave up: Resolve must return ErrNotWaiting", correlation.ErrNotWaiting, late)
	})
	for _, full := range []error{nil, sessions.ErrFull} {
		step.Bubble(t, func(t *testing.T) { wantEndedBefore(t, full) })
	}
	step.Bubble(t, func(t *testing.T) { wantLeftDuringSend(t, nil, errPageClosed) })
	step.Bubble(t, wantSessionOutlived)
}

// wantSessionOutlived checks a Call whose session is closed: in this lesson, that does not end the wait.
func wantSessionOutlived(t *testing.T) {
	session, err := new(sessions.Registry).Open(t.Context())
	step.Equal(t, "the test cannot open a session", nil, err)
	var caller correlation.Caller
	ctx, closePage := context.WithCancelCause(t.Context())
	asking := call(ctx, &caller, session, approve)
	synctest.Wait()
	session.Close()
	synctest.Wait()
	step.Equal(t, "the session was closed after the request was sent: Call must keep waiting until the caller's context ends (shown: whether Call has returned)", false, asking.hasEnded())
	closePage(errPageClosed)
	_, err = asking.ended(t, "the caller's context ended, but Call is still waiting")
	step.ErrorIs(t, "the session was closed, then the caller's context ended: Call's error must wrap context.Cause(ctx)", errPageClosed, err)
}

// wantEndedBefore checks a Call whose context had already ended, and whose Send, if Call uses it, returns this error.
func wantEndedBefore(t *testing.T, sendError error) {
	t.Helper()
	var caller correlation.Caller
	mailbox := &mailbox{err: sendError}
	ctx, closePage := context.WithCancelCause(t.Context())
	closePage(errPageClosed)
	_, err := call(ctx, &caller, mailbox, approve).ended(t, "Call got a context that had already ended, but Call is still waiting")
	if sendError == nil {
		step.ErrorIs(t, "Call got a context that had already ended with a cause: Call's error must wrap context.Cause(ctx)", errPageClosed, err)
	}
	failed := callError(t, "Call got a context that had already ended", err)
	was := "did not call Send"
	if mailbox.sent > 0 {
		was = fmt.Sprintf("called Send, which returned \"%v\"", sendError)
		var request correlation.Request
		json.Unmarshal([]byte(mailbox.last.Data), &request)
		step.Equal(t, "Call got a context that had already ended, and Call "+was+": the CallError must have the ID that Call gave the request", request.ID, failed.ID)
	}
	step.Equal(t, "Call got a context that had already ended, and Call "+was+": the CallError must have the Method, and Unanswered must report whether the request was sent",
		fmt.Sprintf("approve, Unanswered: %t", mailbox.sent > 0 && sendError == nil), fmt.Sprintf("%s, Unanswered: %t", failed.Method, failed.Unanswered))
	step.Equal(t, "Call got a context that had already ended: Len() must be 0 once Call has returned", 0, waiting(t, &caller.Pending))
}

// The answer may come at the moment the context ends. A client that read 202 never sends
// its answer again, so the caller must get it.
func TestAnAnswerAndTheEndOfTheWaitSettleACallOnce(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		for i := range 100 { // when both are ready, select chooses at random
			var caller correlation.Caller
			answer, want := response, "a result: yes"
			if i%2 == 1 {
				answer, want = func(id, _ string) correlation.Response { return noSuchMethod(id) }, "the client's error: no such method (code -32601)"
			}
			var refused error
			var id string
			ctx, leave := context.WithCancel(t.Context())
			inTime := client(func(r correlation.Request) error {
				id = r.ID
				refused = caller.Resolve("A", answer(r.ID, `"yes"`))
				leave()
				return nil
			})
			asking := call(ctx, &caller, inTime, approve)
			result, err := asking.ended(t, "the answer arrived, then the caller's context ended, but Call is still waiting")
			step.Equal(t, "the answer arrived while its caller was waiting: Resolve must not return an error", nil, refused)
			step.Equal(t, "Resolve accepted the answer (the client read 202), then the caller's context ended: Call must return the answer",
				want, outcome(result, err))
			if err != nil {
				failed := callError(t, "the client answered with an error, then the caller's context ended", err)
				step.Equal(t, "the client answered with an error, then the caller's context ended: the CallError must have the ID and the Method, and Unanswered must be false",
					id+" approve, Unanswered: false", fmt.Sprintf("%s %s, Unanswered: %t", failed.ID, failed.Method, failed.Unanswered))
			}
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
		result, err := asking.ended(t, "the answer arrived as the caller's context ended, but Call is still waiting")
		if !looked() {
			return // Call does not check the context again: the answer cannot come in between
		}
		switch {
		case refused == nil:
			step.Equal(t, "the caller's context ended, and Resolve accepted an answer (the client read 202) while Call was checking that context: Call must return that answer",
				"a result: yes", outcome(result, err))
		case err == nil:
			step.Fail(t, "the caller's context ended, and Resolve refused an answer while Call was checking that context: Call must return an error",
				fmt.Sprintf("got  a result: %s", result), "want an error that wraps context.Canceled")
		}
	})
}
