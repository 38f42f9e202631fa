package timeouts_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Part 2: the client that answers.

// This is the other end of the wire: it reads the stream, does the work, and posts the answers.
func TestAClientAnswersWhatItIsAsked(t *testing.T) {
	defer step.Begin(t)()
	onTheWire(t, func(t *testing.T, w *wire) {
		handled := "not called"
		w.run(&timeouts.Answerer{Handle: func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
			handled = fmt.Sprintf("called, ctx.Err(): %v, child of Run's ctx: %t", ctx.Err(), ctx.Value(ofRun{}) != nil)
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
		step.Equal(t, "a request arrived: Run must call Handle with a context that has not ended and is derived from Run's own context",
			"called, ctx.Err(): <nil>, child of Run's ctx: true", handled)
		w.has(hello, `"hello to you too"`, "Handle returned a result: Run must post it, so that the caller gets it")
		w.has(w.ask("bye"), `"bye to you too"`, "Run answered one request, and then another arrived: Run must answer the second request too")
		for _, c := range []struct{ method, answer, sentence string }{
			{"forbidden", "not to you (code 7)", "Handle returned an error that wraps a *correlation.Error: the caller must get that *correlation.Error"},
			{"broken", "the disk is full (code -32603)", "Handle returned an error without a code: the caller must get it as an internal error (-32603)"},
			{"careless", "a nil *correlation.Error, which as an error is not nil: return nil itself (code -32603)",
				"Handle returned a nil *correlation.Error as its error: the caller must get an internal error that says so"},
			{"garbled", "no (code 7), with data that is not JSON (code -32603)",
				"Handle returned an error that cannot be encoded as JSON: the caller must get an internal error instead"},
			{"hurried", "asking the database: context deadline exceeded (code -32603)",
				"Handle returned a context error although the request's own context had not ended: the caller must get an internal error"},
		} {
			w.has(w.ask(c.method), c.answer, c.sentence)
		}

		step.Advance(time.Hour)
		w.has(w.ask("hello again"), `"hello again to you too"`, "an hour passed without an event, and then a request arrived: Run must still answer it")
	})
	step.Bubble(t, func(t *testing.T) {
		w := newWire(t)
		w.run(&timeouts.Answerer{Handle: takes(time.Second)})
		w.ask("count")
		step.Advance(time.Second)
		w.hangUp.Store(true)
		greet := w.ask("greet")
		step.Advance(time.Second)
		w.has(greet, `"greet done"`, "the server closed an idle connection just as the client sent an answer on it: the answer must be sent again")
	})
	step.Bubble(t, func(t *testing.T) {
		var got notes
		client := play(t, &timeouts.Answerer{Client: &http.Client{Transport: unreachable{}}, Deliver: deliveredTo(new(notes)), Handle: func(_ context.Context, _ string, params json.RawMessage) (any, error) {
			got.Add(string(params))
			return nil, nil
		}})
		client.send(framing.Event{Type: "request", Data: `{"jsonrpc":"2.0","id":"1","method":"count","params":9007199254740993,"trace":"` + strings.Repeat("x", 1<<20) + `"}`})
		step.Equal(t, "a request had an unknown JSON field of 1 MiB, and params that are a long number: Handle must get every digit of the number",
			"9007199254740993", got.String())
	})
	step.Bubble(t, wantEveryErrorSent)
}

// The server says where the answers go. But if it can name any host, they can go to one that
// should never see them, with whatever your http.Client adds to prove who you are.
func TestAnswersGoToNoOtherOrigin(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var delivered notes
		client := play(t, &timeouts.Answerer{Origins: []string{"https://answers.example.com"}, Deliver: deliveredTo(&delivered), Handle: takes(time.Second)})
		other := framing.Event{Type: "endpoint", Data: "answers%2F1?b"}
		client.send(other, request("1", "count"))
		step.Advance(time.Second)
		step.Equal(t, "the stream from "+base+" named the endpoint answers%2F1?b: Run must deliver the next answer to that endpoint",
			"answer to \"1\": count done → http://example.com/gw/answers%2F1?b", delivered.String())
		client.send(framing.Event{Type: "endpoint", Data: "https://answers.example.com/c"}, request("2", "greet"))
		step.Advance(time.Second)
		step.Equal(t, "the server then named an endpoint whose origin is in Origins: Run must deliver the next answer to that endpoint",
			"answer to \"2\": greet done → https://answers.example.com/c", delivered.All()[len(delivered.All())-1])
		client.send(other, request("3", "count"))
		step.Advance(time.Second)
		step.Equal(t, "the server named answers%2F1?b after an endpoint on another origin: Run must still resolve answers%2F1?b against the stream's URL, "+base,
			"answer to \"3\": count done → http://example.com/gw/answers%2F1?b", delivered.All()[len(delivered.All())-1])
		refused := framing.Event{Type: "endpoint", Data: "http://other.example/"}
		step.OnOneProcessor(func() { client.send(request("4", "count"), refused) }) // a goroutine that reads the endpoint later may find none, and panic
		step.Advance(time.Second)
	})
	step.Bubble(t, func(t *testing.T) {
		var delivered notes
		client := connect(t.Context(), &timeouts.Answerer{Handle: takes(0), Deliver: deliveredTo(&delivered)})
		defer client.end()
		step.Advance(time.Hour)
		client.send(request("1", "early")) // whose answer may be lost
		client.send(named, request("2", "count"))
		last := func() string { return append([]string{"nothing"}, delivered.All()...)[len(delivered.All())] }
		step.Equal(t, "an hour passed without events; then a request, the endpoint event and another request arrived: Run must answer the second request", "answer to \"2\": count done → "+near, last())
		step.OnOneProcessor(func() { client.send(request("3", "count"), framing.Event{Type: "endpoint", Data: "answers%2F1?b"}) })
		step.Equal(t, "a request arrived, and right after it a new endpoint: the answer must go to the endpoint that was current when the request arrived",
			"answer to \"3\": count done → "+near, last())
	})
	step.Bubble(t, wantOwnEndpoints)
	step.Bubble(t, wantTheEndpointOfThatTime)
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
			sentence := fmt.Sprintf("the endpoint event names %s (%s): Run must return an error and deliver nothing", c.endpoint, c.what)
			step.Equal(t, sentence, "nothing", delivered.String())
			step.Equal(t, sentence, "Run returned an error", client.outcome())
			if !strings.Contains(client.err.Error(), c.named) {
				step.Fail(t, fmt.Sprintf("the endpoint event names %s (%s): the text of Run's error must contain %s", c.endpoint, c.what, c.named), fmt.Sprint("got  ", client.err))
			}
		})
	}
}

