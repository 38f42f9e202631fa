package timeouts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Part 4 goes on: what is left behind. Below it is what parts 1 to 3 check beside their own scenes.

// A stream may last for weeks. A request that was answered, cancelled, or cancelled too late
// must not stay in memory.
func TestNothingIsKeptOfWhatIsDone(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var delivered atomic.Int32
		deliver := func(context.Context, string, correlation.Response) error {
			if delivered.Add(1)%2 == 0 {
				return errBroken
			}
			return nil
		}
		client := play(t, &timeouts.Answerer{Limit: 1, Handle: takes(time.Second), Deliver: deliver})
		const many = 300
		rounds := func(first int) {
			for id := first; id < first+many; id++ {
				client.send(request(strconv.Itoa(id), "count"))
				step.Advance(time.Duration(id%3%2) * 3 * time.Second)
				if id%3 < 2 {
					client.send(cancellation(strconv.Itoa(id))) // while it waits its turn, or too late
				}
			}
			step.Advance(2 * time.Second)
		}
		rounds(0)
		step.Equal(t, fmt.Sprintf("%d requests arrived, and every third was cancelled: Run must deliver the responses to the others", many), many*2/3, int(delivered.Load()))
		objects := func() int {
			synctest.Wait()
			n, _ := step.Memory()
			return n
		}
		more := many
		for try := 1; try <= 3 && more > many/5; try++ { // what is kept grows each time, and what else runs here does not
			before := objects()
			rounds(try * many)
			more = objects() - before
		}
		if more > many/5 {
			step.Fail(t, fmt.Sprintf("%d requests were answered, lost or cancelled, and their stream is still open: Run must not keep anything of these requests in memory", many),
				fmt.Sprintf("got  %d more objects in memory", more), "want none, or only a few")
		}
	})
}

// wantOwnEndpoints runs two streams, each of which names its own endpoint. It must be called
// in a bubble.
func wantOwnEndpoints(t *testing.T) {
	var delivered notes
	answerer := &timeouts.Answerer{Handle: takes(0), Deliver: deliveredTo(&delivered)}
	one, two := play(t, answerer), play(t, answerer)
	two.send(framing.Event{Type: "endpoint", Data: "elsewhere"})
	step.Advance(time.Second)
	one.send(request("1", "count"))
	step.Advance(time.Second)
	two.send(request("2", "greet"))
	step.Advance(time.Second)
	step.Equal(t, "one Answerer runs two streams, and each names its own endpoint: each answer must go to the endpoint of its own stream",
		"answer to \"1\": count done → "+near+", answer to \"2\": greet done → http://example.com/gw/elsewhere", delivered.String())
}

// slowToSend is a client that never answers, and whose Send takes a while for a request.
var slowToSend = peerFunc(func(e framing.Event) error {
	if e.Type == "request" {
		time.Sleep(10 * time.Second)
	}
	return nil
})

// wantTurnsBack cancels requests just when they get their turn. It must be called in a bubble.
func wantTurnsBack(t *testing.T) {
	const rounds = 1500
	proceed := make(chan struct{})
	var handled atomic.Int32
	client := play(t, &timeouts.Answerer{
		Limit: 1,
		Handle: func(_ context.Context, method string, _ json.RawMessage) (any, error) {
			if method == "first" {
				<-proceed
			}
			handled.Add(1)
			return "done", nil
		},
		Deliver: func(context.Context, string, correlation.Response) error { return nil },
	})
	for round := range rounds {
		first, second := strconv.Itoa(2*round), strconv.Itoa(2*round+1)
		client.send(request(first, "first"))
		client.send(request(second, "second"))
		ended := make(chan struct{})
		go func() { // ends with the Handle that it lets go
			proceed <- struct{}{}
			close(ended)
		}()
		client.send(cancellation(second))
		<-ended
		synctest.Wait()
	}
	handled.Store(0)
	client.send(request("last", "third"))
	step.Equal(t, fmt.Sprintf("Limit is 1; %d requests were cancelled, each just as its turn came: Run must still handle the next request", rounds), 1, int(handled.Load()))
}

