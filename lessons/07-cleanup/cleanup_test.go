package cleanup_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	cleanup "example.com/sseworkbook/lessons/07-cleanup"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
)

func TestMain(m *testing.M) { step.Main(m) }

// Part 1: the client leaves.

// An outside system (a shop, a cron job) speaks no event stream. It sends one POST, and the
// answer to that is what a client somewhere has said.
// Hint: in outcome, s.Ask the client; what it returns is the Outcome's Result.
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
// Hint: in outcome, a *correlation.Error is the client's answer: the Outcome's Error. Of all others, make a Problem by s.problem. Trigger.Timeout wants a context.WithTimeout.
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
// Hint: in Ask, a context.WithCancelCause around ctx, and a context.AfterFunc on session.Context() that cancels it with s.whyEnded().
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
		alone(func() {
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
// Hint: an end for each call: its caller's context, or the one session that it asks. Whichever comes first.
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
// Hint: Call decides which was first. If you look at the session again after it, or wait beside it, you throw accepted answers away.
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
			alone(func() { refused = order.happens(leave, answer) })
			got, want := call.wait(t), "true after 0s"
			if refused != nil {
				want = "flushing.ErrGone after 0s"
			}
			step.Equal(t, fmt.Sprintf("the client %s in the same instant, and its answer was %s: how the call ended", order.name, accepted(refused)), want, got)
		})
	}
}

// Part 2: the server stops.

// net/http never ends a stream by itself: its own Shutdown waits for as long as one browser tab is open.
// Hint: in Shutdown, s.end(ErrShutdown). In ServeHTTP, each request gets a context that ends then: context.WithCancelCause, context.AfterFunc on s.ctx, r.WithContext.
func TestShutdownEndsEveryStream(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		var streams []*pair.Stream
		for range 3 {
			_, stream := p.open()
			streams = append(streams, stream)
		}
		p.shutDown(t, "3 streams are open, and Shutdown waits for them: nothing ends a stream but you")
		for _, stream := range streams {
			err := stream.Ended(p.over + ": Shutdown returned, and a stream is still open: the server's process cannot end")
			step.Equal(t, p.over+": Shutdown, and how the client's stream ended: only a clean end (EOF) looks like one", io.EOF, err)
		}
		step.Equal(t, p.over+": all streams have ended: how many sessions are still open", 0, p.server.Sessions.Len())
	})
}

// A trigger that waits for an answer is a handler as well. Its sender shall try again elsewhere, so it
// has to hear what is the matter: 502 says that the client is gone, 503 that the server is.
// Hint: end the contexts, with the cause ErrShutdown; if you close the sessions instead, a call cannot tell who has ended them.
func TestShutdownEndsEveryWait(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		session, _ := p.open()
		call := p.ask(t.Context(), session)
		trigger := p.trigger(session, 0)
		body, sender := io.Pipe()
		slow := p.post("application/json", body)
		asked, _ := p.server.Sessions.Get(session)
		context.AfterFunc(asked.Context(), func() { // now the server has heard whom to ask, and nobody is there
			fmt.Fprintf(sender, `{"session":%q,"method":"really?"}`, session)
			sender.Close()
		})
		time.Sleep(time.Second)
		p.shutDown(t, "a trigger waits for its client's answer, and Shutdown waits for the trigger")
		step.Equal(t, p.over+": Shutdown at +1 s: how an Ask that waited ended", "cleanup.ErrShutdown after 1s", call.wait(t))
		step.Equal(t, p.over+": Shutdown at +1 s: what the sender of a trigger that waited got", "503 after 1s", trigger.wait(t))
		if !sayWhen(trigger.header) {
			step.Fail(t, p.over+": the trigger's sender got a 503 and was not told when to try again",
				fmt.Sprintf("got  Retry-After: %q", trigger.header.Get("Retry-After")), "want a number of seconds: s.refuse does that")
		}
		step.Equal(t, p.over+": Shutdown at +1 s, and the rest of a slow trigger's body came after that: what its sender got", "503 after 1s", slow.wait(t))
	})
}