// An answer can be lost. Then its caller must not wait for it, and you did the work, so you
// want to know.
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
		greet := w.ask("greet")
		step.Advance(time.Second)
		w.has(greet, `"greet done"`, "the server refused an answer with 410 because its caller had given up: Run must go on and answer the next request")
		step.Equal(t, "the server refused one answer with 410 and accepted the next: Run must call OnUndelivered only for the first, with the *RefusedError",
			"count done (410)", reports.String())
		refused, taken, _ := strings.Cut(w.from.String(), ", ")
		step.Equal(t, "the server refused one answer and accepted the next: both POSTs must use the same connection, so read the body of each response",
			refused, taken)

		w.has(w.ask("export"), "the server refused the response: 413 Request Entity Too Large (code -32603)",
			"an answer was too large for the server: the caller must get an error at once (deliver posts one), instead of waiting for its timeout")
		step.Equal(t, "the server refused an answer that was too large: Run must call OnUndelivered with that answer", "count done (410), xxxxxxxxxx (413)", reports.String())

		w.busy.Store(true)
		again := w.ask("greet")
		step.Advance(2 * time.Second)
		w.has(again, `"greet done"`, "the server responded to a POST with 503: the answer must be posted again (deliver does that)")
	})
	step.Bubble(t, func(t *testing.T) {
		w := newWire(t)
		w.run(&timeouts.Answerer{Handle: takes(time.Second)})
		w.ask("count").giveUp()
		step.Advance(time.Second)
		next := w.ask("greet")
		step.Advance(time.Second)
		w.has(next, `"greet done"`, "the server refused an answer and OnUndelivered is nil: Run must go on and answer the next request")
	})
	for _, c := range []struct {
		what    string
		deliver func(context.Context, string, correlation.Response) error
	}{
		{"Handle returned, and then Deliver failed because Deliver's own deadline passed, not the request's", func(context.Context, string, correlation.Response) error {
			return fmt.Errorf("%w: %w", errBroken, context.DeadlineExceeded)
		}},
		{"the server could not be reached", nil},
	} {
		step.Bubble(t, func(t *testing.T) {
			var reports notes
			client := play(t, &timeouts.Answerer{
				Handle: func(context.Context, string, json.RawMessage) (any, error) {
					reports.Add("Handle")
					return nil, errors.New("the disk is full")
				},
				Client:  &http.Client{Transport: unreachable{}},
				Deliver: c.deliver,
				OnUndelivered: func(r correlation.Response, err error) {
					reports.Add(fmt.Sprintf("OnUndelivered(response %s: %v; err wraps the reason: %t)", r.ID, r.Error, errors.Is(err, errBroken)))
				},
			})
			client.send(request("1", "count"))
			step.Advance(time.Minute)
			step.Equal(t, c.what+": Run must call OnUndelivered with the response and the reason", "Handle, OnUndelivered(response 1: the disk is full (code -32603); err wraps the reason: true)", reports.String())
		})
	}
	step.Bubble(t, func(t *testing.T) {
		var sent notes
		play(t, &timeouts.Answerer{Handle: takes(0), Deliver: func(_ context.Context, _ string, r correlation.Response) error {
			sent.Add(map[bool]string{false: "a result", true: "an error"}[r.Error != nil])
			return &timeouts.RefusedError{StatusCode: http.StatusBadRequest}
		}}).send(request("1", "count"))
		step.Equal(t, "Answerer.Deliver returned a *RefusedError with 400: Run must call Deliver once more, with an internal error",
			"a result, an error", sent.String())
	})
	step.Bubble(t, wantEveryLossReported)
}

