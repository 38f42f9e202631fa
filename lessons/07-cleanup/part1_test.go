package cleanup_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	cleanup "example.com/sseworkbook/lessons/07-cleanup"
	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Part 1: the client leaves.

// An outside system (a shop, a cron job) knows nothing of event streams. It sends one POST, and the
// response to it is what a client somewhere answered.
func TestATriggerComesBackWithTheClientsAnswer(t *testing.T) {
	defer step.Begin(t)()
	for _, over := range protocols {
		server := cleanup.NewServer()
		p := pair.TCP(t, server, over.opts...)
		client := join(t, p, double)
		got := p.Post("/trigger", "application/json", `{"session":"`+client+`","method":"double","params":21}`)
		step.Equal(t, over.name+": POST /trigger had a client double 21: its sender must get the client's result",
			"200 42", fmt.Sprint(got.Status, " ", outcome(got.Body)))
		step.Equal(t, over.name+": POST /trigger had a client double 21: the result must come as JSON",
			"application/json", got.Header.Get("Content-Type"))
	}
}

// The sender of a trigger has to know whether it can try again, and whom it has to talk to.
func TestATriggerThatFailsSaysWhy(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		rude := join(t, p.Pair, func(context.Context, string, json.RawMessage) (any, error) {
			return nil, &correlation.Error{Code: 7, Message: "not today", Data: json.RawMessage(`{"retry":"tomorrow"}`)}
		})
		step.Equal(t, p.over+": the client answered a trigger with its own error: the sender must get that error as the Outcome",
			"200 error 7 after 0s", p.trigger(rude, 0).wait(t))
		step.Equal(t, p.over+": the only client answered a trigger for everyone with its own error: the sender must get a list with that error",
			"200 [error 7:1] after 0s", p.trigger("", 0).wait(t))
		step.Equal(t, p.over+": the client's own error has a code, a message and data: the sender of the trigger must get all three",
			`{"error":{"code":7,"message":"not today","data":{"retry":"tomorrow"}}}`,
			strings.TrimSpace(p.Post("/trigger", "application/json", `{"session":"`+rude+`","method":"really?"}`).Body))

		silent, _ := p.open()
		step.Equal(t, p.over+": a client does not answer a trigger that gave it 1 ms: the sender must get a 504 then",
			"504 after 1ms", p.trigger(silent, time.Millisecond).wait(t))
		step.Equal(t, p.over+": a client does not answer a trigger without a timeout: the sender must get a 504 after the Caller's timeout",
			"504 after 30s", p.trigger(silent, 0).wait(t))
		step.Equal(t, p.over+": a trigger names a session that does not exist: its sender must get a 404",
			"404 after 0s", p.trigger("nobody", 0).wait(t))

		full, _ := p.server.Sessions.Open(t.Context())
		for full.Send(framing.Event{Data: "news"}) == nil {
		}
		busy := p.trigger(full.ID(), 0)
		step.Equal(t, p.over+": a client is so far behind that its queue is full: the sender of a trigger must get a 503",
			"503 after 0s", busy.wait(t))
		wantRetryAfter(t, p.over+": the sender of a trigger got a 503: it must be told when to try again", busy.header)
	})
}

// No answer can come from a client that left, and the server knows it. Thirty seconds of waiting help no one.
func TestACallToAClientThatLeftFailsAtOnce(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		session, stream := p.open()
		call := p.ask(t.Context(), session)
		trigger := p.trigger(session, 0)
		time.Sleep(time.Second)
		stream.Leave()
		step.Equal(t, p.over+": the client was asked, and left at +1 s: Call must end then, with an error that wraps ErrClientLeft",
			"flushing.ErrClientLeft after 1s", call.wait(t))
		step.Equal(t, p.over+": the client was asked, and left at +1 s: the trigger's sender must get a 502 then",
			"502 after 1s", trigger.wait(t))
		step.Equal(t, p.over+": both calls have ended: no request must be left pending", 0, p.server.Caller.Len())
		synctest.Wait() // until the registry has heard of it too
		step.Equal(t, p.over+": the only client has left: the sender of a trigger for everyone must get a 404", "404 after 0s", p.trigger("", 0).wait(t))
	})
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		var observed []string
		server.Caller.Observe = func(method string, _ time.Duration, _ error) { observed = append(observed, method) }
		ended, _ := server.Sessions.Open(t.Context())
		ended.Close()
		call := begin("Call", func() (string, error) {
			_, err := server.Call(t.Context(), ended, correlation.Request{Method: "really?"})
			return "nil", ofCall(err)
		})
		step.Equal(t, "the session had ended before Call was called: Call must return an error that wraps sessions.ErrClosed",
			"sessions.ErrClosed after 0s", call.wait(t))
		step.Equal(t, "the session had ended before Call was called: Observe must be told of that call as of each other, once", []string{"really?"}, observed)
	})
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		left, leave := context.WithCancel(t.Context())
		leave()
		w := httptest.NewRecorder()
		step.OnOneProcessor(func() {
			session, _ := server.Sessions.Open(left) // has ended, but the registry does not know it yet
			r := httptest.NewRequest("POST", "/trigger", strings.NewReader(`{"session":"`+session.ID()+`","method":"really?"}`))
			r.Header.Set("Content-Type", "application/json")
			server.ServeHTTP(w, r)
		})
		if w.Code != http.StatusBadGateway && w.Code != http.StatusNotFound {
			step.Fail(t, "the client left at the moment a trigger for it came: its sender must get a 502, or a 404 if the session was gone already",
				fmt.Sprint("got  ", w.Code))
		}
	})
}