// What a handler has begun, it may finish: an order that is half written is worse than none. But one
// that hangs must not keep the server from stopping.
// Hint: a sync.WaitGroup counts the handlers in ServeHTTP. Wait for it in a goroutine that closes a channel, and select on that and ctx.Done().
func TestShutdownWaitsForHandlersButNotForEver(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer(0, 0)
		ctx, leave := context.WithCancel(t.Context())
		finish, handler := hold(ctx, server)
		defer finish()
		leave()
		time.Sleep(time.Second)
		finish()
		step.Equal(t, "a client left, and its handler still writes until +1 s: when ServeHTTP returned (from then on, its writer serves another client)",
			"returned after 1s", handler.wait(t))
	})
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer(0, 0)
		finish, _ := hold(t.Context(), server)
		defer finish()
		shutdown := begin("Shutdown", func() (string, error) { return "nil", server.Shutdown(t.Context()) })
		time.Sleep(time.Second)
		finish()
		step.Equal(t, "a handler writes until +1 s: when Shutdown returned, and what", "nil after 1s", shutdown.wait(t))
	})
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer(0, 0)
		finish, handler := hold(t.Context(), server)
		handler.what = "Shutdown had stopped waiting for a handler when that was done, and ServeHTTP"
		defer finish()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		shutdown := begin("Shutdown", func() (string, error) { return "nil", server.Shutdown(ctx) })
		time.Sleep(time.Minute)
		finish()
		step.Equal(t, "a handler hangs for a minute, and Shutdown's context ends at +10 s: when it returned, and what",
			"context.DeadlineExceeded after 10s", shutdown.wait(t))
		step.Equal(t, "the handler that hung was done at +1 min, when Shutdown no longer waited for it: when ServeHTTP returned",
			"returned after 1m0s", handler.wait(t))
	})
}

// A browser whose stream has ended comes back at once. If it is let in, the server never gets empty.
// Hint: in ServeHTTP, under a lock, look at closing and add to the WaitGroup; in Shutdown, set closing under the same lock. The rest is s.refuse.
func TestNobodyGetsInDuringShutdown(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		session, _ := p.open()
		knocks := func() string {
			return strings.Join([]string{
				p.knock("GET", "/events", ""),
				p.knock("POST", "/trigger", `{"session":"nobody's","method":"really?"}`),
				p.knock("POST", "/responses?session="+session, `{"jsonrpc":"2.0","id":"nobody's","result":1}`),
				p.knock("GET", "/healthz", ""),
			}, ", ")
		}
		step.Equal(t, p.over+": before Shutdown, GET /events, POST /trigger (nobody there), POST /responses (nobody asked), GET /healthz got",
			"200, 404, 404, 200", knocks())

		finish, _ := hold(t.Context(), p.server) // so that Shutdown has begun, and has not ended
		defer finish()
		shutdown := begin("Shutdown", func() (string, error) { return "nil", p.server.Shutdown(t.Context()) })
		synctest.Wait()
		step.Equal(t, p.over+": Shutdown waits for a last handler; meanwhile, GET /events, POST /trigger, POST /responses, GET /healthz got",
			"503, 503, 503, 503", knocks())
		finish()
		step.Equal(t, p.over+": the last handler has returned: what Shutdown returned", "nil after 0s", shutdown.wait(t))
		step.Equal(t, p.over+": after Shutdown, GET /events, POST /trigger, POST /responses, GET /healthz got",
			"503, 503, 503, 503", knocks())
	})
}

