package timeouts_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Part 2: the client that answers.

// This is the other end of the wire. It reads the stream, works, and posts.
func TestAClientAnswersWhatItIsAsked(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		handled := "not called"
		w.run(&timeouts.Answerer{Handle: func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
			handled = fmt.Sprintf("called, context's error: %v, of Run's: %t", ctx.Err(), ctx.Value(ofRun{}) != nil)
			var none *correlation.Error
			switch method {
			case "forbidden":
				return nil, fmt.Errorf("asked at night: %w", &correlation.Error{Code: 7, Message: "not to you"})
			case "broken":
				return nil, errors.New("the disk is full")
			case "careless":
				return nil, none
			case "garbled":
				return nil, &correlation.Error{Code: 7, Message: "no", Data: json.RawMessage("no JSON")}
			case "hurried":
				return nil, fmt.Errorf("asking the database: %w", context.DeadlineExceeded)
			}
			return method + " to you too", nil
		}})
		hello := w.ask("hello")
		step.Equal(t, "a request came: Run must call Handle, with a context that has not ended, and is made of Run's own", "called, context's error: <nil>, of Run's: true", handled)
		w.has(hello, `"hello to you too"`, "Handle returned a result: Run must post it, so that the caller gets it")
		w.has(w.ask("bye"), `"bye to you too"`, "a second request came after the first was answered: Run must answer it, too")
		for _, c := range []struct{ method, answer, sentence string }{
			{"forbidden", "not to you (code 7)", "Handle returned an error that wraps a *correlation.Error: the caller must get the latter"},
			{"broken", "the disk is full (code -32603)", "Handle returned an error without a code: the caller must get it as an internal error"},
			{"careless", "a nil *correlation.Error, which as an error is not nil: return nil itself (code -32603)",
				"Handle returned a nil *correlation.Error as its error: the caller must get an internal error that says so"},
			{"garbled", "no (code 7), with data that is not JSON (code -32603)", "Handle returned an error that cannot be written as JSON: the caller must get an internal error in its place"},
			{"hurried", "asking the database: context deadline exceeded (code -32603)", "Handle returned a context's error, but the request's own context had not ended: the caller must get an internal error"},
		} {
			w.has(w.ask(c.method), c.answer, c.sentence)
		}

		step.Advance(time.Hour)
		later := w.ask("hello again")
		w.has(later, `"hello again to you too"`, "an hour passed without an event, then a request came: Run must still answer")
	})
	step.Bubble(t, func(t *testing.T) {
		w := newWire(t)
		w.run(&timeouts.Answerer{Handle: takes(time.Second)})
		w.ask("count")
		step.Advance(time.Second)
		w.hangUp.Store(true)
		greet := w.ask("greet")
		step.Advance(time.Second)
		w.has(greet, `"greet done"`, "the server closed the idle connection just as the answer was sent on it: the answer must be sent again")
	})
}