// A party that leaves ends its own calls, and no others.
func TestTheOthersCallsGoOn(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		a := join(t, p.Pair, func(context.Context, string, json.RawMessage) (any, error) {
			time.Sleep(3 * time.Second)
			return true, nil
		})
		b, bLeaves := p.open()
		impatient, giveUp := context.WithCancelCause(t.Context())

		calls := []*call{p.ask(t.Context(), a), p.ask(impatient, a), p.ask(t.Context(), b)}
		time.Sleep(time.Second)
		bLeaves.Leave()
		time.Sleep(time.Second)
		giveUp(errImpatient)

		var got []string
		for _, c := range calls {
			got = append(got, c.wait(t))
		}
		step.Equal(t, p.over+": A answers at +3 s, A's impatient caller gives up at +2 s, B leaves at +1 s: each Call must end separately",
			"true after 3s, impatient after 2s, flushing.ErrClientLeft after 1s", strings.Join(got, ", "))
	})
	onEach(t, func(t *testing.T, p *house) {
		silent, _ := p.open()
		step.Equal(t, p.over+": a client does not answer: Call must return the Caller's *TimeoutError after its timeout",
			"*timeouts.TimeoutError after 30s", p.ask(t.Context(), silent).wait(t))
		trigger := p.trigger(silent, 0)
		time.Sleep(time.Second)
		step.Equal(t, p.over+": a trigger waits for a silent client: one request must be pending", 1, p.server.Caller.Len())
		trigger.leave()
		synctest.Wait()
		step.Equal(t, p.over+": the trigger's sender has left: its request must not stay pending", 0, p.server.Caller.Len())
	})
}

// A client may answer and leave at the same moment. If its answer was accepted, the caller gets it; if not, the
// caller gets an error. No caller gets both, and no caller gets neither.
func TestAnAnswerAndADepartureSettleACallOnce(t *testing.T) {
	defer step.Begin(t)()
	meeting(t, func(t *testing.T, leave func(), answer func() error, call *call) {
		leave()
		synctest.Wait()
		refused := answer()
		step.Equal(t, "the client left, and its answer came after that: Call must return the departure", "flushing.ErrClientLeft after 0s", call.wait(t))
		if refused == nil {
			step.Fail(t, "Call returned an error because the client had left, but the answer that came after that was accepted: one call, two ends")
		}
	})
	orders := []struct {
		name    string
		happens func(leave func(), answer func() error) error
	}{
		{"answered and left", func(leave func(), answer func() error) error { defer leave(); return answer() }},
		{"left and answered", func(leave func(), answer func() error) error { leave(); return answer() }},
	}
	for _, order := range orders {
		meeting(t, func(t *testing.T, leave func(), answer func() error, call *call) {
			var refused error
			step.OnOneProcessor(func() { refused = order.happens(leave, answer) })
			got, verdict, want := call.wait(t), "accepted", "true after 0s"
			if refused != nil {
				verdict, want = "refused", "flushing.ErrClientLeft after 0s"
			}
			step.Equal(t, fmt.Sprintf("the client %s at the same moment, and its answer was %s: Call must return an accepted answer, otherwise ErrClientLeft",
				order.name, verdict), want, got)
		})
	}
}

// meeting is a call that waits in Call, for an answer or for the end of its session.
func meeting(t *testing.T, happens func(t *testing.T, leave func(), answer func() error, call *call)) {
	t.Helper()
	step.Bubble(t, func(t *testing.T) {
		p := &house{server: cleanup.NewServer()}
		session, _ := p.server.Sessions.Open(t.Context())
		call := p.ask(t.Context(), session.ID())
		question := asked(session)
		synctest.Wait()
		answer := func() error {
			return p.server.Caller.Resolve(session.ID(), yes(question.ID))
		}
		happens(t, session.Close, answer, call)
	})
}