// A signal, a failed health check and a deferred call may all stop the server, while clients leave.
// Hint: a context may be cancelled any number of times, a channel closed only once. And a second Shutdown waits like the first.
func TestShutdownTwiceAndDeparturesTogether(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer(0, 0)
		finish, _ := hold(t.Context(), server)
		defer finish()
		first := begin("Shutdown", func() (string, error) { return "nil", server.Shutdown(t.Context()) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		second := begin("Shutdown", func() (string, error) { return "nil", server.Shutdown(ctx) })
		time.Sleep(time.Minute)
		finish()
		step.Equal(t, "a handler hangs for a minute, two Shutdowns wait, the second for a second: what they returned",
			"nil after 1m0s, context.DeadlineExceeded after 1s", first.wait(t)+", "+second.wait(t))
	})
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer(0, 0)
		var all []*call
		start := make(chan struct{})
		for range 25 {
			session, _ := server.Sessions.Open(t.Context())
			for _, happens := range []func() error{
				func() error {
					_, err := server.Ask(t.Context(), session, "really?", nil)
					if !errors.Is(err, flushing.ErrGone) && !errors.Is(err, cleanup.ErrShutdown) && !errors.Is(err, sessions.ErrClosed) {
						return err
					}
					return nil
				},
				func() error { session.Close(); return nil },
				func() error {
					server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/healthz", nil))
					return nil
				},
				func() error { return server.Shutdown(t.Context()) },
			} {
				all = append(all, begin("one of 100", func() (string, error) { <-start; return "well", happens() }))
			}
		}
		synctest.Wait()
		close(start)
		for _, c := range all {
			step.Equal(t, "25 calls, 25 departures, 25 requests and 25 Shutdowns at the same moment: how one of them ended", "well after 0s", c.wait(t))
		}
	})
}

// Part 3: the client stops.

// Run is all that a client's program calls: one line, and in it what the lessons before have built.
// Hint: http.NewRequestWithContext, parsing.Connect, and a timeouts.Answerer that gets all of the fields. Where HTTP is nil, take http.DefaultClient.
func TestAClientAnswersWhatItIsAsked(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		var handles, most atomic.Int32
		var traced list[framing.Event]
		var undelivered list[string]
		running, _ := run(t, p.Pair, &cleanup.Client{URL: p.URL + "/events", HTTP: p.Client, Limit: 1,
			Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
				most.Store(max(most.Load(), handles.Add(1)))
				defer handles.Add(-1)
				time.Sleep(time.Second)
				return double(ctx, method, params)
			},
			Trace:       func(e framing.Event) { traced.add(e) },
			Undelivered: func(r correlation.Response, err error) { undelivered.add(r.ID) },
		})
		session := p.only(t, running)
		step.Equal(t, p.over+": the client was asked to double 21, and takes 1 s for it: what the caller got",
			"42 after 1s", p.call(session, "double", "21").wait(t))

		session.Send(framing.Event{Type: "endpoint", Data: "responses?session=" + session.ID()})
		time.Sleep(time.Hour)
		step.Equal(t, p.over+": the server has said its endpoint twice, and nothing else for an hour: what Run did meanwhile", "still waits", running.state())

		first, second := p.call(session, "double", "1"), p.call(session, "double", "2")
		first.wait(t)
		second.wait(t)
		step.Equal(t, p.over+": Limit is 1, and two questions came at once: how many Handles ran at the same time", int32(1), most.Load())

		last := p.call(session, "double", "3")
		synctest.Wait()
		events := traced.get()
		step.Equal(t, p.over+": two endpoint events and four questions: how many events Trace was told of", 6, len(events))
		id := request(events[5]).ID
		p.server.Caller.Resolve(session.ID(), yes(id)) // so that the client's own answer is the second
		last.wait(t)
		time.Sleep(time.Minute)
		step.Equal(t, p.over+": the server refused the answer to the last question: of which answers Undelivered was told", []string{id}, undelivered.get())
	})
	p := pair.TCP(t, cleanup.NewServer(0, 0))
	defer http.DefaultClient.CloseIdleConnections()
	connected := make(chan struct{}, 1)
	running, leave := run(t, p, &cleanup.Client{URL: p.URL + "/events", Trace: func(framing.Event) { connected <- struct{}{} }})
	select {
	case <-connected:
	case <-running.done:
		step.Fail(t, "a Client without an HTTP client: it should take http.DefaultClient, and connect", "got  Run returned "+running.result)
	}
	leave()
	p.Server().Close() // how a client stops is the next step's business
}