// wantToldIfAsked calls with a context that has already ended. It must be called in a bubble.
func wantToldIfAsked(t *testing.T) {
	left, leave := context.WithCancel(t.Context())
	leave()
	var heard notes
	call(t, left, new(timeouts.Caller), peerFunc(func(e framing.Event) error { heard.Add(e.Type); return nil }))
	synctest.Wait()
	step.Equal(t, "the caller's context had ended before Call was called: if Call sends the request, Call must send a cancellation too (shown: whether Call sent only the request)",
		false, heard.String() == "request")
}

// wantRefusedOnceOver answers a request when its call is just over. It must be called in a bubble.
func wantRefusedOnceOver(t *testing.T) {
	var caller timeouts.Caller
	var asked framing.Event
	var refused notes
	tooLate := func(when string) {
		refused.Add(fmt.Sprint(when, ": ", errors.Is(answer(&caller, asked, yes), correlation.ErrNotWaiting)))
	}
	caller.Observe = func(string, time.Duration, error) { tooLate("during Observe") }
	call(t, t.Context(), &caller, peerFunc(func(e framing.Event) error {
		if e.Type == "request" {
			asked = e
			return nil
		}
		tooLate("during the cancellation's Send")
		return nil
	}))
	synctest.Wait()
	step.Equal(t, "the Timeout passed; one answer arrived while Call was sending the cancellation, and another during Observe: Resolve must refuse both answers with ErrNotWaiting",
		"during Observe: true, during the cancellation's Send: true", refused.sorted())
}

// fullAfterOne is a client that never answers, and whose queue has room for the request only.
var fullAfterOne = peerFunc(func(e framing.Event) error {
	if e.Type == "request" {
		return nil
	}
	return sessions.ErrFull
})

// wantTheEndpointOfThatTime names another endpoint while a request waits its turn. It must be
// called in a bubble.
func wantTheEndpointOfThatTime(t *testing.T) {
	var delivered notes
	client := play(t, &timeouts.Answerer{Limit: 1, Handle: takes(time.Second), Deliver: deliveredTo(&delivered)})
	client.send(request("1", "count"), request("2", "greet"), framing.Event{Type: "endpoint", Data: "elsewhere"})
	step.Advance(3 * time.Second)
	step.Equal(t, "Limit is 1; two requests arrived, and a new endpoint came before the second request had its turn: both answers must go to the endpoint that was current when the requests arrived",
		fmt.Sprintf("answer to \"1\": count done → %[1]s, answer to \"2\": greet done → %[1]s", near), delivered.sorted())
}

// wantTurnsBackFromFailures makes a Handle and deliveries fail. It must be called in a bubble.
func wantTurnsBackFromFailures(t *testing.T) {
	var handled notes
	client := play(t, &timeouts.Answerer{
		Limit: 1,
		Handle: func(_ context.Context, method string, _ json.RawMessage) (any, error) {
			if handled.Add(method); method == "broken" {
				return nil, errBroken
			}
			return "done", nil
		},
		Deliver: func(_ context.Context, _ string, r correlation.Response) error {
			return map[string]error{"2": &timeouts.RefusedError{StatusCode: http.StatusRequestEntityTooLarge}, "3": errBroken}[r.ID]
		},
	})
	client.send(request("1", "broken"))
	client.send(request("2", "refused"))
	client.send(request("3", "lost"))
	client.send(request("4", "last"))
	step.Equal(t, "Limit is 1, one Handle failed, then one response was refused and another was lost: Run must still handle the next request",
		"broken, refused, lost, last", handled.String())
}