// The server says where the answers go. But if it can name any host, it can have them sent to
// one that should never see them, with whatever your http.Client adds to prove who you are.
func TestAnswersGoToNoOtherOrigin(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var delivered notes
		client := play(t, &timeouts.Answerer{
			Origins: []string{"https://answers.example.com"},
			Deliver: deliveredTo(&delivered),
			Handle:  takes(time.Second),
		})
		other := framing.Event{Type: "endpoint", Data: "responses?b"}
		far := framing.Event{Type: "endpoint", Data: "https://answers.example.com/c"}
		client.send(other, request("1", "count"))
		step.Advance(time.Second)
		step.Equal(t, "the stream came from "+base+" and named the endpoint responses?b: the answer must go there", "1: count done → http://example.com/gw/responses?b", delivered.String())
		client.send(far, request("2", "greet"))
		step.Advance(time.Second)
		step.Equal(t, "the server then named an endpoint on an origin that Origins allows: the next answer must go there",
			"2: greet done → https://answers.example.com/c", delivered.All()[len(delivered.All())-1])
		client.send(other, request("3", "count"))
		step.Advance(time.Second)
		step.Equal(t, "the stream came from "+base+" and named the endpoint responses?b after one on another origin: the next answer must go there",
			"3: count done → http://example.com/gw/responses?b", delivered.All()[len(delivered.All())-1])
		client.send(request("4", "count"), far) // the race detector sees a goroutine that reads the endpoint while this one changes it
	})
	step.Bubble(t, func(t *testing.T) {
		var delivered notes
		client := connect(t.Context(), &timeouts.Answerer{Handle: takes(0), Deliver: deliveredTo(&delivered)})
		defer client.end()
		step.Advance(time.Hour)
		client.send(named, request("1", "count"))
		step.Equal(t, "an hour passed before the server named its endpoint, and then a request came: Run must still answer", "1: count done → "+near, delivered.String())
	})
	for _, c := range []struct{ what, endpoint, named string }{
		{"another host", "http://other.example/gw/responses", "http://other.example"},
		{"another port", "//example.com:8080/gw/responses", "http://example.com:8080"},
		{"another scheme", "https://example.com/gw/responses", "https://example.com"},
		{"not a URL", "http://[", "http://["},
	} {
		step.Bubble(t, func(t *testing.T) {
			var delivered notes
			client := play(t, &timeouts.Answerer{Deliver: deliveredTo(&delivered), Handle: takes(0)})
			client.send(framing.Event{Type: "endpoint", Data: c.endpoint}, request("1", "count"))
			step.Advance(time.Second)
			sentence := fmt.Sprintf("the endpoint event says %s (%s): Run must return an error, and deliver nothing", c.endpoint, c.what)
			step.Equal(t, sentence, "nothing", delivered.String())
			step.Equal(t, sentence, "an error", client.outcome())
			if !strings.Contains(client.err.Error(), c.named) {
				step.Fail(t, fmt.Sprintf("the endpoint event says %s (%s): Run's error must name %s", c.endpoint, c.what, c.named), fmt.Sprint("got  ", client.err))
			}
		})
	}
}

// An answer can be lost. Then its caller must not wait for it, and you, who did the work, want
// to know.
func TestAnAnswerThatTheServerRefusesIsReported(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		var reports notes
		w.run(&timeouts.Answerer{
			Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
				if method == "export" {
					return strings.Repeat("x", 2*correlation.MaxBody), nil
				}
				return takes(time.Second)(ctx, method, params)
			},
			OnUndelivered: func(r correlation.Response, err error) {
				reports.Add(fmt.Sprintf("%.10s (%d)", cmp.Or(strings.Trim(string(r.Result), `"`), "no result"), statusOf(err)))
			},
		})
		w.ask("count").giveUp() // as in lesson 05, without a word to the client
		step.Advance(time.Second)
		step.Equal(t, "the server refused an answer with 410, since its caller had given up: Run must tell OnUndelivered, with the *RefusedError",
			"count done (410)", reports.String())
		w.ask("greet")
		step.Advance(time.Second)
		step.Equal(t, "the server refused one answer and took the next: Run must not tell OnUndelivered of the second", "count done (410)", reports.String())
		refused, taken, _ := strings.Cut(w.from.String(), ", ")
		step.Equal(t, "the server refused one answer and took the next: both must use one connection (if the response to a POST is left unread, the next POST needs a new one)", refused, taken)

		w.has(w.ask("export"), "the server refused the response: 413 Request Entity Too Large (code -32603)",
			"the answer is larger than the server takes: its caller must get an error at once, not wait for its timeout (deliver posts one)")
		step.Equal(t, "the server refused an answer that was too large: Run must tell OnUndelivered of that answer", "count done (410), xxxxxxxxxx (413)", reports.String())

		w.busy.Store(true)
		again := w.ask("greet")
		step.Advance(2 * time.Second)
		w.has(again, `"greet done"`, "the server answered the POST with 503, once: the answer must be posted again (deliver does that)")
	})
	step.Bubble(t, func(t *testing.T) {
		w := newWire(t)
		w.run(&timeouts.Answerer{Handle: takes(time.Second)})
		w.ask("count").giveUp()
		step.Advance(time.Second)
		next := w.ask("greet")
		step.Advance(time.Second)
		w.has(next, `"greet done"`, "the server refused an answer and there is no OnUndelivered: Run must go on and answer the next request")
	})
	for _, c := range []struct {
		what    string
		deliver func(context.Context, string, correlation.Response) error
	}{
		{"Deliver returned an error", func(context.Context, string, correlation.Response) error { return errBroken }},
		{"the server could not be reached", nil},
	} {
		step.Bubble(t, func(t *testing.T) {
			var reports notes
			client := play(t, &timeouts.Answerer{
				Handle:  takes(time.Second),
				Client:  &http.Client{Transport: unreachable{}},
				Deliver: c.deliver,
				OnUndelivered: func(r correlation.Response, err error) {
					reports.Add(fmt.Sprint(r.ID, ": ", errors.Is(err, errBroken)))
				},
			})
			client.send(request("1", "count"))
			step.Advance(time.Minute)
			step.Equal(t, c.what+": Run must tell OnUndelivered of the response, with that error", "1: true", reports.String())
		})
	}
}

