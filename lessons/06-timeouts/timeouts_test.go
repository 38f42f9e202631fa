package timeouts_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

func TestMain(m *testing.M) { step.Main(m) }

// Part 1: the one who asks.

// A client may stay connected and say nothing: its program hangs, or a person has gone for
// lunch.
// Hint: in Call, give ctx an end with context.WithTimeout, and hand that one on.
func TestACallEndsAfterThirtySeconds(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		took, _ := call(t, t.Context(), &timeouts.Caller{}, silent)
		step.Equal(t, "the client never answers: how long its caller waited (this one has a minute; others would wait for ever)",
			30*time.Second, took)
	})
}

// Approving a payment may take a person two minutes. Answering a ping may not.
// Hint: cmp.Or(c.Timeout, DefaultTimeout) is the first of the two that is not zero.
func TestTheTimeoutCanBeChosen(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		short, _ := call(t, t.Context(), &timeouts.Caller{Timeout: 2 * time.Second}, silent)
		long, _ := call(t, t.Context(), &timeouts.Caller{Timeout: 45 * time.Second}, silent)
		step.Equal(t, "a Caller with a Timeout of 2 s and one of 45 s, a client that never answers: how long the two waited",
			"2s, 45s", fmt.Sprint(short, ", ", long))
	})
}

// Whoever reads the error has to decide: is the client slow, or was I in a hurry?
// Hint: context.WithTimeoutCause takes the error that context.Cause returns when this very deadline passes.
func TestTheErrorSaysWhoseTimeWasUp(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		caller := &timeouts.Caller{Timeout: 10 * time.Second}
		_, err := call(t, t.Context(), caller, silent)
		step.Equal(t, "the Caller's Timeout of 10 s passed: by its error, whose time was up", "the Caller's, after 10s", whose(err))

		hurried, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		took, err := call(t, hurried, caller, silent)
		step.Equal(t, "the one who called had a deadline of 3 s: how long it waited", 3*time.Second, took)
		step.Equal(t, "the one who called had a deadline of 3 s: by its error, whose time was up", "its own: context deadline exceeded", whose(err))

		closing, stop := context.WithCancelCause(t.Context())
		stop(errors.New("we are closing"))
		_, err = call(t, closing, caller, silent)
		step.Equal(t, "the one who called has stopped, for a reason: by its error, whose time was up", "its own: we are closing", whose(err))
	})
}

// A timer that nobody stops runs to its end, and holds on to all that its call knew.
// Hint: defer the cancel function of your context. It stops the timer.
func TestAnAnswerInTimeStopsTheClock(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var caller timeouts.Caller
		took, _ := call(t, t.Context(), &caller, silent)
		step.Equal(t, "the client never answers: how long its caller waited", 30*time.Second, took)

		ctx := &watched{Context: t.Context(), done: make(chan struct{})}
		result, err := caller.Call(ctx, answersAfter(time.Second, &caller, `"yes"`), "approve", nil)
		step.Equal(t, "the client answered after a second: what Call returned", `"yes" <nil>`, fmt.Sprint(string(result), " ", err))
		synctest.Wait()
		step.Equal(t, "the client answered after a second, and Call has returned: how many of its contexts still run (at 1,000 calls a second, 30,000 do)",
			0, int(ctx.waiting.Load()))
	})
}

// Half a second too late is too late: its caller has told somebody "no answer" already.
// What if one in ten comes a moment late, since you set the Timeout too low? Count them.
// Hint: in Resolve, errors.Is(err, correlation.ErrGivenUp) means that its caller has given up.
func TestALateAnswerIsRefusedAndCounted(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		client := w.open()
		w.call("first")
		pass(30 * time.Second)
		second := w.call("second")
		pass(time.Second)

		step.Equal(t, "the caller gave up at +30 s, the answer was posted at +31 s: its status (with a 202, the client thinks that it was heard)",
			http.StatusGone, client.answer("first"))
		step.Equal(t, "one answer came too late: what Late returns", 1, int(w.caller.Late()))
		client.answer("second")
		step.Equal(t, "after a late answer to the first question came one to the second: what the second caller has", `"answer to second"`, second.answer)

		again, unknown := client.answer("second"), client.answer("what nobody asked")
		step.Equal(t, "one answer came twice, one to what nobody asked: their statuses, and Late, which counts neither",
			"409 404, 1 late", fmt.Sprintf("%d %d, %d late", again, unknown, w.caller.Late()))
	})
}

