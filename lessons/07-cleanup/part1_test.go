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

// An outside system (a shop, a cron job) speaks no event stream. It sends one POST, and the
// answer to that is what a client somewhere has said.
func TestATriggerComesBackWithTheClientsAnswer(t *testing.T) {
	defer step.Begin(t)()
	for _, over := range protocols {
		server := cleanup.NewServer(0, 0)
		p := pair.TCP(t, server, over.opts...)
		client := join(t, p, double)
		got := p.Post("/trigger", "application/json", `{"session":"`+client+`","method":"double","params":21}`)
		step.Equal(t, over.name+": POST /trigger, and the client was asked to double 21: what the trigger's sender got",
			"200 42", fmt.Sprint(got.Status, " ", outcome(got.Body)))
		step.Equal(t, over.name+": POST /trigger, and the client has answered: the Content-Type that the trigger's sender got",
			"application/json", got.Header.Get("Content-Type"))
	}
}

// Whoever triggers has to know whether to try again, and with whom to speak.
func TestATriggerThatFailsSaysWhy(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		rude := join(t, p.Pair, func(context.Context, string, json.RawMessage) (any, error) {
			return nil, &correlation.Error{Code: 7, Message: "not today"}
		})
		step.Equal(t, p.over+": the client answered with an error of its own: what the trigger's sender got",
			"200 error 7 after 0s", p.trigger(rude, 0).wait(t))
		step.Equal(t, p.over+": a trigger for everyone, and the only client answered with an error of its own: what its sender got",
			"200 [error 7:1] after 0s", p.trigger("", 0).wait(t))

		silent, _ := p.open()
		step.Equal(t, p.over+": the client says nothing, and the trigger gave it 1 ms: what the trigger's sender got",
			"504 after 1ms", p.trigger(silent, time.Millisecond).wait(t))
		step.Equal(t, p.over+": the client says nothing, and the trigger gave no time: what the trigger's sender got",
			"504 after 30s", p.trigger(silent, 0).wait(t))
		step.Equal(t, p.over+": a trigger for nobody's session: what its sender got",
			"404 after 0s", p.trigger("nobody", 0).wait(t))

		full, _ := p.server.Sessions.Open(t.Context())
		for full.Send(framing.Event{Data: "news"}) == nil {
		}
		step.Equal(t, p.over+": the client does not read, and its queue is full: what the trigger's sender got",
			"502 after 0s", p.trigger(full.ID(), 0).wait(t))
		for _, bad := range []struct{ want, contentType, body string }{
			{"415 after 0s", "text/plain", `{"method":"really?"}`},
			{"400 after 0s", "application/json", `{}`},
			{"400 after 0s", "application/json", `{"method":"really?","timeout":-1}`},
		} {
			step.Equal(t, fmt.Sprintf("%s: POST /trigger with the %s %s: what its sender got", p.over, bad.contentType, bad.body),
				bad.want, p.post(bad.contentType, strings.NewReader(bad.body)).wait(t))
		}
	})
}

// Nobody will answer any more, and the server knows it. Thirty seconds of waiting help nobody.
func TestACallToAClientThatLeftFailsAtOnce(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		session, stream := p.open()
		call := p.ask(t.Context(), session)
		trigger := p.trigger(session, 0)
		time.Sleep(time.Second)
		stream.Leave()
		step.Equal(t, p.over+": the client was asked and left at +1 s: how Ask ended",
			"flushing.ErrGone after 1s", call.wait(t))
		step.Equal(t, p.over+": the client was asked and left at +1 s: what the trigger's sender got",
			"502 after 1s", trigger.wait(t))
		step.Equal(t, p.over+": the calls have ended: how many requests are still pending", 0, p.server.Caller.Len())
		synctest.Wait() // until the registry has heard of it too
		step.Equal(t, p.over+": the only client has left: what the sender of a trigger for everyone got", "404 after 0s", p.trigger("", 0).wait(t))
	})
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer(0, 0)
		left, leave := context.WithCancel(t.Context())
		leave()
		w := httptest.NewRecorder()
		step.Alone(func() {
			session, _ := server.Sessions.Open(left) // has ended, and the registry does not know it yet
			r := httptest.NewRequest("POST", "/trigger", strings.NewReader(`{"session":"`+session.ID()+`","method":"really?"}`))
			r.Header.Set("Content-Type", "application/json")
			server.ServeHTTP(w, r)
		})
		if w.Code != http.StatusBadGateway && w.Code != http.StatusNotFound {
			step.Fail(t, "the client left in the moment that a trigger for it came: what the trigger's sender got",
				fmt.Sprint("got  ", w.Code), "want 502, or 404 when its session was gone already")
		}
	})
}

// Whoever leaves takes their own calls along, and nobody else's.
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
		step.Equal(t, p.over+": A answers at +3 s, B leaves at +1 s, one caller of A gives up at +2 s: how the calls of A, of A's impatient caller and of B ended",
			"true after 3s, impatient after 2s, flushing.ErrGone after 1s", strings.Join(got, ", "))
	})
}

// A client may answer and leave in one breath. If its answer was accepted, the caller has it. If not, the
// caller has an error. Nobody gets both, and nobody gets neither.
func TestAnAnswerAndADepartureSettleACallOnce(t *testing.T) {
	defer step.Begin(t)()
	meeting(t, func(t *testing.T, leave func(), answer func() error, call *call) {
		leave()
		synctest.Wait()
		refused := answer()
		step.Equal(t, "the client left, and then its answer came: how the call ended", "flushing.ErrGone after 0s", call.wait(t))
		if refused == nil {
			step.Fail(t, "the client left, its caller has an error, and then its answer was accepted: two ends of one call")
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
			step.Alone(func() { refused = order.happens(leave, answer) })
			got, want := call.wait(t), "true after 0s"
			if refused != nil {
				want = "flushing.ErrGone after 0s"
			}
			step.Equal(t, fmt.Sprintf("the client %s in the same instant, and its answer was %s: how the call ended", order.name, accepted(refused)), want, got)
		})
	}
}