// unreachable is a network without a server.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) { return nil, errBroken }

// statusOf returns the status of the *RefusedError in err, or zero.
func statusOf(err error) int {
	if refused, ok := errors.AsType[*timeouts.RefusedError](err); ok {
		return refused.StatusCode
	}
	return 0
}

// A stream carries more than requests, and next year's server sends what you do not know.
func TestWhatIsNoRequestPassesBy(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		var handled, told notes
		session := w.run(&timeouts.Answerer{
			OnEvent: func(e framing.Event) { told.Add(e.Type) },
			Handle: func(_ context.Context, method string, _ json.RawMessage) (any, error) {
				handled.Add(cmp.Or(method, "a request without a method"))
				return "done", nil
			},
		}).session
		session.Send(framing.Event{Data: "hello"})
		session.Send(framing.Event{Type: "notification", Data: `{"jsonrpc":"2.0","method":"notifications/news"}`})
		session.Send(cancellation("what nobody asked"))
		session.Send(framing.Event{Type: "request", Data: "no JSON"})
		session.Send(framing.Event{Type: "request", Data: `{"jsonrpc":"2.0","method":"without an id"}`})
		greet := w.ask("greet")
		w.has(greet, `"done"`, "five events came that need no answer, then a request: Run must answer the request")
		step.Equal(t, "five events came that need no answer, then a request: Run must call Handle for the request alone", "greet", handled.String())
		step.Equal(t, "seven events came: Run must tell OnEvent of each", "endpoint, message, notification, notification, request, request, request", told.String())
	})
	step.Bubble(t, func(t *testing.T) {
		var told notes
		client := play(t, &timeouts.Answerer{
			OnEvent: func(e framing.Event) {
				time.Sleep(time.Second)
				told.Add("OnEvent of " + e.Type)
			},
			Handle: func(context.Context, string, json.RawMessage) (any, error) {
				told.Add("Handle")
				return "done", nil
			},
			Deliver: deliveredTo(new(notes)),
		})
		client.send(request("1", "count"))
		step.Advance(2 * time.Second)
		step.Equal(t, "a request came: Run must tell OnEvent before it does anything about it", "OnEvent of endpoint, OnEvent of request, Handle", told.String())
		client.stream.CloseWithError(errBroken)
		step.Advance(2 * time.Second)
		step.Equal(t, "the stream broke: Run must tell OnEvent of events, and of nothing else", "OnEvent of endpoint, OnEvent of request, Handle", told.String())
	})
}