// Nobody waits, but the client does not know. It works on, for as long as it takes.
// Hint: after correlation.Caller's Call, session.Send(cancelled(call)), where call is the *correlation.CallError. Only if ctx's end is why it failed.
func TestTheClientIsToldThatNobodyWaits(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		client := w.open()
		w.call("approve")
		pass(30 * time.Second)
		step.Equal(t, "the client was asked to approve, and its caller gave up at +30 s: what the client has heard by then",
			"request approve, cancelled approve", client.news())

		w.call("count").giveUp()
		step.Equal(t, "the one who asked to count gave up by itself: what the client has heard", "request count, cancelled count", client.news())

		w.call("greet")
		w.call("refuse")
		client.answer("greet")
		client.refuse("refuse")
		pass(time.Minute)
		step.Equal(t, "the client answered both, one with an error, so nobody waits in vain: what it has heard within a minute",
			"request greet, request refuse", client.news())
	})
	step.Bubble(t, func(t *testing.T) {
		var sent int
		full := sessionFunc(func(framing.Event) error {
			if sent++; sent > 1 {
				return sessions.ErrFull
			}
			return nil
		})
		_, err := call(t, t.Context(), &timeouts.Caller{}, full)
		step.Equal(t, "the client's queue is full, it cannot be told: by the caller's error, whose time was up", "the Caller's, after 30s", whose(err))
	})
	step.Bubble(t, func(t *testing.T) {
		for range 20 { // a select that has two ways takes either
			var caller timeouts.Caller
			var heard notes
			ctx, giveUp := context.WithCancel(t.Context())
			result, err := caller.Call(ctx, sessionFunc(func(e framing.Event) error {
				heard.add(e.Type)
				answer(&caller, e, `"yes"`)
				giveUp()
				return nil
			}), "approve", nil)
			step.Equal(t, "the answer was taken, and at the same moment its caller gave up: what Call returned, and what the client has heard",
				`"yes" <nil>, heard: request`, fmt.Sprint(string(result), " ", err, ", heard: ", heard.String()))
		}
	})
}

// Part 2: the one who answers.

// This is the other end of the wire. It reads the stream, works, and posts.
// Hint: range over stream.Events() and switch on the event's Type. from.Parse makes a URL of an "endpoint" event's data; handle and post do the rest for a "request".
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

		pass(time.Hour)
		later := w.ask("hello again")
		w.has(later, `"hello again to you too"`, "nothing was asked for an hour, then the client was: what its caller has, and what was posted")
	})
	step.Bubble(t, func(t *testing.T) {
		w := newWire(t)
		w.run(&timeouts.Answerer{Handle: takes(time.Second)})
		w.ask("count")
		pass(time.Second)
		w.hangUp.Store(true)
		greet := w.ask("greet")
		pass(time.Second)
		w.has(greet, `"greet done"`, "the server closed the connection that was idle, just when the answer was sent on it: what the caller has, and what was posted. net/http sends it again if post says that this does no harm")
	})
}

// An answer may be lost. Whoever did the work wants to know, and has it in hand.
// Hint: when post returns an error, hand it to a.Undelivered, if there is one. Then go on.
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
				reports.add(fmt.Sprintf("%s (%t)", cmp.Or(strings.Trim(string(r.Result), `"`), "no result"), err != nil))
			},
		})
		w.ask("count").giveUp() // as in lesson 05, without a word to the client
		pass(time.Second)
		step.Equal(t, "the server refused an answer with 410, since its caller has given up: what Undelivered was told (and whether with an error)",
			"count done (true)", reports.String())
		w.ask("greet")
		pass(time.Second)
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
		pass(time.Second)
		next := w.ask("greet")
		pass(time.Second)
		w.has(next, `"greet done"`, "the server refused an answer, and there is no Undelivered: what the next caller has, and what was posted")
	})
}

