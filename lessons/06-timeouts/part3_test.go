package timeouts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
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
		client.session.Send(framing.Event{Type: "notification", Data: `{"jsonrpc":"2.0","method":"notifications/news","params":{"requestId":"` + mark + `1"}}`})
		synctest.Wait()
		step.Equal(t, "a notification about a request at work came that is not a cancellation: Run must not end the request's context", "nothing", ended.String())
		w.call("approve")
		step.Advance(30 * time.Second)
		step.Equal(t, "the caller of approve gave up at +30 s: the context of this Handle alone must have ended (two are at work, for 45 s each)",
			"approve after 30s", ended.String())
		step.Equal(t, "the request was cancelled: Run must not post its answer", "nothing", w.posts.String())
		step.Advance(15 * time.Second)
		w.has(other, `"other done"`, "another request was cancelled: this one must still be answered")
		step.Equal(t, "a request was answered: its context must end then (it would stay in memory for as long as the stream lasts)",
			context.Canceled, others.Err())
	})
	onTheWire(t, func(t *testing.T, w *wire) {
		var reports notes
		w.run(&timeouts.Answerer{
			Handle: func(context.Context, string, json.RawMessage) (any, error) {
				time.Sleep(40 * time.Second)
				return "done", nil
			},
			OnUndelivered: func(_ correlation.Response, err error) { reports.Add(err.Error()) },
		})
		w.call("approve")
		step.Advance(time.Minute)
		step.Equal(t, "the request was cancelled at +30 s, but Handle ignored its context and returned at +40 s: Run must not post the answer", "nothing", w.posts.String())
		step.Equal(t, "the request was cancelled, so its answer was not posted: Run must not report it to OnUndelivered", "nothing", reports.String())
	})
	step.Bubble(t, func(t *testing.T) {
		var ended notes
		client := play(t, &timeouts.Answerer{Handle: takes(time.Second), Deliver: func(ctx context.Context, _ string, _ correlation.Response) error {
			began := time.Now()
			wait(ctx, 45*time.Second)
			ended.Add(fmt.Sprint("Deliver after ", time.Since(began)))
			return nil
		}})
		client.send(request("1", "count"))
		step.Advance(5 * time.Second)
		client.send(cancellation("1"))
		step.Advance(time.Minute)
		step.Equal(t, "a request was cancelled while Deliver tried to send its response: Deliver's context must end then (its caller has gone)",
			"Deliver after 4s", ended.String())
	})
	step.Bubble(t, func(t *testing.T) {
		var ended notes
		client := play(t, logged(&ended, 10*time.Second))
		client.send(request("1", "first"))
		step.Advance(5 * time.Second)
		client.send(request("1", "second"))
		step.Advance(6 * time.Second)
		step.Equal(t, "two requests came with one id, and the first was answered at +10 s: the second must go on", "first after 10s", ended.String())
		client.send(request("1", "third"))
		client.send(cancellation("1"))
		step.Equal(t, "two requests with one id were at work when a cancellation with this id came: the contexts of both must end",
			3, len(ended.All()))
	})
	step.Bubble(t, func(t *testing.T) {
		var ended notes
		const many = 50
		answerer := logged(&ended, 10*time.Second)
		answerer.Limit = many
		var events []framing.Event
		for n := range many {
			id := strconv.Itoa(n)
			events = append(events, request(id, "count"), cancellation(id))
		}
		client := play(t, answerer)
		step.OnOneProcessor(func() { client.send(events...) })
		step.Advance(time.Minute)
		late := slices.DeleteFunc(ended.All(), func(end string) bool { return end == "count after 0s" })
		step.Equal(t, fmt.Sprintf("%d requests came, and right behind each of them its cancellation: no Handle must go on working", many), "", strings.Join(late, ", "))
	})
	step.Bubble(t, func(t *testing.T) {
		var ended notes
		answerer := logged(&ended, 10*time.Second)
		one, other := play(t, answerer), play(t, answerer)
		one.send(request("1", "one"))
		other.send(request("1", "other"))
		one.send(cancellation("1"))
		one.end()
		step.Advance(10 * time.Second)
		step.Equal(t, "one Answerer runs two streams, and on one of them a request was cancelled and the stream ended: the request with the same id on the other must go on",
			"one after 0s, other after 10s", ended.String())
	})
}

// A queue of requests whose callers have left: that is how an overloaded client stays
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
		step.Advance(20 * time.Second)
		step.Equal(t, "Limit is 1, three requests of 10 s came, and the second was cancelled while it waited: Run must not call Handle for it",
			"long, third", begun.String())
		w.has(third, `"third done"`, "Limit is 1, three requests of 10 s came, and the second was cancelled while it waited: after 20 s the third must be answered")
	})
	step.Bubble(t, func(t *testing.T) {
		const many = 1500
		var ended notes
		answerer := logged(&ended, time.Second)
		answerer.Limit = 1
		client := play(t, answerer)
		client.send(request("1", "first"))
		events := make([]framing.Event, many)
		for n := range events {
			events[n] = request(strconv.Itoa(n+2), "count")
		}
		client.send(append(events, cancellation("1"), cancellation(strconv.Itoa(many+1)))...)
		step.Equal(t, fmt.Sprintf("Limit is 1, and %d requests wait behind the first when a cancellation of that one comes: Run must read it, and end its context", many),
			"first after 0s", ended.String())
		step.Advance(many * time.Second)
		step.Equal(t, fmt.Sprintf("Limit is 1, %d requests of a second waited, and the last was cancelled: Run must call Handle for all the others", many),
			many-1, len(ended.All())-1)
	})
}