// A stream carries more than requests, and next year's server will send events that you do not
// know.
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
		for _, other := range []string{"", "Request", "close", "error", "notification"} {
			session.Send(framing.Event{Type: other, Data: request("1", "of another type").Data})
		}
		session.Send(framing.Event{Type: "notification", Data: `{"jsonrpc":"2.0","method":"notifications/news"}`})
		session.Send(cancellation("what nobody asked"))
		session.Send(framing.Event{Type: "request", Data: request("1", "and more").Data + ", and more"})
		session.Send(framing.Event{Type: "request", Data: `{"jsonrpc":"2.0","method":"without an id"}`})
		session.Send(framing.Event{Type: "request", Data: "null"})
		greet := w.ask("greet")
		w.has(greet, `"done"`, "ten events that need no answer arrived, then a request: Run must answer the request")
		step.Equal(t, "ten other events (of another type, without an id or not JSON) arrived, then a request: Run must call Handle only for the request", "greet", handled.String())
		session.Send(framing.Event{Type: "endpoint", Data: "http://other.example/"})
		step.Advance(time.Second)
		step.Equal(t, "thirteen events arrived, the last with an endpoint that Run must refuse: Run must call OnEvent once for each event, in order",
			"endpoint, message, Request, close, error, notification, notification, notification, request, request, request, request, endpoint", told.String())
	})
	step.Bubble(t, func(t *testing.T) {
		var told notes
		var last framing.Event
		client := play(t, &timeouts.Answerer{
			OnEvent: func(e framing.Event) {
				last = e
				time.Sleep(time.Second)
				told.Add("OnEvent: " + e.Type)
			},
			Handle: func(context.Context, string, json.RawMessage) (any, error) {
				told.Add("Handle")
				return "done", nil
			},
			Deliver: deliveredTo(new(notes)),
		})
		asked := framing.Event{ID: "7", Type: "request", Data: request("1", "count").Data}
		client.send(asked)
		step.Advance(2 * time.Second)
		step.Equal(t, "a request arrived: OnEvent must get the whole event", asked, last)
		step.Equal(t, "a request arrived: OnEvent must return before Run calls Handle", "OnEvent: endpoint, OnEvent: request, Handle", told.String())
		client.stream.CloseWithError(errBroken)
		step.Advance(2 * time.Second)
		step.Equal(t, "the stream broke: Run must call OnEvent only for events, not for the error", "OnEvent: endpoint, OnEvent: request, Handle", told.String())
	})
}