// A client's program stops like any other: by the end of a context. What it has begun is over when Run returns.
// Hint: the request for the stream needs ctx, or the client cannot stop while it connects. The Answerer does the rest.
func TestTheClientStopsWithItsContext(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		var tidied atomic.Bool
		running, leave := run(t, p.Pair, &cleanup.Client{URL: p.URL + "/events", HTTP: p.Client,
			Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
				<-ctx.Done()
				time.Sleep(time.Second)
				tidied.Store(true)
				return nil, ctx.Err()
			},
		})
		call := p.call(p.only(t, running), "really?", "null")
		time.Sleep(time.Second)
		leave()
		step.Equal(t, p.over+": the context ended at +1 s, a Handle took until +2 s to tidy up, and no event came before +30 s: what Run returned",
			"context.Canceled after 2s", running.wait(t))
		step.Equal(t, p.over+": Run has returned: whether its Handle has", true, tidied.Load())
		synctest.Wait()
		step.Equal(t, p.over+": Run has returned: how many sessions the server still has", 0, p.server.Sessions.Len())
		call.wait(t)
	})
	step.Bubble(t, func(t *testing.T) {
		p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/silent" {
				<-r.Context().Done()
				return
			}
			http.Error(w, "no", http.StatusForbidden)
		}))
		running, _ := run(t, p, &cleanup.Client{URL: p.URL + "/refused", HTTP: p.Client})
		step.Equal(t, "the server answered the client with 403: what Run returned", "*parsing.ResponseError after 0s", running.wait(t))
		running, _ = run(t, p, &cleanup.Client{URL: ":", HTTP: p.Client})
		step.Equal(t, `the client's URL is ":", which is none: what Run returned`, "*url.Error after 0s", running.wait(t))
		running, leave := run(t, p, &cleanup.Client{URL: p.URL + "/silent", HTTP: p.Client})
		running.what = "the context ended while the client was still connecting; Run"
		time.Sleep(time.Second)
		leave()
		step.Equal(t, "the server is silent while the client connects, and the context ended at +1 s: what Run returned",
			"context.Canceled after 1s", running.wait(t))
	})
}

// net/http recovers from a handler's panic, since one request must not take down the rest. Your handlers run
// on goroutines that nobody guards: one question that nobody thought of, and the whole program is gone.
// Hint: wrap Handle in a method of yours that has a deferred recover, and turns a panic into a *correlation.Error with CodeInternalError.
func TestAHandlerThatPanicsCostsOneAnswer(t *testing.T) {
	defer step.Begin(t)()
	log := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // what you log is not this step's business
	defer slog.SetDefault(log)
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer(0, 0)
		mux := http.NewServeMux() // without your Server: this is about the client
		mux.Handle("/events", server.Sessions)
		mux.Handle("/responses", &correlation.Handler{Sessions: server.Sessions, Resolve: server.Caller.Resolve})
		p := &house{pair.Memory(t, mux), t, server, "HTTP/1.1"}
		running, _ := run(t, p.Pair, &cleanup.Client{URL: p.URL + "/events", HTTP: p.Client,
			Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
				if method == "bad" {
					panic("a Handle panicked, and nothing in the client stopped that")
				}
				return double(ctx, method, params)
			},
		})
		session := p.only(t, running)
		step.Equal(t, "a question made Handle panic: what the one who asked it got",
			"error -32603 after 0s", p.call(session, "bad", "21").wait(t))
		step.Equal(t, "a question made Handle panic: what the one who asked the next question got",
			"42 after 0s", p.call(session, "double", "21").wait(t))
	})
}

