package timeouts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Part 3: the end crosses the wire.

// A deadline passes in the server, and a goroutine in another program stops. That is what
// the two parts before are for.
func TestACancelledQuestionEndsItsHandler(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		var ended notes
		others := t.Context()
		client := w.run(&timeouts.Answerer{Handle: func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
			if method == "other" {
				others = ctx
			}
			began := time.Now()
			wait(ctx, 45*time.Second)
			ended.Add(fmt.Sprint(method, " after ", time.Since(began)))
			return method + " done", nil
		}})
		other := w.ask("other") // its caller has a minute
		client.session.Send(framing.Event{Type: "notification", Data: `{"jsonrpc":"2.0","method":"notifications/news","params":{"requestId":"1"}}`})
		synctest.Wait()
		step.Equal(t, "the first question is at work, and a notification about it came that is no cancellation: which context has ended", "nothing", ended.String())
		w.call("approve")
		step.Pass(30 * time.Second)
		step.Equal(t, "the caller of approve gave up at +30 s: which context has ended by now (both work for 45 s otherwise)", "approve after 30s", ended.String())
		step.Equal(t, "nobody waits for the answer any more: what was posted", "nothing", w.posts.String())
		step.Pass(15 * time.Second)
		w.has(other, `"other done"`, "the question beside this one was cancelled: what the caller of this one has, and what was posted")
		step.Equal(t, "a question was answered: the error of its context (one that nobody ends stays in memory for as long as the stream lasts)",
			context.Canceled, others.Err())
	})
	onTheWire(t, func(t *testing.T, w *wire) {
		var reports notes
		w.run(&timeouts.Answerer{
			Handle: func(context.Context, string, json.RawMessage) (any, error) {
				time.Sleep(40 * time.Second)
				return "done", nil
			},
			Undelivered: func(_ correlation.Response, err error) { reports.Add(err.Error()) },
		})
		w.call("approve")
		step.Pass(time.Minute)
		step.Equal(t, "the caller gave up at +30 s, and Handle, which never looks at its context, was done at +40 s: what was posted", "nothing", w.posts.String())
		step.Equal(t, "the caller gave up at +30 s, so the answer of +40 s is lost to nobody: what Undelivered was told", "nothing", reports.String())
	})
}

// A queue of questions that nobody asks any more: that is how an overloaded client stays
// overloaded.
func TestACancelledQuestionThatWaitsItsTurnNeverBegins(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		var begun notes
		w.run(&timeouts.Answerer{Limit: 1, Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
			begun.Add(method)
			return takes(10*time.Second)(ctx, method, params)
		}})
		w.ask("long")
		w.call("impatient").giveUp()
		third := w.ask("third")
		step.Pass(20 * time.Second)
		step.Equal(t, "one turn, three questions of 10 s, and the second one's caller gave up while it waited: what the client has begun",
			"long, third", begun.String())
		w.has(third, `"third done"`, "one turn, three questions of 10 s, and the second one's caller gave up: what the third caller has after 20 s")
	})
}

// Whoever calls Run wants to know, when it returns, that nothing of it is left.
func TestWhenRunReturnsNothingIsLeft(t *testing.T) {
	defer step.Begin(t)()
	for _, c := range []struct {
		what string
		end  func(w *wire, a *answering)
		want string
	}{
		{"Run's context ended", func(_ *wire, a *answering) { a.stop(errors.New("we are closing")) }, "we are closing"},
		{"the server ended the stream", func(_ *wire, a *answering) { a.session.Close() }, "<nil>"},
		{"the connection broke", func(w *wire, _ *answering) { w.Cut() }, "connection reset by peer"},
	} {
		onTheWire(t, func(t *testing.T, w *wire) {
			client := w.run(&timeouts.Answerer{Handle: func(ctx context.Context, _ string, _ json.RawMessage) (any, error) {
				wait(ctx, 30*time.Second)
				time.Sleep(time.Second) // it has something to put away
				return nil, ctx.Err()
			}})
			w.ask("count")
			step.Pass(time.Second)
			c.end(w, client)
			step.Pass(time.Second)
			step.Equal(t, c.what+", while a Handle is at work that needs a second to put its things away: what Run did within that second",
				"returned "+c.want+", 0 at work, 0 streams open", client.end())
			step.Pass(time.Minute)
			step.Equal(t, c.what+", so nobody waits for the answer: what was posted", "nothing", w.posts.String())
		})
	}
	step.Bubble(t, func(t *testing.T) {
		w := newWire(t)
		client := w.run(&timeouts.Answerer{Handle: takes(time.Second)})
		client.session.Send(framing.Event{Type: "endpoint", Data: "http://["})
		step.Pass(time.Minute)
		step.Equal(t, "the server says to answer at http://[, which is no URL: whether Run has returned an error, and what it left",
			"true, 0 streams open", fmt.Sprintf("%t, %d streams open", client.err != nil, w.sessions.Len()))
	})
	onTheWire(t, func(t *testing.T, w *wire) {
		w.mute.Store(true)
		client := w.run(&timeouts.Answerer{Handle: takes(time.Second)})
		w.ask("count")
		step.Pass(2 * time.Second)
		client.stop(errors.New("we are closing"))
		step.Pass(time.Minute)
		step.Equal(t, "Run's context ended, while an answer was with a server that says nothing to it: what Run did within a minute",
			"returned we are closing, 0 at work, 0 streams open", client.end())
	})
}