// wantOnEventFirst cancels a request. It must be called in a bubble.
func wantOnEventFirst(t *testing.T) {
	var ended notes
	answerer := logged(&ended, 10*time.Second)
	answerer.OnEvent = func(e framing.Event) {
		if e.Type == "notification" {
			time.Sleep(time.Second)
			ended.Add("OnEvent")
		}
	}
	client := play(t, answerer)
	client.send(request("1", "count"))
	client.send(cancellation("1"))
	step.Advance(2 * time.Second)
	step.Equal(t, "a cancellation arrived: OnEvent must return before Run ends the Handle's context (shown: what ended, in order)", "OnEvent, count after 1s", ended.String())
}

// wantTurnsBackFromCancelled cancels requests in the same moment in which they come. It must be
// called in a bubble.
func wantTurnsBackFromCancelled(t *testing.T) {
	var handled notes
	client := play(t, logged(&handled, 0))
	for n := range 100 {
		id := strconv.Itoa(n)
		client.send(request(id, "count"), cancellation(id))
	}
	client.send(request("last", "last"))
	step.Equal(t, "100 requests arrived, each followed at once by its cancellation, then one more request: Run must still call Handle for the last request",
		true, slices.Contains(handled.All(), "last after 0s"))
}

// wantTurnsKept cancels a request whose Handle runs on. It must be called in a bubble.
func wantTurnsKept(t *testing.T) {
	var begun, ended notes
	began := time.Now()
	client := play(t, &timeouts.Answerer{Limit: 1, Handle: func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
		begun.Add(fmt.Sprint(method, " at +", time.Since(began)))
		time.Sleep(10 * time.Second)
		ended.Add(fmt.Sprint(method, ": ", ctx.Err()))
		return nil, nil
	}})
	client.send(request("1", "first"))
	step.Advance(time.Second)
	client.send(cancellation("1"), cancellation("1"), request("1", "second"))
	step.Advance(10 * time.Second)
	step.Equal(t, "Limit is 1, and a Handle ran for 10 s although its request was cancelled twice: Run must not call the next Handle before the first one returns",
		"first at +0s, second at +10s", begun.String())
	client.send(cancellation("1"))
	step.Advance(10 * time.Second)
	step.Equal(t, "request A (first) was cancelled, B (second) arrived with A's id, A finished, and the id was cancelled again: Run must end B's context too",
		"first: context canceled, second: context canceled", ended.String())
}

// wantBothCancelled cancels an id that a request that runs and one that waits have. It must be
// called in a bubble.
func wantBothCancelled(t *testing.T) {
	var ended notes
	answerer := logged(&ended, 10*time.Second)
	answerer.Limit = 1
	client := play(t, answerer)
	client.send(request("2", "count"))
	client.send(request("1", "count"))
	client.send(request("1", "count"))
	step.Advance(15 * time.Second)
	client.send(cancellation("1"))
	step.Advance(time.Minute)
	client.send(request("1", "count"))
	step.Advance(10 * time.Second)
	step.Equal(t, "Limit is 1, requests A (running) and B (waiting) had the same id, and that id was cancelled: Run must end A's context and never handle B (shown: all Handles, including one before A and one after B)",
		"count after 10s, count after 5s, count after 10s", ended.String())
}

// wantTheEndAtOnce ends Run's context while OnEvent runs. It must be called in a bubble.
func wantTheEndAtOnce(t *testing.T) {
	var ended notes
	ctx, stop := context.WithCancelCause(t.Context())
	client := playIn(ctx, &timeouts.Answerer{
		OnEvent: func(e framing.Event) {
			if e.Type == "slow" {
				time.Sleep(time.Hour)
			}
		},
		Handle: func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
			wait(ctx, time.Minute)
			ended.Add(fmt.Sprint(context.Cause(ctx)))
			return nil, nil
		},
	})
	defer func() { client.end(); step.Advance(2 * time.Hour) }()
	client.send(request("1", "count"), framing.Event{Type: "slow", Data: "x"})
	stop(errBroken)
	synctest.Wait()
	step.Equal(t, "Run's context ended while OnEvent was running: the Handle's context must end at once, with the same cause", errBroken.Error(), ended.String())
}

