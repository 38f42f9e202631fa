package correlation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	correlation "example.com/sseworkbook/lessons/05-correlation"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

func TestMain(m *testing.M) { step.Main(m) }

// Part 1: who waits for what.

// Whoever asks waits on a channel. Whoever brings the answer knows only the id.
// Hint: Add makes a channel and puts a waiter into the map, under the id that it returns. Resolve looks the waiter up and sends.
func TestAResponseReachesTheOneWhoWaits(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		id, answer := p.Add("A")
		heard := listen(t, answer)
		err := resolve(t, &p, "A", id, `"yes"`)
		step.Equal(t, "the response to a request came, and Resolve found nobody who waits for it", nil, err)
		step.Equal(t, "the response to a request came: what the one who waits for it has heard", "yes", heard())
	})
}

// Two requests with one id get each other's answers. The clock is no help: here it
// stands still, and on a busy server it does as well as that. Nor is the number of
// those who wait: it goes down again.
// Hint: count, in a field of Pending that only goes up. strconv.FormatUint makes a string of it.
func TestTwoRequestsOfOneInstantHaveTwoIDs(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		first, answer1 := p.Add("A")
		second, answer2 := p.Add("A")
		if first == second {
			step.Fail(t, "two requests were added in the same instant, and got the same id: one of the two callers gets the other's answer",
				fmt.Sprintf("got  %q and %q", first, second), "want two ids")
		}
		heard1, heard2 := listen(t, answer1), listen(t, answer2)
		resolve(t, &p, "A", second, `"to the second"`)
		step.Equal(t, "the second request was answered: what the first caller has heard, and what the second",
			" / to the second", heard1()+" / "+heard2())
		resolve(t, &p, "A", first, `"to the first"`)
		step.Equal(t, "then the first request was answered: what the first caller has heard, and what the second",
			"to the first / to the second", heard1()+" / "+heard2())

		third, _ := p.Add("A")
		if third == first || third == second {
			step.Fail(t, "a third request came when the first two had been answered, and got the id of one of them: a late second answer would be its answer",
				fmt.Sprintf("got  %q, after %q and %q", third, first, second), "want an id that was never given out")
		}
	})
}

// A client that has posted an answer and saw the connection break posts it again.
// Hint: whoever is answered goes out of the map: p.settled.add remembers why. For an id that is not there, p.settled.reason knows more.
func TestAResponseIsTakenOnce(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		id, answer := p.Add("A")
		heard := listen(t, answer)
		resolve(t, &p, "A", id, `"yes"`)
		again := resolve(t, &p, "A", id, `"no"`)
		step.Equal(t, "one request, two responses, first yes and then no: what the caller has heard", "yes", heard())
		wantErr(t, "a second response to the same request came, and Resolve did not say so to the one who brought it", correlation.ErrAnswered, again)
		step.Equal(t, "the request has been answered: how many still wait. Memory grows with each that is never taken out", 0, waiting(t, &p))
	})
}

// The answer to one who gave up is late, and that's all: nobody reads that channel
// any more, and whoever brings the answer must not wait there.
// Hint: Forget takes the waiter out as Resolve does, and tells p.settled another reason. It returns whether there was one.
func TestNobodyIsHeldUpByOneWhoGaveUp(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		impatient, _ := p.Add("A")
		patient, answer := p.Add("A")
		heard := listen(t, answer)
		step.Equal(t, "a caller gave up before its answer came: whether Forget says that the caller was still waiting", true, p.Forget(impatient))
		late := resolve(t, &p, "A", impatient, `"late"`)
		wantErr(t, "an answer came after its caller had given up, and Resolve did not say so to the one who brought it", correlation.ErrGivenUp, late)
		step.Equal(t, "one of two callers gave up: how many still wait. The other's entry would stay for ever", 1, waiting(t, &p))

		err := resolve(t, &p, "A", patient, `"in time"`)
		step.Equal(t, "one caller gave up; what the other has heard, whose answer came after that", "in time", heard())
		step.Equal(t, "the other caller's answer was delivered, and Resolve returned an error", nil, err)
		step.Equal(t, "a caller has its answer: whether Forget says that it was still waiting", false, p.Forget(patient))

		p.Forget("unasked")
		made := resolve(t, &p, "A", "unasked", `"made up"`)
		wantErr(t, "Forget was called with an id that was never given out, and then a response came with it: its client must be told that nobody has asked", correlation.ErrNotAsked, made)
		for range 1022 {
			other, _ := p.Add("A")
			p.Forget(other)
		}
		late = resolve(t, &p, "A", impatient, `"later"`)
		wantErr(t, "1,023 requests were settled after that of the caller who gave up, and its answer is not told any more that it is late", correlation.ErrGivenUp, late)
	})
}