// A leak of one goroutine for each visitor shows after days, at night. A thousand visitors show it now.
// Hint: for everything that a client brings along, ask what ends it: its stream, its session, its calls, and whatever waits beside them.
func TestAThousandClientsComeAndGo(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		p := &house{t: t, server: cleanup.NewServer(0, 0)}
		session, _ := p.server.Sessions.Open(t.Context())
		before, _ := goroutines()
		kept := hundred(func(ctx context.Context) {
			call := p.ask(ctx, session.ID())
			question := request(events(string(<-session.Frames()))[0])
			p.server.Caller.Resolve(session.ID(), yes(question.ID))
			call.wait(t)
		})
		synctest.Wait()
		after, where := goroutines()
		if after != before {
			step.Fail(t, "a client that stays was asked 100 times, and has answered: how many goroutines are left of that",
				fmt.Sprint("got  ", after-before), "want 0", where)
		}
		step.Equal(t, "a client that stays was asked 100 times, and has answered: how many of these calls' contexts are kept in memory, for as long as the client and whoever has asked stay",
			0, kept())

		kept = hundred(func(ctx context.Context) {
			p.server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/healthz", nil))
		})
		step.Equal(t, "100 requests came and got their responses: how many of their contexts the server keeps in memory, for as long as it runs", 0, kept())
		runtime.KeepAlive(p)
	})
	onEach(t, func(t *testing.T, p *house) {
		synctest.Wait()
		before, _ := goroutines()
		for visit := range 5 {
			clients, leave := p.crowd(t)
			synctest.Wait()
			step.Equal(t, p.over+": 100 clients came: how many sessions are open", 100, p.server.Sessions.Len())
			asked := p.trigger("", 0)
			time.Sleep(time.Second)
			if visit == 0 {
				p.Cut() // the network is gone, and the trigger's sender with it
			}
			leave()
			if visit > 0 {
				step.Equal(t, p.over+": 100 clients were asked, 10 answered, 90 left instead: what the trigger's sender got",
					"200 [502 Bad Gateway:90 true:10] after 1s", asked.wait(t))
			}
			for _, client := range clients {
				client.wait(t)
			}
		}
		synctest.Wait() // a connection is idle once the last stream on it has ended
		p.Client.CloseIdleConnections()
		synctest.Wait()
		after, where := goroutines()
		got := fmt.Sprintf("%d goroutines, %d sessions, %d pending requests", after-before, p.server.Sessions.Len(), p.server.Caller.Len())
		if want := "0 goroutines, 0 sessions, 0 pending requests"; got != want {
			step.Fail(t, p.over+": 500 clients came, were asked and vanished: what is left of them", "got  "+got, "want "+want, where)
		}
	})
}

// hundred calls f 100 times, each time with another context of a program that goes
// on. What it returns says, a minute later, how many of these contexts can still be
// reached.
func hundred(f func(ctx context.Context)) (kept func() int) {
	type key struct{}
	type load [64]byte // too large to share its memory with others
	var loads []weak.Pointer[load]
	program, end := context.WithCancel(context.Background())
	for range 100 {
		l := new(load)
		loads = append(loads, weak.Make(l))
		f(context.WithValue(program, key{}, l))
	}
	return func() (n int) {
		defer end()
		time.Sleep(time.Minute) // by then, the clock has let go of the timers that were stopped
		runtime.GC()
		for _, l := range loads {
			if l.Value() != nil {
				n++
			}
		}
		return n
	}
}

// protocols are those that a server of streams meets.
var protocols = []struct {
	name string
	opts []pair.Option
}{
	{"HTTP/1.1", nil},
	{"HTTP/2", []pair.Option{pair.HTTP2()}},
}

// A house is a server of yours and a way to it.
type house struct {
	*pair.Pair
	t      *testing.T
	server *cleanup.Server
	over   string // the protocol
}

// onEach runs f on each protocol, in a bubble.
func onEach(t *testing.T, f func(t *testing.T, p *house)) {
	t.Helper()
	for _, over := range protocols {
		step.Bubble(t, func(t *testing.T) {
			server := cleanup.NewServer(0, 0)
			f(t, &house{pair.Memory(t, server, over.opts...), t, server, over.name})
		})
	}
}

// open opens a stream of a client that answers nothing.
func (p *house) open() (session string, stream *pair.Stream) {
	stream = p.Open("/events")
	first := stream.Frame(p.over + ": a client connected, and its stream ended before the first event")
	return sessionOf(events(first)[0]), stream
}