// When Run returns, its caller wants to know that it has left nothing behind.
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
			client := w.run(&timeouts.Answerer{Handle: slowToEnd})
			w.ask("count")
			step.Advance(time.Second)
			c.end(w, client)
			step.Advance(time.Second)
			step.Equal(t, c.what+" while a Handle was at work that needs one more second: Run must end it, wait for it, and return",
				"returned "+c.want+", 0 at work, 0 streams open", client.end())
			step.Advance(time.Minute)
			step.Equal(t, c.what+": Run must not post the answer of a Handle that it ended", "nothing", w.posts.String())
		})
		onTheWire(t, func(t *testing.T, w *wire) {
			w.mute.Store(true)
			client := w.run(&timeouts.Answerer{Handle: takes(time.Second)})
			w.ask("count")
			step.Advance(2 * time.Second)
			c.end(w, client)
			step.Advance(time.Minute)
			step.Equal(t, c.what+" during a POST that the server does not respond to: Run must give up the POST and return",
				"returned "+c.want+", 0 at work, 0 streams open", client.end())
		})
	}
	for _, c := range []struct {
		what    string
		end     func(p *played, stop context.CancelCauseFunc)
		outcome string
		err     error // nil: any
	}{
		{"Run's context ended", func(_ *played, stop context.CancelCauseFunc) { stop(errBroken) }, "an error", errBroken},
		{"the stream ended", func(p *played, _ context.CancelCauseFunc) { p.end() }, "no error", nil},
		{"the stream broke", func(p *played, _ context.CancelCauseFunc) { p.stream.CloseWithError(errBroken) }, "an error", errBroken},
		{"the stream broke in the middle", func(p *played, _ context.CancelCauseFunc) { p.stream.CloseWithError(io.ErrUnexpectedEOF) }, "an error", io.ErrUnexpectedEOF},
		{"the server named an endpoint on another origin", func(p *played, _ context.CancelCauseFunc) {
			p.send(framing.Event{Type: "endpoint", Data: "http://other.example/responses"})
		}, "an error", nil},
	} {
		step.Bubble(t, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			client := playIn(ctx, &timeouts.Answerer{Handle: slowToEnd, Deliver: deliveredTo(new(notes))})
			defer client.end()
			client.send(request("1", "count"))
			step.Advance(time.Second)
			c.end(client, stop)
			synctest.Wait()
			step.Equal(t, c.what+" while a Handle was at work that needs one more second: Run must wait for it", "Run has not returned", client.outcome())
			step.Advance(time.Second)
			step.Equal(t, c.what+" a second ago, and the Handle returned: Run must return", c.outcome, client.outcome())
			step.Equal(t, c.what+": Run must close the stream before it returns", true, client.closed)
			if c.err != nil {
				step.ErrorIs(t, c.what+": Run must return the error that it ended with", c.err, client.err)
			}
		})
	}
	step.Bubble(t, func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		stop(errBroken)
		client := connect(ctx, &timeouts.Answerer{Handle: slowToEnd})
		defer client.end()
		synctest.Wait()
		step.Equal(t, "Run's context had ended before the stream began: Run must close the stream, and return an error",
			"an error, closed: true", fmt.Sprintf("%s, closed: %t", client.outcome(), client.closed))
		step.ErrorIs(t, "Run's context had ended before the stream began: Run's error must be the cause", errBroken, client.err)
	})
	step.Bubble(t, func(t *testing.T) {
		ctx, leave := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { leave(errBroken) })
		reader, writer := io.Pipe()
		quiet := parsing.NewSource(&body{Reader: reader, close: writer.Close}) // some kinds of streams end well when they are closed
		var err error
		step.Returns(t, "Run's context ended, and Run goes on reading", func() { err = new(timeouts.Answerer).Run(ctx, quiet, &from) })
		step.ErrorIs(t, "Run's context ended, and the stream came to a good end when Run closed it: Run's error must be the context's cause", errBroken, err)
	})
	step.Bubble(t, func(t *testing.T) {
		var late notes
		for range 20 {
			var stream bytes.Buffer
			named.WriteTo(&stream)
			request("1", "count").WriteTo(&stream)
			var returned atomic.Bool
			answerer := &timeouts.Answerer{Deliver: deliveredTo(new(notes)), Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
				result, err := slowToEnd(ctx, method, params)
				if returned.Load() {
					late.Add(method)
				}
				return result, err
			}}
			answerer.Run(t.Context(), parsing.NewSource(io.NopCloser(&stream)), &from)
			returned.Store(true)
		}
		step.Advance(time.Minute)
		step.Equal(t, "20 streams ended right behind their only request: Run must wait for a Handle that has just begun, or is about to", 0, len(late.All()))
	})
	step.Bubble(t, func(t *testing.T) {
		var ended notes
		answerer := logged(&ended, time.Second)
		for _, method := range []string{"first", "second"} {
			client := play(t, answerer)
			client.send(request("1", method))
			step.Advance(time.Second)
			client.end()
		}
		step.Equal(t, "one Answerer ran a stream to its end, then another: it must answer the requests of both", "first after 1s, second after 1s", ended.String())

		open := 0
		held := step.HeldContexts(20, func(ctx context.Context) {
			client := playIn(ctx, answerer)
			client.end()
			if !client.closed {
				open++
			}
		})
		step.Equal(t, "20 streams ended: Run must close each before it returns", 0, open)
		step.Equal(t, "20 streams ended, and the program goes on: a minute later, Run must hold none of the contexts that it was given", 0, held())
	})
}

// errBroken is why a stream breaks, or Run's context ends.
var errBroken = errors.New("no route to host")

// slowToEnd is a Handle that needs a second more when its context has ended.
func slowToEnd(ctx context.Context, _ string, _ json.RawMessage) (any, error) {
	wait(ctx, 30*time.Second)
	time.Sleep(time.Second) // it has something to put away
	return nil, ctx.Err()
}
