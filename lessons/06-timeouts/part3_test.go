package timeouts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
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

// A deadline passes in the server, and a goroutine in another program stops. Parts 1 and 2
// were for this.
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
		client.session.Send(framing.Event{Data: cancellation(mark + "1").Data})
		client.session.Send(framing.Event{Type: "request", Data: cancellation(mark + "1").Data})
		synctest.Wait()
		step.Equal(t, "three events had a running request's id but were not cancellations (one had a different method, two had a different type): Run must not end that request's context", "nothing", ended.String())
		w.call("approve")
		step.Advance(30 * time.Second)
		step.Equal(t, "the caller of approve gave up at +30 s: Run must end the context of approve's Handle, but no other context",
			"approve after 30s", ended.String())
		step.Equal(t, "the request was cancelled: Run must not post its answer", "nothing", w.posts.String())
		step.Advance(15 * time.Second)
		w.has(other, `"other done"`, "one of two requests was cancelled: Run must still answer the other")
		step.Equal(t, "a request was answered: Run must end the request's context, or the context stays in memory as long as the stream lasts",
			context.Canceled, others.Err())
	})
	onTheWire(t, func(t *testing.T, w *wire) {
		var reports notes
		w.run(&timeouts.Answerer{
			Handle: func(context.Context, string, json.RawMessage) (any, error) {
				time.Sleep(40 * time.Second)
				return "done", nil
			},
			OnUndelivered: func(_ correlation.Response, err error) { reports.Add(innermost(err).Error()) },
		})
		w.call("approve")
		step.Advance(time.Minute)
		step.Equal(t, "the request was cancelled at +30 s, but Handle ignored its context and returned at +40 s: Run must not post the answer", "nothing", w.posts.String())
		step.Equal(t, "the request was cancelled, so its answer was not posted: Run must not call OnUndelivered for that answer", "nothing", reports.String())
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
		step.Equal(t, "a request was cancelled while Deliver was sending the response: Run must end Deliver's context at once, because the caller left",
			"Deliver after 4s", ended.String())
	})
	step.Bubble(t, func(t *testing.T) {
		var ended notes
		client := play(t, logged(&ended, 10*time.Second))
		client.send(request("1", "first"))
		step.Advance(5 * time.Second)
		client.send(request("1", "second"))
		step.Advance(6 * time.Second)
		step.Equal(t, "two requests arrived with the same id, and the first was answered at +10 s: Run must not end the second one's context", "first after 10s", ended.String())
		client.send(request("1", "third"))
		client.send(cancellation("1"))
		step.Equal(t, "two requests with the same id were running when that id was cancelled: Run must end both contexts (shown: how many Handles ended, including one that ended before the cancellation)",
			3, len(ended.All()))
		client.send(request("1", "fourth"))
		step.Advance(10 * time.Second)
		step.Equal(t, "a request arrived with an id that had been cancelled: Run must handle it, because a cancellation applies only to earlier requests",
			"fourth after 10s", ended.All()[len(ended.All())-1])
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
		step.Equal(t, fmt.Sprintf("%d requests arrived, each followed at once by its cancellation: Run must end each Handle's context at once (shown: the late ones)", many), "", strings.Join(late, ", "))
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
		step.Equal(t, "one Answerer runs streams A and B; A's request 1 was cancelled, and then A ended: B's request 1 must go on",
			"one after 0s, other after 10s", ended.String())
	})
	step.Bubble(t, wantOnEventFirst)
	step.Bubble(t, wantNoErrorSent)
}

// With a queue of requests whose callers have left, an overloaded client stays overloaded.
func TestACancelledQuestionNeverBegins(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		var begun, read notes
		w.run(&timeouts.Answerer{Limit: 1, OnEvent: func(e framing.Event) { read.Add(e.Type) }, Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
			begun.Add(method)
			return takes(10*time.Second)(ctx, method, params)
		}})
		w.ask("long")
		w.call("impatient").giveUp()
		step.Equal(t, "Limit is 1 and the second request was cancelled while the first was running: Run must read the cancellation at once (shown: what OnEvent got)",
			"endpoint, request, request, notification", read.String())
		third := w.ask("third")
		step.Advance(20 * time.Second)
		step.Equal(t, "Limit is 1, three requests of 10 s arrived, and the second was cancelled while it waited: Run must not call Handle for the second",
			"long, third", begun.String())
		w.has(third, `"third done"`, "Limit is 1, three requests of 10 s arrived, and the second was cancelled while it waited: Run must answer the third after 20 s")
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
		step.Equal(t, fmt.Sprintf("Limit is 1, and the first request was cancelled while %d others waited for their turn: Run must read that cancellation and end the first request's context", many),
			"first after 0s", ended.String())
		step.Advance(many * time.Second)
		step.Equal(t, fmt.Sprintf("Limit is 1, %d requests were waiting, and the last one was cancelled: Run must call Handle for all the others", many),
			many-1, len(ended.All())-1)
	})
	step.Bubble(t, wantTurnsBack)
	step.Bubble(t, wantTurnsKept)
	step.Bubble(t, wantTurnsBackFromCancelled)
	step.Bubble(t, wantBothCancelled)
}