// only returns the session of the one client there is, whose Run was begun.
func (p *house) only(t *testing.T, running *call) (session *sessions.Session) {
	t.Helper()
	synctest.Wait()
	all := p.server.Sessions.All()
	if len(all) != 1 {
		step.Fail(t, fmt.Sprintf("%s: Run was called, and the server has %d sessions: the client has not connected", p.over, len(all)),
			"Run "+running.state())
	}
	return all[0]
}

// call asks as lesson 06 does, without Ask.
func (p *house) call(session *sessions.Session, method, params string) *call {
	return begin("Caller.Call", func() (string, error) {
		result, err := p.server.Caller.Call(context.Background(), session, method, json.RawMessage(params))
		return string(result), err
	})
}

// ask asks through the server's Ask.
func (p *house) ask(ctx context.Context, session string) *call {
	s, _ := p.server.Sessions.Get(session)
	return begin("Ask", func() (string, error) {
		result, err := p.server.Ask(ctx, s, "really?", nil)
		return string(result), err
	})
}

// A triggered is a trigger that was sent.
type triggered struct {
	*call
	header http.Header // when the call has ended
}

// trigger sends a trigger for one session, or with "" for all.
func (p *house) trigger(session string, timeout time.Duration) *triggered {
	body, _ := json.Marshal(cleanup.Trigger{Session: session, Method: "really?", Timeout: int(timeout.Milliseconds())})
	return p.post("application/json", strings.NewReader(string(body)))
}

// post sends body as a trigger, whether it is one or not.
func (p *house) post(contentType string, body io.Reader) *triggered {
	t := &triggered{}
	t.call = begin("POST /trigger", func() (string, error) {
		resp, err := p.Client.Post(p.URL+"/trigger", contentType, body)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		t.header = resp.Header
		return strings.TrimSpace(fmt.Sprint(resp.StatusCode, " ", outcome(string(answer)))), err
	})
	return t
}

// knock returns what a request got, at once: its status, and whether it was told
// when to come back.
func (p *house) knock(method, path, body string) string {
	defer step.Waiting(p.t, func() (string, []string) {
		return p.over + ": " + method + " " + path + " has got no answer: it was neither let in nor refused", lockedOut()
	})()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, method, p.URL+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	resp, err := p.Client.Do(r)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	switch unavailable := resp.StatusCode == http.StatusServiceUnavailable; {
	case unavailable && !sayWhen(resp.Header):
		return "503 without Retry-After"
	case !unavailable && resp.Header.Get("Retry-After") != "":
		return fmt.Sprint(resp.StatusCode, " with Retry-After")
	}
	return fmt.Sprint(resp.StatusCode)
}

// shutDown shuts the server down, which has to work at once.
func (p *house) shutDown(t *testing.T, hangs string) {
	t.Helper()
	defer step.Waiting(t, func() (string, []string) { return p.over + ": " + hangs, nil })()
	step.Equal(t, p.over+": Shutdown returned an error, and its context has not ended", nil, p.server.Shutdown(context.Background()))
}

// hold makes a handler of the server hang in a write, until finish is called. Its
// request's context is ctx.
func hold(ctx context.Context, server *cleanup.Server) (finish func(), handler *call) {
	w := &heldWriter{httptest.NewRecorder(), make(chan struct{})}
	handler = begin("a handler", func() (string, error) {
		server.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/healthz", nil))
		return "returned", nil
	})
	synctest.Wait()
	return sync.OnceFunc(func() { close(w.finish) }), handler
}

type heldWriter struct {
	*httptest.ResponseRecorder
	finish chan struct{}
}

func (w *heldWriter) Write(p []byte) (int, error) {
	<-w.finish
	return w.ResponseRecorder.Write(p)
}

// meeting is a call that waits in Ask, for an answer or for the end of its session.
func meeting(t *testing.T, happens func(t *testing.T, leave func(), answer func() error, call *call)) {
	t.Helper()
	step.Bubble(t, func(t *testing.T) {
		p := &house{server: cleanup.NewServer(0, 0)}
		session, _ := p.server.Sessions.Open(t.Context())
		call := p.ask(t.Context(), session.ID())
		question := request(events(string(<-session.Frames()))[0])
		synctest.Wait()
		answer := func() error {
			return p.server.Caller.Resolve(session.ID(), yes(question.ID))
		}
		happens(t, session.Close, answer, call)
	})
}