// While you work on one request, the next one waits in the stream, and so does the message that
// the first one is no longer needed.
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
		w.has(quick, `"quick done"`, "a request that takes 10 s came, then a quick one: the quick one must be answered at once")
		step.Advance(10 * time.Second)
		w.has(slow, `"slow done"`, "a request that takes 10 s came 10 s ago: it must be answered now")
	})
	step.Bubble(t, func(t *testing.T) {
		var delivered notes
		client := play(t, &timeouts.Answerer{
			Handle: takes(0),
			Deliver: func(ctx context.Context, endpoint string, r correlation.Response) error {
				if r.ID == "1" {
					wait(ctx, 10*time.Second)
				}
				return deliveredTo(&delivered)(ctx, endpoint, r)
			},
		})
		client.send(request("1", "count"))
		client.send(request("2", "greet"))
		step.Equal(t, "one answer takes 10 s to deliver: the answer after it must not wait for that", "2: greet done → "+near, delivered.String())
	})
	step.Bubble(t, func(t *testing.T) {
		var delivered notes
		client := play(t, &timeouts.Answerer{
			Deliver: deliveredTo(&delivered),
			Handle: func(_ context.Context, _ string, params json.RawMessage) (any, error) {
				time.Sleep(time.Second) // meanwhile the other requests come
				return cmp.Or(string(params), "no params"), nil
			},
		})
		for id, params := range []string{`,"params":[1]`, `,"params":[2]`, ``} {
			client.send(framing.Event{Type: "request", Data: fmt.Sprintf(`{"jsonrpc":"2.0","id":"%d","method":"count"%s}`, id, params)})
		}
		step.Advance(time.Second)
		step.Equal(t, "three requests were at work at the same time, the first two with params and the third without: each Handle must have its own",
			fmt.Sprintf("0: [1] → %[1]s, 1: [2] → %[1]s, 2: no params → %[1]s", near), delivered.sorted())
	})
	step.Bubble(t, func(t *testing.T) {
		var reports notes
		meet := meeting()
		client := play(t, &timeouts.Answerer{
			Handle:  takes(0),
			Deliver: func(context.Context, string, correlation.Response) error { return errors.New("no route") },
			OnUndelivered: func(correlation.Response, error) {
				meet()
				reports.Add("met")
			},
		})
		client.send(request("1", "count"), request("2", "greet"))
		step.Equal(t, "two answers were lost at the same moment, and the OnUndelivered of each waits for that of the other: Run must call both at once",
			"met, met", reports.String())
	})
}

// A server may ask a thousand things at once. Its client has two cores, and one disk.
func TestNoMoreAtATimeThanAllowed(t *testing.T) {
	defer step.Begin(t)()
	for _, c := range []struct{ limit, allowed int }{{2, 2}, {0, 8}, {-1, 8}} {
		onTheWire(t, func(t *testing.T, w *wire) {
			w.run(&timeouts.Answerer{Limit: c.limit, Handle: takes(time.Second)})
			for range c.allowed {
				w.ask("early")
			}
			one, two := w.ask("one"), w.ask("two")
			step.Equal(t, fmt.Sprintf("Limit is %d and %d requests came at once: Run must call this many Handles at a time", c.limit, c.allowed+2),
				c.allowed, int(w.working.Load()))
			step.Advance(2 * time.Second)
			w.has(one, `"one done"`, "each request takes a second and this one had to wait for its turn: after two seconds it must be answered")
			w.has(two, `"two done"`, "each request takes a second and this one had to wait for its turn: after two seconds it must be answered")
		})
	}
	step.Bubble(t, func(t *testing.T) {
		var ended notes
		answerer := logged(&ended, time.Second)
		answerer.Limit = 1
		for _, method := range []string{"one", "two"} {
			play(t, answerer).send(request("1", method))
		}
		step.Advance(time.Second)
		step.Equal(t, "Limit is 1, and one Answerer runs two streams with a request each: each stream must have its own Limit", 2, len(ended.All()))
	})
}

// logged returns an Answerer whose Handle takes d, or until its context ends, and
// writes down which method ended when. It delivers nothing.
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