// A stream carries more than requests, and next year's server sends what you do not know.
// Hint: tell a.Trace first, if there is one. A request that is no JSON, or has no ID, cannot be answered: go on with the next event.
func TestWhatIsNoRequestPassesBy(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		var handled, traced notes
		session := w.run(&timeouts.Answerer{
			Trace: func(e framing.Event) { traced.add(e.Type) },
			Handle: func(_ context.Context, method string, _ json.RawMessage) (any, error) {
				handled.add(cmp.Or(method, "a request without a method"))
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
// Hint: a goroutine for each request, so that the loop is back at the stream at once: sync.WaitGroup has Go.
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
		pass(10 * time.Second)
		w.has(slow, `"slow done"`, "a question that takes 10 s was asked 10 s ago: what its caller has, and what was posted")
	})
}

// A server may ask a thousand things at once. Its client has two cores, and one disk.
// Hint: a channel with room for a.Limit. Whoever could put something in has a turn, and takes it out when done. Zero means 8.
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
			pass(2 * time.Second)
			w.has(one, `"one done"`, "each question takes a second, and this one had to wait for a turn: what its caller has after two, and what was posted")
			w.has(two, `"two done"`, "each question takes a second, and this one had to wait for a turn: what its caller has after two, and what was posted")
		})
	}
}

// Part 3: the end crosses the wire.

// A deadline passes in the server, and a goroutine in another program stops. That is what
// the two parts before are for.
// Hint: a context with a cancel function for each request, which a.running keeps under the request's ID. A "notification" with a cancelledID calls it, and the goroutine does when it is done. What ended before is not posted.
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
			ended.add(fmt.Sprint(method, " after ", time.Since(began)))
			return method + " done", nil
		}})
		other := w.ask("other") // its caller has a minute
		client.session.Send(framing.Event{Type: "notification", Data: `{"jsonrpc":"2.0","method":"notifications/news","params":{"requestId":"1"}}`})
		synctest.Wait()
		step.Equal(t, "the first question is at work, and a notification about it came that is no cancellation: which context has ended", "nothing", ended.String())
		w.call("approve")
		pass(30 * time.Second)
		step.Equal(t, "the caller of approve gave up at +30 s: which context has ended by now (both work for 45 s otherwise)", "approve after 30s", ended.String())
		step.Equal(t, "nobody waits for the answer any more: what was posted", "nothing", w.posts.String())
		pass(15 * time.Second)
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
			Undelivered: func(_ correlation.Response, err error) { reports.add(err.Error()) },
		})
		w.call("approve")
		pass(time.Minute)
		step.Equal(t, "the caller gave up at +30 s, and Handle, which never looks at its context, was done at +40 s: what was posted", "nothing", w.posts.String())
		step.Equal(t, "the caller gave up at +30 s, so the answer of +40 s is lost to nobody: what Undelivered was told", "nothing", reports.String())
	})
}

// A queue of questions that nobody asks any more: that is how an overloaded client stays
// overloaded.
// Hint: wait for the turn in a select, beside the Done of the request's own context.
func TestACancelledQuestionThatWaitsItsTurnNeverBegins(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		var begun notes
		w.run(&timeouts.Answerer{Limit: 1, Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
			begun.add(method)
			return takes(10*time.Second)(ctx, method, params)
		}})
		w.ask("long")
		w.call("impatient").giveUp()
		third := w.ask("third")
		pass(20 * time.Second)
		step.Equal(t, "one turn, three questions of 10 s, and the second one's caller gave up while it waited: what the client has begun",
			"long, third", begun.String())
		w.has(third, `"third done"`, "one turn, three questions of 10 s, and the second one's caller gave up: what the third caller has after 20 s")
	})
}