// While you work on one request, the next one waits in the stream. So does the message that the
// first one is no longer needed.
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
		w.has(quick, `"quick done"`, "a slow request (10 s) arrived, then a quick one: Run must answer the quick one at once")
		step.Advance(10 * time.Second)
		w.has(slow, `"slow done"`, "a slow request (10 s) arrived 10 s ago: Run must have answered it by now")
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
		step.Equal(t, "one answer takes 10 s to deliver: the next answer must not wait for that delivery", "answer to \"2\": greet done → "+near, delivered.String())
	})
	step.Bubble(t, func(t *testing.T) {
		var delivered notes
		client := play(t, &timeouts.Answerer{
			Deliver: deliveredTo(&delivered),
			Handle: func(_ context.Context, _ string, params json.RawMessage) (any, error) {
				time.Sleep(time.Second) // meanwhile, the other requests come
				return cmp.Or(string(params), "no params"), nil
			},
		})
		for id, params := range []string{`,"params":[1]`, `,"params":[2]`, ``} {
			client.send(framing.Event{Type: "request", Data: fmt.Sprintf(`{"jsonrpc":"2.0","id":" #%d","method":"count"%s}`, id, params)})
		}
		step.Advance(time.Second)
		step.Equal(t, "three requests ran at the same time, only two of them with params: each Handle must get its own params, and each response must have its request's id",
			fmt.Sprintf("answer to \" #0\": [1] → %[1]s, answer to \" #1\": [2] → %[1]s, answer to \" #2\": no params → %[1]s", near), delivered.sorted())
	})
	step.Bubble(t, func(t *testing.T) {
		var reports notes
		meet := meeting()
		client := play(t, &timeouts.Answerer{
			Handle:        takes(0),
			Deliver:       func(context.Context, string, correlation.Response) error { return errors.New("no route") },
			OnUndelivered: func(correlation.Response, error) { meet(); reports.Add("met") },
		})
		client.send(request("1", "count"), request("2", "greet"))
		step.Equal(t, "two answers were lost at the same moment, and each OnUndelivered waits for the other OnUndelivered: Run must let both run at the same time",
			"met, met", reports.String())
	})
}

// A server may send a thousand requests at once. Its client has two cores, and one disk.
func TestNoMoreAtATimeThanAllowed(t *testing.T) {
	defer step.Begin(t)()
	for _, c := range []struct{ limit, allowed int }{{2, 2}, {0, 8}, {-1, 8}} {
		onTheWire(t, func(t *testing.T, w *wire) {
			w.run(&timeouts.Answerer{Limit: c.limit, Handle: takes(time.Second)})
			for range c.allowed {
				w.ask("early")
			}
			one, two := w.ask("one"), w.ask("two")
			step.Equal(t, fmt.Sprintf("Limit is %d, and %d requests arrived at once: %d Handles must be running (a Limit of 0 or less means 8)", c.limit, c.allowed+2, c.allowed),
				c.allowed, int(w.working.Load()))
			step.Advance(2 * time.Second)
			w.has(one, `"one done"`, "each request takes a second, and one had to wait for its turn: Run must answer that one within two seconds")
			w.has(two, `"two done"`, "each request takes a second, and one had to wait for its turn: Run must answer that one within two seconds")
		})
	}
	step.Bubble(t, func(t *testing.T) {
		var ended notes
		answerer := logged(&ended, time.Second)
		answerer.Limit = 1
		play(t, answerer).send(request("1", "one"))
		play(t, answerer).send(request("1", "two"))
		step.Advance(time.Second)
		step.Equal(t, "one Answerer whose Limit is 1 runs two streams, with one request each: the Limit must apply to each stream separately", 2, len(ended.All()))
	})
	step.Bubble(t, wantTurnsBackFromFailures)
	step.Bubble(t, func(t *testing.T) {
		answerer := logged(new(notes), time.Hour)
		answerer.Limit = 1
		began := time.Now()
		play(t, answerer).send(requests(5000)...)
		step.Equal(t, "Limit is 1, and 5,000 requests arrived while the first Handle ran for an hour: Run must read them all without delay, although they have to wait for their turn", 0, time.Since(began))
	})
	step.Bubble(t, func(t *testing.T) {
		var delivered atomic.Int32
		play(t, &timeouts.Answerer{Limit: 1000, Handle: takes(time.Hour), Deliver: func(ctx context.Context, _ string, r correlation.Response) error {
			if wait(ctx, time.Hour); r.Error == nil && ctx.Err() == nil {
				delivered.Add(1)
			}
			return nil
		}}).send(requests(1000)...)
		step.Advance(2 * time.Hour)
		step.Equal(t, "Limit is 1,000, and 1,000 requests each take 1 h in Handle and 1 h in Deliver: Run must not end any request's context within these 2 h (shown: responses delivered)",
			1000, int(delivered.Load()))
	})
}