// When Run returns, its caller must be able to rely on it: nothing is left behind.
func TestNothingIsLeftWhenRunReturns(t *testing.T) {
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
			step.Equal(t, c.what+", but a Handle needs 1 s to clean up: Run must end the Handle's context, wait for the Handle, and then return",
				"returned "+c.want+", Handle calls running: 0, streams open: 0", client.end())
			step.Advance(time.Minute)
			step.Equal(t, c.what+" while a Handle was running: Run must not post that Handle's answer", "nothing", w.posts.String())
		})
		onTheWire(t, func(t *testing.T, w *wire) {
			w.mute.Store(true)
			client := w.run(&timeouts.Answerer{Handle: takes(time.Second)})
			w.ask("count")
			step.Advance(2 * time.Second)
			c.end(w, client)
			step.Advance(time.Minute)
			step.Equal(t, c.what+" while a POST was waiting for the server's response: Run must give up the POST and return",
				"returned "+c.want+", Handle calls running: 0, streams open: 0", client.end())
		})
	}
	ends := []runEnd{
		{"Run's context ended", func(_ *played, stop context.CancelCauseFunc) { stop(errBroken) }, "Run returned an error", errBroken},
		{"Run's context ended without a cause of its own", func(_ *played, stop context.CancelCauseFunc) { stop(nil) }, "Run returned an error", context.Canceled},
		{"the stream ended", func(p *played, _ context.CancelCauseFunc) { p.end() }, "Run returned nil", nil},
		{"the server named an endpoint on another origin", func(p *played, _ context.CancelCauseFunc) {
			p.send(framing.Event{Type: "endpoint", Data: "http://other.example/responses"})
		}, "Run returned an error", nil},
	}
	for _, err := range []error{errBroken, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, context.Canceled, context.DeadlineExceeded, parsing.ErrEventTooLarge, errBrokenAtTheEnd} {
		broke := func(p *played, _ context.CancelCauseFunc) { p.stream.CloseWithError(err) }
		ends = append(ends, runEnd{fmt.Sprintf("the stream broke (%v)", err), broke, "Run returned an error", err})
	}
	for _, c := range ends {
		step.Bubble(t, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			client := playIn(ctx, &timeouts.Answerer{Handle: slowToEnd, Deliver: deliveredTo(new(notes))})
			defer client.end()
			client.send(request("1", "count"))
			step.Advance(time.Second)
			c.end(client, stop)
			synctest.Wait()
			step.Equal(t, c.what+", but a Handle needs 1 s to clean up: Run must not return before that Handle returns", "Run has not returned", client.outcome())
			stop(errLeft) // which comes too late to be what ends Run
			step.Advance(time.Second)
			step.Equal(t, c.what+", and then the last Handle returned: Run must return too: nil if the stream ended cleanly, and otherwise an error", c.outcome, client.outcome())
			step.Equal(t, c.what+": Run must close the stream before it returns", true, client.closed)
			if c.err != nil {
				step.ErrorIs(t, c.what+": Run must return the reason as its error", c.err, client.err)
			}
		})
	}
	step.Bubble(t, func(t *testing.T) {
		ctx, stop := context.WithTimeoutCause(t.Context(), 0, errBroken)
		defer stop()
		client := connect(ctx, &timeouts.Answerer{Handle: slowToEnd})
		defer client.end()
		synctest.Wait()
		step.Equal(t, "Run was called with a context that had already ended: Run must close the stream and return an error",
			"Run returned an error, closed: true", fmt.Sprintf("%s, closed: %t", client.outcome(), client.closed))
		step.ErrorIs(t, "Run was called with a context that had already ended: Run's error must be the context's cause", errBroken, client.err)
	})
	step.Bubble(t, func(t *testing.T) {
		ctx, leave := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { leave(errBroken) })
		reader, writer := io.Pipe()
		unset := new(timeouts.Answerer)
		quiet := parsing.NewSource(&body{Reader: reader, close: writer.Close}) // some kinds of streams end without an error when they are closed
		var err error
		step.Returns(t, "Run's context ended, but Run did not return: Run must close the stream to end the read that is waiting", func() { err = unset.Run(ctx, quiet, &from) })
		step.ErrorIs(t, "Run's context ended, and the stream then ended without an error: Run's error must be the context's cause", errBroken, err)
		step.Equal(t, "the Answerer's fields were unset: Run must leave them unset, because other Runs may be reading them (shown: Limit; whether Client, Deliver, OnEvent and OnUndelivered are nil)",
			"0; true true true true", fmt.Sprint(unset.Limit, "; ", unset.Client == nil, unset.Deliver == nil, unset.OnEvent == nil, unset.OnUndelivered == nil))
	})
	step.Bubble(t, wantTheEndAtOnce)
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
		step.Equal(t, "20 streams each ended right after their only request: Run must not return until the Handle of that request has returned (shown: Handles that returned after Run)", 0, len(late.All()))
	})
	step.Bubble(t, func(t *testing.T) {
		var late, reports notes
		var client *played
		slowly := func(what string) error {
			time.Sleep(time.Hour) // it cleans up
			if client.outcome() != "Run has not returned" {
				late.Add(what)
			}
			return errBroken
		}
		client = play(t, &timeouts.Answerer{
			Handle: takes(0),
			Deliver: func(ctx context.Context, _ string, _ correlation.Response) error {
				<-ctx.Done()
				return slowly("Deliver")
			},
			OnUndelivered: func(r correlation.Response, err error) {
				reports.Add(fmt.Sprint(r.ID, ": ", err))
				slowly("OnUndelivered")
			},
		})
		client.send(request("1", "count"))
		client.end()
		step.Advance(3 * time.Hour)
		step.Equal(t, "the stream ended during a delivery: Run must wait for Deliver and OnUndelivered, even for hours (shown: what Run did not wait for)", "nothing", late.String())
		step.Equal(t, "the stream ended during a delivery, and then the delivery failed: Run must call OnUndelivered with the response and the reason", "1: "+errBroken.Error(), reports.String())
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
		step.Equal(t, "one Answerer ran two streams, one after the other: Run must handle the requests of both streams", "first after 1s, second after 1s", ended.String())

		open := 0
		held := step.HeldContexts(20, func(ctx context.Context) {
			client := playIn(ctx, answerer)
			client.end()
			if !client.closed {
				open++
			}
		})
		step.Equal(t, "20 streams ended: each Run must close its stream before it returns (shown: streams still open)", 0, open)
		step.Equal(t, "20 streams ended a minute ago: each Run must release the context that it was given (shown: contexts in memory)", 0, held())
	})
}