// Whoever calls Run wants to know, when it returns, that nothing of it is left.
// Hint: defer, in this order: wait for the goroutines, end their context, close the stream. With context.AfterFunc, the end of ctx closes it too.
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
			pass(time.Second)
			c.end(w, client)
			pass(time.Second)
			step.Equal(t, c.what+", while a Handle is at work that needs a second to put its things away: what Run did within that second",
				"returned "+c.want+", 0 at work, 0 streams open", client.end())
			pass(time.Minute)
			step.Equal(t, c.what+", so nobody waits for the answer: what was posted", "nothing", w.posts.String())
		})
	}
	step.Bubble(t, func(t *testing.T) {
		w := newWire(t)
		client := w.run(&timeouts.Answerer{Handle: takes(time.Second)})
		client.session.Send(framing.Event{Type: "endpoint", Data: "http://["})
		pass(time.Minute)
		step.Equal(t, "the server says to answer at http://[, which is no URL: whether Run has returned an error, and what it left",
			"true, 0 streams open", fmt.Sprintf("%t, %d streams open", client.err != nil, w.sessions.Len()))
	})
	onTheWire(t, func(t *testing.T, w *wire) {
		w.mute.Store(true)
		client := w.run(&timeouts.Answerer{Handle: takes(time.Second)})
		w.ask("count")
		pass(2 * time.Second)
		client.stop(errors.New("we are closing"))
		pass(time.Minute)
		step.Equal(t, "Run's context ended, while an answer was with a server that says nothing to it: what Run did within a minute",
			"returned we are closing, 0 at work, 0 streams open", client.end())
	})
}

// A sessionFunc is a session without a wire: it gets what the session's client would.
type sessionFunc func(framing.Event) error

func (f sessionFunc) ID() string                 { return "session" }
func (f sessionFunc) Send(e framing.Event) error { return f(e) }

// silent is the session of a client that never answers.
var silent = sessionFunc(func(framing.Event) error { return nil })

// answersAfter is the session of a client that answers each request after d.
func answersAfter(d time.Duration, caller *timeouts.Caller, result string) sessionFunc {
	return func(e framing.Event) error {
		time.AfterFunc(d, func() { answer(caller, e, result) })
		return nil
	}
}

// answer resolves the request in e, if there is one.
func answer(caller *timeouts.Caller, e framing.Event, result string) {
	var request correlation.Request
	if json.Unmarshal([]byte(e.Data), &request); request.ID != "" {
		caller.Resolve("session", correlation.Response{JSONRPC: "2.0", ID: request.ID, Result: []byte(result)})
	}
}

// call asks, with a minute at the most, and returns how long the wait was and how it ended.
func call(t *testing.T, ctx context.Context, caller *timeouts.Caller, session correlation.Session) (took time.Duration, err error) {
	t.Helper()
	defer step.Waiting(t, func() (string, []string) {
		return "a client never answers, the caller's own context has ended after a minute, and Call does not return", nil
	})()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	_, err = caller.Call(ctx, session, "approve", nil)
	return time.Since(began), err
}

// whose returns whose time was up, as far as err says it.
func whose(err error) string {
	if timeout, ok := errors.AsType[*timeouts.TimeoutError](err); ok {
		return fmt.Sprint("the Caller's, after ", timeout.After)
	}
	if call, ok := errors.AsType[*correlation.CallError](err); ok {
		err = call.Err
	}
	return fmt.Sprint("its own: ", err)
}

// A watched context counts the contexts that were made of it and still run.
type watched struct {
	context.Context
	done    chan struct{} // its own, or else the context package would not use AfterFunc
	waiting atomic.Int32
}

func (w *watched) Done() <-chan struct{} { return w.done }

// AfterFunc is how the context package has f called at the context's end, which
// does not come here, until stop is called.
func (w *watched) AfterFunc(f func()) (stop func() bool) {
	w.waiting.Add(1)
	return sync.OnceValue(func() bool {
		w.waiting.Add(-1)
		return true
	})
}

// takes returns a Handle that works for d, or until its context ends.
func takes(d time.Duration) func(context.Context, string, json.RawMessage) (any, error) {
	return func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
		wait(ctx, d)
		return method + " done", ctx.Err()
	}
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// pass lets d of the bubble's time pass, with all that happens in it.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// notes are what a step writes down. They are safe for concurrent use.
type notes struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (n *notes) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return cmp.Or(strings.Join(n.lines, ", "), "nothing")
}

