package cleanup_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	cleanup "example.com/sseworkbook/lessons/07-cleanup"
	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Part 3: the client stops.

// Run is all that a client's program calls: one line, and in it what the lessons before have built.
func TestAClientAnswersWhatItIsAsked(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		var handles, most atomic.Int32
		var traced step.List[framing.Event]
		var undelivered step.List[string]
		running, _ := run(t, p.Pair, &cleanup.Client{URL: p.URL + "/events", HTTP: p.Client, Limit: 1,
			Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
				most.Store(max(most.Load(), handles.Add(1)))
				defer handles.Add(-1)
				time.Sleep(time.Second)
				return double(ctx, method, params)
			},
			Trace:       func(e framing.Event) { traced.Add(e) },
			Undelivered: func(r correlation.Response, err error) { undelivered.Add(r.ID) },
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
		events := traced.All()
		step.Equal(t, p.over+": two endpoint events and four questions: how many events Trace was told of", 6, len(events))
		id := request(events[5]).ID
		p.server.Caller.Resolve(session.ID(), yes(id)) // so that the client's own answer is the second
		last.wait(t)
		time.Sleep(time.Minute)
		step.Equal(t, p.over+": the server refused the answer to the last question: of which answers Undelivered was told", []string{id}, undelivered.All())
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
func TestAThousandClientsComeAndGo(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		p := &house{t: t, server: cleanup.NewServer(0, 0)}
		session, _ := p.server.Sessions.Open(t.Context())
		before, _ := step.Goroutines()
		kept := step.Held(100, func(ctx context.Context) {
			call := p.ask(ctx, session.ID())
			question := asked(session)
			p.server.Caller.Resolve(session.ID(), yes(question.ID))
			call.wait(t)
		})
		synctest.Wait()
		after, most := step.Goroutines()
		if after != before {
			step.Fail(t, "a client that stays was asked 100 times, and has answered: how many goroutines are left of that",
				fmt.Sprint("got  ", after-before), "want 0", "most of them are at "+most)
		}
		step.Equal(t, "a client that stays was asked 100 times, and has answered: how many of these calls' contexts are kept in memory, for as long as the client and whoever has asked stay",
			0, kept())

		kept = step.Held(100, func(ctx context.Context) {
			p.server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/healthz", nil))
		})
		step.Equal(t, "100 requests came and got their responses: how many of their contexts the server keeps in memory, for as long as it runs", 0, kept())
		runtime.KeepAlive(p)
	})
	onEach(t, func(t *testing.T, p *house) {
		synctest.Wait()
		before, _ := step.Goroutines()
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
		after, most := step.Goroutines()
		got := fmt.Sprintf("%d goroutines, %d sessions, %d pending requests", after-before, p.server.Sessions.Len(), p.server.Caller.Len())
		if want := "0 goroutines, 0 sessions, 0 pending requests"; got != want {
			step.Fail(t, p.over+": 500 clients came, were asked and vanished: what is left of them", "got  "+got, "want "+want, "most of them are at "+most)
		}
	})
}