// A runEnd is a way in which Run ends.
type runEnd struct {
	what    string
	end     func(p *played, stop context.CancelCauseFunc)
	outcome string
	err     error // nil: any
}

// errBroken is the reason why a stream breaks, or Run's context ends.
var errBroken = errors.New("no route to host")

// errBrokenAtTheEnd is not the end of a stream, which is io.EOF itself.
var errBrokenAtTheEnd = fmt.Errorf("the proxy hung up: %w", io.EOF)

// innermost returns the innermost error in err, without what wraps it, such as a URL.
func innermost(err error) error {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}

// slowToEnd is a Handle that takes another second when its context has ended.
func slowToEnd(ctx context.Context, _ string, _ json.RawMessage) (any, error) {
	wait(ctx, 30*time.Second)
	time.Sleep(time.Second) // it cleans up
	return nil, ctx.Err()
}

// logged returns an Answerer whose Handle runs for d, or until its context ends, and
// records how long each method ran. It delivers nothing.
func logged(ended *notes, d time.Duration) *timeouts.Answerer {
	return &timeouts.Answerer{
		Deliver: func(context.Context, string, correlation.Response) error { return nil },
		Handle: func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
			began := time.Now()
			wait(ctx, d)
			ended.Add(fmt.Sprint(method, " after ", time.Since(began)))
			return "done", nil
		},
	}
}

// deliveredTo returns a Deliver that records each response and its endpoint.
func deliveredTo(log *notes) func(context.Context, string, correlation.Response) error {
	return func(_ context.Context, endpoint string, r correlation.Response) error {
		log.Add(fmt.Sprintf("answer to \"%s\": %s → %s", r.ID, strings.Trim(string(r.Result), `"`), endpoint))
		return nil
	}
}