// An id is no secret: it is short, and the next one can be guessed. Only the
// session that was asked may answer.
// Hint: compare the sessions before you take the waiter out. ErrForeign leaves it where it is.
func TestAnAnswerFromAnotherSessionIsRefused(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		id, answer := p.Add("A")
		heard := listen(t, answer)
		foreign := resolve(t, &p, "B", id, `"from B"`)
		step.Equal(t, "session A was asked, and B answered with the same id: what the caller has heard, and takes for A's answer", "", heard())
		wantErr(t, "session A was asked, and B answered with the same id: B must be told", correlation.ErrForeign, foreign)
		own := resolve(t, &p, "A", id, `"from A"`)
		step.Equal(t, "B's answer was refused, then A's own came: what the caller has heard", "from A", heard())
		step.Equal(t, "B's answer was refused, then A's own was delivered, and Resolve returned an error", nil, own)
		foreign = resolve(t, &p, "B", id, `"from B again"`)
		wantErr(t, "A has answered, and B posts with the same id: B must be told that it was not asked, and not what A did", correlation.ErrForeign, foreign)
	})
}

// A client that answers twice does so on two connections, in two goroutines of your
// server. Between "is it there?" and "take it out" nobody else may come.
// Hint: hold p.mu from the look into the map until the waiter is out of it, in Resolve as in Forget. Add needs it too.
func TestOfAllWhoComeAtOnceOneSettlesARequest(t *testing.T) {
	defer step.Begin(t)()
	defer step.Waiting(t, func() (string, []string) {
		return "some came at the same moment, to ask, to answer or to give up, and one of them does not return", nil
	})()
	wantLocked(t)
	for first := range 3 { // one of the three who come is the caller that gives up
		var p correlation.Pending
		id, answer := p.Add("A")
		receive(t, answer)
		come := make([]func() bool, 3)
		for i := range come {
			come[i] = func() bool { return p.Resolve("A", response(id, `"yes"`)) == nil }
		}
		come[first] = func() bool { return p.Forget(id) }
		step.Equal(t, "two answers to a request and its caller's Forget came at the same moment: how many of the three found it waiting, and settled it",
			1, atOnce(&p, come))
	}
}

// Part 2: asking.

// A client sees an event of the type "request", with a JSON-RPC request as its data.
// Hint: Add gives you the id and the channel. Request{…}.Event() is what you send, with "2.0" for JSONRPC. Then receive from the channel.
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
// Hint: Add before you send, so that the id is known. And a channel can have room for one.
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
// Hint: if each caller waits on a channel of its own, there is nothing to do here. If this crashes, look for a map without its lock.
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
// Hint: look at r.Error when the response is there, and at Send's error: nobody will answer then, so forget the request. CallError wraps both.
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
		wantErr(t, "the client has left and Send returned an error, and Call's caller does not learn of it", sessions.ErrClosed, err)
		step.Equal(t, "the request could not be sent: how many still wait. Each client that leaves would leave some behind", 0, waiting(t, &caller.Pending))
	})
}

// The person who clicked has closed the page: no answer is of any use now.
// Hint: select on the channel and on ctx.Done(). Forget the request, and return context.Cause(ctx).
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
		wantErr(t, "the caller's context has ended, and Call does not tell why: that is what context.Cause is for", pageClosed, err)
		step.Equal(t, "the caller has gone: how many still wait. Each impatient caller would leave one behind", 0, waiting(t, &caller.Pending))
		late := resolve(t, &caller.Pending, "A", id, `"late"`)
		wantErr(t, "the answer came when the caller had gone, and Resolve did not say so", correlation.ErrGivenUp, late)
	})
}

// The answer and the end of the context may come at the same moment. A client that
// was told 202 will never send its answer again, so the caller must get it.
// Hint: when ctx has ended, ask Forget who was first. If it returns false, the answer is in the channel.
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