// alone runs f on the only processor, so that nothing else runs before f has ended.
func alone(f func()) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	f()
}

// yes is the response true to the request with this id.
func yes(id string) correlation.Response {
	return correlation.Response{JSONRPC: "2.0", ID: id, Result: json.RawMessage("true")}
}

func accepted(refused error) string {
	if refused != nil {
		return "refused"
	}
	return "accepted"
}

// join lets a client join that is not of this lesson, and returns its session.
func join(t *testing.T, p *pair.Pair, handle func(ctx context.Context, method string, params json.RawMessage) (any, error)) (session string) {
	t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	from, _ := url.Parse(p.URL + "/events")
	stream, err := parsing.Connect(p.Client, (&http.Request{Method: "GET", URL: from, Header: http.Header{}}).WithContext(ctx))
	if err != nil {
		leave()
		step.Fail(t, "GET /events: a client connected, and got no stream", "got  "+err.Error())
	}
	first := make(chan framing.Event, 100)
	client := timeouts.Answerer{Client: p.Client, Handle: handle, Trace: func(e framing.Event) { first <- e }}
	running := begin("a client", func() (string, error) { return "", client.Run(ctx, stream, from) })
	t.Cleanup(func() {
		leave()
		<-running.done
	})
	select {
	case e := <-first:
		return sessionOf(e)
	case <-running.done:
		step.Fail(t, "GET /events: a client connected, and its stream ended before the first event")
		return ""
	}
}

// run runs a client of yours until leave is called, or the step ends and cuts it
// off.
func run(t *testing.T, p *pair.Pair, client *cleanup.Client) (running *call, leave func()) {
	t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	running = begin("Run", func() (string, error) { return "nil", client.Run(ctx) })
	t.Cleanup(func() {
		leave()
		p.Cut()
		running.wait(t)
	})
	return running, leave
}

// crowd lets 100 clients come: 20 of yours over the network, of which 10 answer,
// and 80 that come without one, since a network takes its time.
func (p *house) crowd(t *testing.T) (clients []*call, leave func()) {
	p.Get("/healthz") // opens the one connection that all clients of HTTP/2 share
	ctx, leave := context.WithCancel(context.Background())
	for n := range 20 {
		client := cleanup.Client{URL: p.URL + "/events", HTTP: p.Client, Handle: answerIf(n%2 == 0)}
		clients = append(clients, begin("Run", func() (string, error) { return "nil", client.Run(ctx) }))
	}
	for range 80 {
		clients = append(clients, begin("the handler of GET /events", func() (string, error) {
			p.server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
			return "", nil
		}))
	}
	t.Cleanup(leave)
	return clients, leave
}

// double is a client's Handle that can do one thing.
func double(_ context.Context, method string, params json.RawMessage) (any, error) {
	var n int
	if err := json.Unmarshal(params, &n); err != nil || method != "double" {
		return nil, &correlation.Error{Code: correlation.CodeMethodNotFound, Message: "I can only double numbers"}
	}
	return 2 * n, nil
}

// answerIf answers, or else waits until nobody wants an answer any more.
func answerIf(answer bool) func(context.Context, string, json.RawMessage) (any, error) {
	return func(ctx context.Context, _ string, _ json.RawMessage) (any, error) {
		if !answer {
			<-ctx.Done()
		}
		return true, ctx.Err()
	}
}

// A call is something that was begun, and ends some time.
type call struct {
	what   string
	began  time.Time
	done   chan struct{} // closed at the end; then the rest may be read
	result string
	took   time.Duration
}

// begin begins f on a goroutine of its own, which ends with it.
func begin(what string, f func() (string, error)) *call {
	c := &call{what: what, began: time.Now(), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		defer func() {
			if p := recover(); p != nil {
				c.result = fmt.Sprint("panic: ", p)
			}
			c.took = time.Since(c.began)
		}()
		result, err := f()
		c.result = result
		if err != nil {
			c.result = describe(err)
		}
	}()
	return c
}