// A wire is a server with sessions (lesson 04) and your Caller. One client is
// connected to it, over HTTP, in a bubble.
type wire struct {
	*pair.Pair
	t        *testing.T
	sessions *sessions.Registry
	caller   timeouts.Caller
	client   *answering   // the one that runs, if it is run by your Answerer
	mute     atomic.Bool  // whether no POST gets a response
	hangUp   atomic.Bool  // whether the next POST gets none, and its connection ends
	asked    notes        // what the client was asked
	posts    notes        // each POST, with its status
	from     notes        // the connection of each POST
	working  atomic.Int32 // how many Handles run
}

// onTheWire runs f in a bubble with HTTP/1.1, and in another one with HTTP/2.
func onTheWire(t *testing.T, f func(t *testing.T, w *wire)) {
	t.Helper()
	step.Bubble(t, func(t *testing.T) { f(t, newWire(t)) })
	step.Bubble(t, func(t *testing.T) {
		defer func() {
			if t.Failed() {
				t.Log("this was on HTTP/2; the same on HTTP/1.1 went well")
			}
		}()
		f(t, newWire(t, pair.HTTP2()))
	})
}

func newWire(t *testing.T, opts ...pair.Option) *wire {
	w := &wire{t: t, sessions: sessions.NewRegistry(0)}
	t.Cleanup(step.Waiting(t, func() (string, []string) {
		return "the client was asked (" + w.asked.String() + "), and then the clock stands still: your code waits for something that never comes, such as a lock", nil
	}))
	mux := http.NewServeMux()
	mux.Handle("GET /gw/events", w.sessions)
	mux.Handle("POST /gw/responses", &correlation.Handler{Sessions: w.sessions, Resolve: w.caller.Resolve})
	w.Pair = pair.Memory(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			mux.ServeHTTP(rw, r)
			return
		}
		w.from.add(r.RemoteAddr)
		if w.hangUp.Swap(false) {
			if conn, _, err := http.NewResponseController(rw).Hijack(); err == nil {
				conn.Close()
			}
			return
		}
		if w.mute.Load() {
			io.Copy(io.Discard, r.Body) // or else net/http does not see that the client leaves
			<-r.Context().Done()
			return
		}
		recorder := &statusWriter{rw, http.StatusOK}
		mux.ServeHTTP(recorder, r)
		w.posts.add(fmt.Sprint("POST ", r.URL.Path, " → ", recorder.status))
	}), opts...)
	return w
}

// A statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// A question is a request, and what has come of it.
type question struct {
	answer string
	giveUp func() // ends its caller's context
}

// call asks the client through your Caller, for a caller that has a minute.
func (w *wire) call(method string) *question { return w.start(method, w.caller.Call) }

// ask asks the client as lesson 05 does, for a caller that has a minute. It never
// tells the client that nobody waits any more.
func (w *wire) ask(method string) *question { return w.start(method, w.caller.Caller.Call) }

func (w *wire) start(method string, call func(context.Context, correlation.Session, string, json.RawMessage) (json.RawMessage, error)) *question {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	q := &question{answer: "nothing yet", giveUp: func() { cancel(); synctest.Wait() }}
	session := w.onlySession(method)
	w.asked.add(method)
	go func() { // ends with ctx, at the latest
		result, err := call(ctx, session, method, nil)
		q.answer = string(result)
		if call, failed := errors.AsType[*correlation.CallError](err); failed {
			q.answer = call.Err.Error()
		}
	}()
	synctest.Wait()
	return q
}

// onlySession returns the session of the one client there is, which is to be asked.
func (w *wire) onlySession(method string) *sessions.Session {
	w.t.Helper()
	all := w.sessions.All()
	if len(all) == 0 {
		step.Fail(w.t, "the client was to be asked ("+method+"), but its stream has ended, and nobody ended it", w.returned()...)
	}
	return all[0]
}

// returned says what Run returned, if there is a Run and it did.
func (w *wire) returned() []string {
	if w.client == nil || w.client.outcome == unfinished {
		return nil
	}
	return []string{fmt.Sprint("Run ", w.client.outcome, ", after ", w.client.took)}
}