// Part 3: the POST.

// A POST with an answer is a delivery, not a question: 202 and an empty body.
// Hint: the session is in r.URL.Query(). ReadJSON, parse, h.Resolve, and WriteHeader(http.StatusAccepted).
func TestAnAnswerIsAcceptedWith202(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		s := serve(t)
		id, answer := s.Add(s.alice.ID())
		heard := listen(t, answer)
		got := s.answer(s.alice, id, `{"approved":true}`)
		step.Equal(t, "a client posted what it was asked for: status and body of the response",
			`202 ""`, fmt.Sprintf("%d %q", got.Status, got.Body))
		step.Equal(t, "the POST was answered with 202: what the one who waits has heard", `{"approved":true}`, heard())

		id, answer = s.Add(s.alice.ID())
		heard = listen(t, answer)
		broken := io.MultiReader(strings.NewReader(withID(`{"jsonrpc":"2.0","id":%q,"result":"half"}`, id)), iotest.ErrReader(io.ErrClosedPipe))
		_, err := s.pair.Client.Post(s.pair.URL+"/responses?session="+s.alice.ID(), "application/json", broken)
		step.Equal(t, "the test's client gave up in the middle of its POST, and got a response", true, err != nil)
		step.Equal(t, "the connection broke before the end of a POST, and its client will send the answer again: what the one who waits has heard", "", heard())
	})
}

// Whoever writes a client sees nothing of your server but its responses. A status
// of its own for each mistake, and a sentence with it, saves an evening.
// Hint: ask h.Sessions whether the session is open. Whatever goes wrong after that goes to ProblemOf, which knows the statuses.
func TestABadAnswerIsToldWhatIsWrong(t *testing.T) {
	defer step.Begin(t)()
	const body = `{"jsonrpc":"2.0","id":%q,"result":true}`
	cases := []struct {
		name, contentType, body string // %q or %d in the body is the id of a request that waits
		before                  func(s *server, id string)
		want                    string // status, and JSON-RPC code if there is one
	}{
		{"text that is not JSON", "application/json", `{"jsonrpc":"2.0","id":%q`, nil, "400 -32700"},
		{"a request, where a response should be", "application/json", `{"jsonrpc":"2.0","id":%q,"method":"approve"}`, nil, "400 -32600"},
		{"a response with neither result nor error", "application/json", `{"jsonrpc":"2.0","id":%q}`, nil, "400 -32600"},
		{"a request with a result in it", "application/json", `{"jsonrpc":"2.0","id":%q,"method":"approve","result":true}`, nil, "400 -32600"},
		{"a response that does not say which JSON-RPC it is", "application/json", `{"id":%q,"result":true}`, nil, "400 -32600"},
		{"a response without an id", "application/json", `{"jsonrpc":"2.0","result":"%s"}`, nil, "400 -32600"},
		{"an error that is a text, where an object should be", "application/json", `{"jsonrpc":"2.0","id":%q,"error":"no"}`, nil, "400 -32600"},
		{"an error to a request whose id could not be read", "application/json", `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not %s"}}`, nil, "404"},
		{"an id that is a number, not a string", "application/json", `{"jsonrpc":"2.0","id":%d,"result":true}`, nil, "404"},
		{"an id that nobody has asked with", "application/json", `{"jsonrpc":"2.0","id":"not %s","result":true}`, nil, "404"},
		{"an answer that was posted before", "application/json", body, func(s *server, id string) { s.answer(s.alice, id, "true") }, "409"},
		{"an answer whose caller has given up", "application/json", body, func(s *server, id string) { s.Forget(id) }, "410"},
		{"an answer to a question that another session was asked", "application/json", body, func(s *server, _ string) { s.alice, s.bob = s.bob, s.alice }, "403"},
		{"an answer as text/plain", "text/plain", body, nil, "415"},
		{"an answer of a megabyte", "application/json", `{"jsonrpc":"2.0","id":%q,"result":"` + strings.Repeat("x", 1<<20) + `"}`, nil, "413"},
		{"an answer from a session that has ended", "application/json", body, func(s *server, _ string) { s.alice.Close() }, "404"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			defer step.Begin(t)()
			step.Bubble(t, func(t *testing.T) {
				s := serve(t)
				id, answer := s.Add(s.alice.ID())
				listen(t, answer)
				if c.before != nil {
					c.before(s, id)
				}
				got := s.post(s.alice, c.contentType, withID(c.body, id))
				wantProblem(t, c.name, c.want, got)

				next, _ := s.Add(s.bob.ID())
				step.Equal(t, c.name+" was refused; the status of another client's good answer after it", 202, s.answer(s.bob, next, "true").Status)
			})
		})
	}
}