// wait waits for the end, and returns how the call ended and how long it took.
func (c *call) wait(t *testing.T) string {
	t.Helper()
	defer step.Waiting(t, func() (string, []string) { return c.what + " has not returned, and nothing will wake it any more", nil })()
	<-c.done
	return c.state()
}

// state returns how the call ended and how long it took.
func (c *call) state() string {
	select {
	case <-c.done:
		return fmt.Sprintf("%s after %v", c.result, c.took)
	default:
		return "still waits"
	}
}

var errImpatient = errors.New("impatient")

// describe names an error.
func describe(err error) string {
	for name, known := range map[string]error{
		"flushing.ErrGone": flushing.ErrGone, "cleanup.ErrShutdown": cleanup.ErrShutdown, "impatient": errImpatient,
		"context.Canceled": context.Canceled, "context.DeadlineExceeded": context.DeadlineExceeded,
	} {
		if errors.Is(err, known) {
			return name
		}
	}
	if e, ok := errors.AsType[*correlation.Error](err); ok {
		return fmt.Sprint("error ", e.Code)
	}
	if e, ok := errors.AsType[*parsing.ResponseError](err); ok {
		return fmt.Sprintf("%T", e)
	}
	if e, ok := errors.AsType[*url.Error](err); ok && e.Op == "parse" {
		return fmt.Sprintf("%T", e)
	}
	return err.Error()
}

// outcome returns what a trigger's response says, in short.
func outcome(body string) string {
	var one cleanup.Outcome
	if json.Unmarshal([]byte(body), &one) == nil {
		return short(one)
	}
	var all []cleanup.Outcome
	json.Unmarshal([]byte(body), &all)
	count := map[string]int{}
	for _, o := range all {
		count[short(o)]++
	}
	return strings.TrimPrefix(fmt.Sprint(count), "map")
}

func short(o cleanup.Outcome) string {
	switch {
	case o.Error != nil:
		return fmt.Sprint("error ", o.Error.Code)
	case o.Problem != nil:
		return fmt.Sprint(o.Problem.Status, " ", o.Problem.Title)
	}
	return string(o.Result)
}

// events returns what a client makes of the bytes in wire.
func events(wire string) []framing.Event {
	var all []framing.Event
	for e := range parsing.NewDecoder(strings.NewReader(wire)).Events() {
		all = append(all, e)
	}
	return all
}

// request returns the request that came as e.
func request(e framing.Event) (r correlation.Request) {
	json.Unmarshal([]byte(e.Data), &r)
	return r
}

// sessionOf returns the session that a stream's first event names.
func sessionOf(e framing.Event) string {
	endpoint, _ := url.Parse(e.Data)
	return endpoint.Query().Get("session")
}

// sayWhen reports whether a header says when to come back.
func sayWhen(h http.Header) bool {
	return regexp.MustCompile(`^\d+$`).MatchString(h.Get("Retry-After"))
}

// A list is for several goroutines.
type list[T any] struct {
	mu  sync.Mutex // guards all
	all []T
}

func (l *list[T]) add(v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, v)
}

func (l *list[T]) get() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// goroutines returns how many goroutines there are in the bubble, and at which
// line of yours most of them are.
func goroutines() (n int, where string) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	at := map[string]int{}
	for _, stack := range strings.Split(string(stacks), "\n\n") {
		if !strings.Contains(stack, "synctest bubble") {
			continue
		}
		n++
		line := yours.FindString(stack)
		if at[line]++; line != "" && at[line] > at[where] {
			where = line
		}
	}
	return n, "most of them are at " + where
}

// lockedOut says at which line of yours a goroutine waits for a lock, if one does.
func lockedOut() []string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, stack := range strings.Split(string(stacks), "\n\n") {
		if line := yours.FindString(stack); line != "" && strings.Contains(stack, "sync.(*Mutex).Lock") {
			return []string{"a lock that somebody else has is waited for at " + line}
		}
	}
	return nil
}

var yours = regexp.MustCompile(`cleanup\.go:\d+`)