// manyCauses is a cause whose type cannot be compared.
type manyCauses []error

func (c manyCauses) Error() string { return c[0].Error() }

// callAndStop calls a client whose Send returns sendErr, with a context that ends with
// cause during Send. It returns what the client was sent, and the error of the call.
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

// errorAndText returns whether err is not nil, and its text. An err that holds a nil
// pointer is not nil.
func errorAndText(err error) string { return fmt.Sprintf("error: %t, %v", err != nil, err) }

// requests are n requests, each with an id of its own.
func requests(n int) (all []framing.Event) {
	for i := range n {
		all = append(all, request(fmt.Sprint(i), "count"))
	}
	return all
}

// statusOf returns the status of the *RefusedError in err, or zero.
func statusOf(err error) int {
	if refused, ok := errors.AsType[*timeouts.RefusedError](err); ok {
		return refused.StatusCode
	}
	return 0
}

// unsendable is a client whose Send fails after a second, and records what it was given.
func unsendable(reason error, heard *notes) peerFunc {
	return func(e framing.Event) error {
		heard.Add(e.Type)
		time.Sleep(time.Second)
		return reason
	}
}

// failing returns an Answerer whose Handles fail after two seconds, each with the reason that
// its method numbers, and that records what it sends.
func failing(sent *notes) *timeouts.Answerer {
	return &timeouts.Answerer{
		Handle: func(_ context.Context, method string, _ json.RawMessage) (any, error) {
			time.Sleep(2 * time.Second)
			n, _ := strconv.Atoi(method)
			return "half a result", reasons()[n]
		},
		Deliver: func(_ context.Context, _ string, r correlation.Response) error {
			sent.Add(fmt.Sprintf("%s%v", r.Result, r.Error))
			return nil
		},
		OnUndelivered: func(_ correlation.Response, err error) { sent.Add(fmt.Sprint("undelivered: ", err)) },
	}
}

// wantEveryErrorSent makes Handles fail. It must be called in a bubble.
func wantEveryErrorSent(t *testing.T) {
	w := newWire(t)
	w.run(&timeouts.Answerer{Handle: failing(nil).Handle})
	for n, reason := range reasons() {
		asked := w.ask(strconv.Itoa(n))
		step.Advance(2 * time.Second)
		w.has(asked, fmt.Sprintf("%v (code %d)", reason, correlation.CodeInternalError),
			fmt.Sprintf("Handle returned the error %q (a %T), but the request was not cancelled: the caller must get an internal error, or the caller waits until its timeout", reason, reason))
	}
}

// wantNoErrorSent cancels requests before their Handles fail. It must be called in a bubble.
func wantNoErrorSent(t *testing.T) {
	var sent notes
	client := play(t, failing(&sent))
	for n, reason := range reasons() {
		client.send(request("1", strconv.Itoa(n)), cancellation("1"))
		step.Advance(2 * time.Second)
		step.Equal(t, fmt.Sprintf("a request was cancelled, and then its Handle returned the error %q (a %T): Run must neither send nor report that error, because the caller left", reason, reason), "nothing", sent.String())
	}
}

// wantEveryLossReported makes deliveries fail. It must be called in a bubble.
func wantEveryLossReported(t *testing.T) {
	for _, reason := range reasons() {
		var reports notes
		play(t, &timeouts.Answerer{
			Handle:        takes(0),
			Deliver:       func(context.Context, string, correlation.Response) error { return reason },
			OnUndelivered: func(r correlation.Response, err error) { reports.Add(fmt.Sprint(r.ID, ": ", errors.Is(err, reason))) },
		}).send(request("1", "count"))
		step.Equal(t, fmt.Sprintf("Deliver returned the error %q (a %T), but the request was not cancelled: Run must call OnUndelivered with the response and that error", reason, reason), "1: true", reports.String())
	}
}
