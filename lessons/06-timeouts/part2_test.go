package timeouts_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Part 2: the one who answers.

// This is the other end of the wire. It reads the stream, works, and posts.
func TestAClientAnswersWhatItIsAsked(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		handled := "not called"
		w.run(&timeouts.Answerer{Handle: func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
			handled = fmt.Sprint("called, context's error: ", ctx.Err())
			if method == "forbidden" {
				return nil, &correlation.Error{Code: 7, Message: "not to you"}
			}
			if method == "broken" {
				return nil, errors.New("the disk is full")
			}
			return method + " to you too", nil
		}})
		hello := w.ask("hello")
		step.Equal(t, "the client was asked to say hello: whether Handle was called, and with a context that lasts", "called, context's error: <nil>", handled)
		w.has(hello, `"hello to you too"`, "the client was asked to say hello: what its caller has, and what was posted")
		forbidden := w.ask("forbidden")
		w.has(forbidden, "not to you (code 7)", "the client's Handle returned an error: what the caller has, and what was posted")
		broken := w.ask("broken")
		w.has(broken, "the disk is full (code -32603)", "the client's Handle returned an error without a code: what the caller has, and what was posted")

		step.Pass(time.Hour)
		later := w.ask("hello again")
		w.has(later, `"hello again to you too"`, "nothing was asked for an hour, then the client was: what its caller has, and what was posted")
	})
	step.Bubble(t, func(t *testing.T) {
		w := newWire(t)
		w.run(&timeouts.Answerer{Handle: takes(time.Second)})
		w.ask("count")
		step.Pass(time.Second)
		w.hangUp.Store(true)
		greet := w.ask("greet")
		step.Pass(time.Second)
		w.has(greet, `"greet done"`, "the server closed the connection that was idle, just when the answer was sent on it: what the caller has, and what was posted. net/http sends it again if post says that this does no harm")
	})
}

// An answer may be lost. Whoever did the work wants to know, and has it in hand.
func TestAnAnswerThatTheServerRefusesIsReported(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		var reports notes
		w.run(&timeouts.Answerer{
			Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
				if method == "garble" {
					return nil, &correlation.Error{Data: json.RawMessage("no JSON")}
				}
				return takes(time.Second)(ctx, method, params)
			},
			Undelivered: func(r correlation.Response, err error) {
				reports.Add(fmt.Sprintf("%s (%t)", cmp.Or(strings.Trim(string(r.Result), `"`), "no result"), err != nil))
			},
		})
		w.ask("count").giveUp() // as in lesson 05, without a word to the client
		step.Pass(time.Second)
		step.Equal(t, "the server refused an answer with 410, since its caller has given up: what Undelivered was told (and whether with an error)",
			"count done (true)", reports.String())
		w.ask("greet")
		step.Pass(time.Second)
		step.Equal(t, "the server refused an answer, then it took one: what Undelivered was told", "count done (true)", reports.String())
		refused, taken, _ := strings.Cut(w.from.String(), ", ")
		step.Equal(t, "the server refused an answer, then it took one: the connection of the second (where what the server says is left unread, it is a new one)", refused, taken)
		w.ask("garble")
		step.Equal(t, "Handle returned an error that cannot be written as JSON: what Undelivered was told, and what was posted",
			"count done (true), no result (true); POST /gw/responses → 410, POST /gw/responses → 202", reports.String()+"; "+w.posts.String())
	})
	step.Bubble(t, func(t *testing.T) {
		w := newWire(t)
		w.run(&timeouts.Answerer{Handle: takes(time.Second)})
		w.ask("count").giveUp()
		step.Pass(time.Second)
		next := w.ask("greet")
		step.Pass(time.Second)
		w.has(next, `"greet done"`, "the server refused an answer, and there is no Undelivered: what the next caller has, and what was posted")
	})
}

// A stream carries more than requests, and next year's server sends what you do not know.
func TestWhatIsNoRequestPassesBy(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		var handled, traced notes
		session := w.run(&timeouts.Answerer{
			Trace: func(e framing.Event) { traced.Add(e.Type) },
			Handle: func(_ context.Context, method string, _ json.RawMessage) (any, error) {
				handled.Add(cmp.Or(method, "a request without a method"))
				return "done", nil
			},
		}).session
		session.Send(framing.Event{Data: "hello"})
		session.Send(framing.Event{Type: "notification", Data: `{"jsonrpc":"2.0","method":"notifications/news"}`})
		session.Send(framing.Event{Type: "request", Data: "no JSON"})
		session.Send(framing.Event{Type: "request", Data: `{"jsonrpc":"2.0","method":"without an id"}`})
		greet := w.ask("greet")
		w.has(greet, `"done"`, "four events came to which there is no answer, then a request: what its caller has, and what was posted")
		step.Equal(t, "four events came to which there is no answer, then a request: what was handled", "greet", handled.String())
		step.Equal(t, "six events have come by now: what Trace was told", "endpoint, message, notification, request, request, request", traced.String())
	})
}

// While you work on one question, the next one waits in the stream, and so does the word
// that nobody needs the first one any more.
func TestASlowQuestionDoesNotHoldUpAQuickOne(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		w.run(&timeouts.Answerer{Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
			if method == "slow" {
				return takes(10*time.Second)(ctx, method, params)
			}
			return method + " done", nil
		}})
		slow, quick := w.ask("slow"), w.ask("quick")
		w.has(quick, `"quick done"`, "a question that takes 10 s was asked, then a quick one: what the caller of the quick one has at once")
		step.Pass(10 * time.Second)
		w.has(slow, `"slow done"`, "a question that takes 10 s was asked 10 s ago: what its caller has, and what was posted")
	})
}

// A server may ask a thousand things at once. Its client has two cores, and one disk.
func TestNoMoreAtATimeThanAllowed(t *testing.T) {
	defer step.Begin(t)()
	for _, c := range []struct{ limit, allowed int }{{2, 2}, {0, 8}} {
		onTheWire(t, func(t *testing.T, w *wire) {
			w.run(&timeouts.Answerer{Limit: c.limit, Handle: takes(time.Second)})
			for range c.allowed {
				w.ask("early")
			}
			one, two := w.ask("one"), w.ask("two")
			step.Equal(t, fmt.Sprintf("Limit is %d, and the client was asked %d questions at once: how many of them it works on", c.limit, c.allowed+2),
				c.allowed, int(w.working.Load()))
			step.Pass(2 * time.Second)
			w.has(one, `"one done"`, "each question takes a second, and this one had to wait for a turn: what its caller has after two, and what was posted")
			w.has(two, `"two done"`, "each question takes a second, and this one had to wait for a turn: what its caller has after two, and what was posted")
		})
	}
}