// listen waits on answer as a caller does. What it returns tells what has come
// when nothing more can happen.
func listen(t *testing.T, answer <-chan correlation.Response) (heard func() string) {
	var all []string
	go func() { // ends with the step, if the channel is not closed before
		for {
			select {
			case r, ok := <-answer:
				if !ok {
					return
				}
				all = append(all, text(r.Result))
			case <-t.Context().Done():
				return
			}
		}
	}()
	synctest.Wait() // until it listens
	return func() string {
		synctest.Wait()
		return strings.Join(all, " ")
	}
}

// text returns a result as it reads: a string without its quotes.
func text(result json.RawMessage) string {
	var s string
	if json.Unmarshal(result, &s) != nil {
		return string(result)
	}
	return s
}

// response returns a response with this result.
func response(id, result string) correlation.Response {
	return correlation.Response{JSONRPC: "2.0", ID: id, Result: json.RawMessage(result)}
}

// resolve calls Resolve, which never has to wait.
func resolve(t *testing.T, p *correlation.Pending, session, id, result string) error {
	t.Helper()
	defer step.Waiting(t, func() (string, []string) {
		return "Resolve does not return, and with it hangs the POST that has brought the answer: " + result, nil
	})()
	returned := make(chan error, 1)
	go func() { returned <- p.Resolve(session, response(id, result)) }()
	return <-returned
}

// waiting returns how many requests wait for their response.
func waiting(t *testing.T, p *correlation.Pending) int {
	t.Helper()
	defer step.Waiting(t, func() (string, []string) {
		return "Len does not get the lock: somebody took it before, and returned without giving it back", nil
	})()
	return p.Len()
}

// wantLocked holds the lock of p, and lets each of those come by who have to wait for
// it.
func wantLocked(t *testing.T) {
	t.Helper()
	var p correlation.Pending
	id, _ := p.Add("A")
	p.Forget(id)
	lock, found := step.LockOf(&p)
	if !found {
		return
	}
	var visitors step.Crowd
	defer visitors.Wait()
	lock.Lock()
	defer lock.Unlock()
	for _, visit := range []struct {
		name string
		f    func()
	}{
		{"Add", func() { p.Add("A") }},
		{"Resolve", func() { p.Resolve("A", response(id, `"yes"`)) }},
		{"Forget", func() { p.Forget(id) }},
		{"Len", func() { p.Len() }},
	} {
		if visitors.Come(visit.f) {
			step.Fail(t, "somebody is at the map and holds its lock, and "+visit.name+" did not wait for it",
				"when two are at a map in the same instant, Go may end the whole server:", "fatal error: concurrent map read and map write")
		}
	}
}

// receive takes what comes on answer, until the step ends.
func receive(t *testing.T, answer <-chan correlation.Response) {
	go func() {
		for {
			select {
			case _, ok := <-answer:
				if !ok {
					return
				}
			case <-t.Context().Done():
				return
			}
		}
	}()
}