// has fails the step if the caller of q does not have the answer that it should.
func (w *wire) has(q *question, want, sentence string) {
	w.t.Helper()
	if q.answer != want {
		details := step.Compare("got ", q.answer, "want", want)
		details = append(details, "posted: "+w.posts.String())
		step.Fail(w.t, sentence, append(details, w.returned()...)...)
	}
}

// A listener is a client whose part the step plays.
type listener struct {
	*wire
	stream  *pair.Stream
	session string
	heard   int
}

// open connects a client whose part the step plays.
func (w *wire) open() *listener {
	stream := w.Open("/gw/events")
	synctest.Wait()
	return &listener{wire: w, stream: stream, session: w.sessions.All()[0].ID()}
}

// messages returns what has come down the stream so far.
func (l *listener) messages() (all []correlation.Request) {
	synctest.Wait()
	for e := range parsing.NewDecoder(strings.NewReader(l.stream.Received())).Events() {
		var message correlation.Request
		if json.Unmarshal([]byte(e.Data), &message) == nil {
			all = append(all, message)
		}
	}
	return all
}

// news returns what has come since it was last asked for.
func (l *listener) news() string {
	var all []string
	asked := map[string]string{}
	for _, m := range l.messages() {
		if m.ID != "" {
			asked[m.ID] = m.Method
			all = append(all, "request "+m.Method)
			continue
		}
		var params struct{ RequestID string }
		json.Unmarshal(m.Params, &params)
		all = append(all, strings.TrimPrefix(m.Method, "notifications/")+" "+cmp.Or(asked[params.RequestID], "what nobody asked"))
	}
	news := all[l.heard:]
	l.heard = len(all)
	return strings.Join(news, ", ")
}

// answer posts a result for the request with this method, and returns the status.
func (l *listener) answer(method string) int {
	return l.post(method, fmt.Sprintf(`"result":"answer to %s"`, method))
}

// refuse posts an error for the request with this method.
func (l *listener) refuse(method string) { l.post(method, `"error":{"code":7,"message":"no"}`) }

func (l *listener) post(method, outcome string) int {
	id := "nobody's"
	for _, m := range l.messages() {
		if m.Method == method {
			id = m.ID
		}
	}
	status := l.Post("/gw/responses?session="+l.session, "application/json", fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,%s}`, id, outcome)).Status
	synctest.Wait()
	return status
}

// An answering is a client that is run by your Answerer.
type answering struct {
	*wire
	session *sessions.Session
	stop    context.CancelCauseFunc // ends Run's context
	err     error                   // what Run returned
	outcome string                  // what Run did
	took    time.Duration           // how long it took for that
}

// unfinished is what a Run does that is still at it.
const unfinished = "has not returned"

// end returns what Run did, and what it left.
func (a *answering) end() string {
	return fmt.Sprintf("%s, %d streams open", a.outcome, a.sessions.Len())
}

// run connects a client and has it run by a, until the step ends.
func (w *wire) run(a *timeouts.Answerer) *answering {
	a.Client = w.Client
	handle := a.Handle
	a.Handle = func(ctx context.Context, method string, params json.RawMessage) (any, error) {
		w.working.Add(1)
		defer w.working.Add(-1)
		return handle(ctx, method, params)
	}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.URL+"/gw/events", nil)
	require.NoError(w.t, err)
	stream, err := parsing.Connect(w.Client, request)
	require.NoError(w.t, err)

	client := &answering{wire: w, outcome: unfinished}
	ctx, stop := context.WithCancelCause(w.t.Context())
	client.stop = stop
	w.client = client
	began := time.Now()
	go func() { // ends with the stream, at the latest
		err := a.Run(ctx, stream, request.URL)
		client.err = err
		if errors.Is(err, syscall.ECONNRESET) {
			err = errors.New("connection reset by peer") // without the addresses
		}
		client.outcome, client.took = fmt.Sprintf("returned %v, %d at work", err, w.working.Load()), time.Since(began)
	}()
	synctest.Wait()
	client.session = w.onlySession("anything")
	w.t.Cleanup(func() {
		stop(nil)
		stream.Close()
		pass(2 * time.Minute) // by then, each Handle of these steps is done
	})
	return client
}