// atOnce lets all come to the lock of p while it is held, and then have it in turn: each of
// them once, before anyone has it for a second time. It returns how many returned true.
func atOnce(p *correlation.Pending, all []func() bool) (yes int) {
	lock, found := step.LockOf(p)
	if !found {
		lock = new(sync.Mutex) // nobody wants it, and each comes when the one before has gone
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // nobody is woken between Unlock and Lock
	var visitors step.Crowd
	var settled atomic.Int64
	lock.Lock()
	began := time.Now()
	for _, f := range all {
		visitors.Come(func() {
			if f() {
				settled.Add(1)
			}
		})
	}
	// When somebody who has waited for a millisecond is woken and finds the lock taken
	// again, a sync.Mutex goes from one to the next in the order in which they came.
	for time.Since(began) < 2*time.Millisecond {
		runtime.Gosched()
	}
	lock.Unlock()
	lock.Lock()
	visitors.Settle()
	lock.Unlock()
	visitors.Wait()
	return int(settled.Load())
}

// A client is a session "A" whose client is a function, which gets each request
// while Send has not returned yet.
type client func(correlation.Request) error

func (c client) ID() string { return "A" }

func (c client) Send(e framing.Event) error {
	var r correlation.Request
	if err := json.Unmarshal([]byte(e.Data), &r); err != nil {
		return err
	}
	return c(r)
}

// An asked is a Call that somebody has made.
type asked struct {
	end    chan struct{} // closed when the Call has returned
	result json.RawMessage
	err    error
}

// call makes a Call in a goroutine of its own, which ends with the Call.
func call(ctx context.Context, caller *correlation.Caller, session correlation.Session, method, params string) *asked {
	a := &asked{end: make(chan struct{})}
	go func() {
		defer close(a.end)
		a.result, a.err = caller.Call(ctx, session, method, json.RawMessage(params))
	}()
	return a
}

// ended waits for the end of the Call. The step fails with sentence when it
// never comes.
func (a *asked) ended(t *testing.T, sentence string) (result string, err error) {
	t.Helper()
	defer step.Waiting(t, func() (string, []string) { return sentence, nil })()
	<-a.end
	return text(a.result), a.err
}

// A server takes answers from two clients by POST.
type server struct {
	correlation.Caller
	pair       *pair.Pair
	alice, bob *sessions.Session
}

func serve(t *testing.T) *server {
	t.Helper()
	registry := sessions.NewRegistry(0)
	alice, err := registry.Open(t.Context())
	step.Equal(t, "the test cannot open a session", nil, err)
	bob, err := registry.Open(t.Context())
	step.Equal(t, "the test cannot open a session", nil, err)

	s := &server{alice: alice, bob: bob}
	mux := http.NewServeMux()
	mux.Handle("POST /responses", &correlation.Handler{Sessions: registry, Resolve: s.Resolve})
	s.pair = pair.Memory(t, mux)
	return s
}

// post posts body as the client of session.
func (s *server) post(session *sessions.Session, contentType, body string) pair.Response {
	return s.pair.Post("/responses?session="+session.ID(), contentType, body)
}

// answer posts a response as the client of session.
func (s *server) answer(session *sessions.Session, id, result string) pair.Response {
	return s.post(session, "application/json", fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,"result":%s}`, id, result))
}

// withID puts id into body: as a string, or as the number that it looks like.
func withID(body, id string) string {
	if strings.Contains(body, "%d") {
		number, _ := strconv.Atoi(id)
		return fmt.Sprintf(body, number)
	}
	return fmt.Sprintf(body, id)
}

// wantErr fails the step when got is not want, and does not wrap it.
func wantErr(t *testing.T, sentence string, want, got error) {
	t.Helper()
	if !errors.Is(got, want) {
		step.Fail(t, sentence, fmt.Sprintf("got  %v", got), fmt.Sprintf("want an error in which errors.Is finds: %v", want))
	}
}

// wantProblem fails the step when got is not a problem (RFC 9457) with this
// status and, after it, this JSON-RPC code.
func wantProblem(t *testing.T, posted, want string, got pair.Response) {
	t.Helper()
	var problem sessions.Problem
	err := json.Unmarshal([]byte(got.Body), &problem)
	status := strconv.Itoa(got.Status)
	if problem.Code != 0 {
		status += " " + strconv.Itoa(problem.Code)
	}
	step.Equal(t, "a client posted "+posted+": the status, and the JSON-RPC code in the problem", want, status)
	if got.Header.Get("Content-Type") != "application/problem+json" || err != nil || problem.Detail == "" {
		step.Fail(t, "a client posted "+posted+", and was not told what is wrong with it",
			fmt.Sprintf("got  %s %q", got.Header.Get("Content-Type"), got.Body), "want application/problem+json, with a sentence in its detail")
	}
}

// events returns what a client makes of the bytes in wire.
func events(wire string) []framing.Event {
	var all []framing.Event
	for e := range parsing.NewDecoder(strings.NewReader(wire)).Events() {
		all = append(all, e)
	}
	return all
}
