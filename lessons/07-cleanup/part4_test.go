package cleanup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	cleanup "example.com/sseworkbook/lessons/07-cleanup"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
)

// Part 4, what is left behind. There is nothing new to write.

// A leak of one goroutine per visitor shows up after days, at night. A thousand visitors show it now.
func TestAThousandClientsComeAndGo(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		p := &house{t: t, server: cleanup.NewServer()}
		session, _ := p.server.Sessions.Open(t.Context())
		answered := func(ctx context.Context, session *sessions.Session) {
			call := p.ask(ctx, session.ID())
			question := asked(session)
			p.server.Caller.Resolve(session.ID(), yes(question.ID))
			call.wait(t)
		}
		before, _ := step.Goroutines()
		kept := step.HeldContexts(100, func(ctx context.Context) { answered(ctx, session) })
		synctest.Wait()
		after, most := step.Goroutines()
		if after != before {
			step.Fail(t, "a client answered 100 calls and stayed connected: Call must leave no goroutine behind",
				fmt.Sprint("got  ", after-before), "want 0", "most of them are at "+most)
		}
		step.Equal(t, "a client answered 100 calls and stayed connected: Call must release the calls' contexts, so cancel each context and stop each AfterFunc (shown: how many are still in memory)", 0, kept())

		for name, end := range p.failures() {
			kept = step.HeldContexts(20, func(ctx context.Context) { end(t, ctx, session) })
			step.Equal(t, "20 calls "+name+" while the client stayed connected: Call must release the calls' contexts (shown: how many are still in memory)", 0, kept())
		}

		kept = step.HeldContexts(100, func(ctx context.Context) {
			visitor, _ := p.server.Sessions.Open(ctx)
			answered(t.Context(), visitor)
			visitor.Close()
		})
		step.Equal(t, "100 clients connected, answered one call each and left: the server must release their sessions (shown: how many are still in memory)", 0, kept())

		kept = step.HeldContexts(100, func(ctx context.Context) {
			p.server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/healthz", nil))
		})
		step.Equal(t, "100 requests got their responses: ServeHTTP must release the requests' contexts (shown: how many are still in memory)", 0, kept())
		runtime.KeepAlive(p)
	})
	onEach(t, func(t *testing.T, p *house) {
		synctest.Wait()
		before, _ := step.Goroutines()
		for i := range p.twins {
			p.twins[i] = &cleanup.Client{URL: p.URL + "/events", Answerer: timeouts.Answerer{Client: p.Client, Handle: answerIf(i == 0)}}
		}
		for visit := range 5 {
			clients, leave := p.crowd(t)
			synctest.Wait()
			step.Equal(t, p.over+": two Clients each have ten Runs, and 80 other clients are connected: the server must have 100 sessions", 100, p.server.Sessions.Len())
			asked := p.trigger("", 0)
			time.Sleep(time.Second)
			if visit == 0 {
				p.Cut() // the network is gone, and the trigger's sender with it
			}
			leave()
			if visit > 0 {
				step.Equal(t, p.over+": a trigger asked 100 clients, of which 10 answered and 90 left: the trigger's sender must get an outcome for each client (shown: status, [outcome:count], time)",
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
		got := fmt.Sprintf("goroutines: %d, sessions: %d, pending requests: %d", after-before, p.server.Sessions.Len(), p.server.Caller.Len())
		if want := "goroutines: 0, sessions: 0, pending requests: 0"; got != want {
			step.Fail(t, p.over+": 500 clients connected, were asked and vanished: no goroutine, session or pending request may be left", "got  "+got, "want "+want, "most of them are at "+most)
		}
	})
}

// failures are the ways in which a call of p fails while its session lasts.
func (p *house) failures() map[string]func(t *testing.T, ctx context.Context, session *sessions.Session) {
	return map[string]func(t *testing.T, ctx context.Context, session *sessions.Session){
		"timed out": func(t *testing.T, ctx context.Context, session *sessions.Session) {
			call := p.ask(ctx, session.ID())
			asked(session)
			call.wait(t)
		},
		"were answered with an error": func(t *testing.T, ctx context.Context, session *sessions.Session) {
			call := p.ask(ctx, session.ID())
			p.server.Caller.Resolve(session.ID(), no(asked(session).ID))
			call.wait(t)
		},
		"were cancelled": func(t *testing.T, ctx context.Context, session *sessions.Session) {
			ctx, giveUp := context.WithCancel(ctx)
			call := p.ask(ctx, session.ID())
			asked(session)
			giveUp()
			call.wait(t)
		},
	}
}

// crowd connects 100 clients: 20 of yours over the network, 10 of which answer,
// and 80 without a network, because a network is slow.
func (p *house) crowd(t *testing.T) (clients []*call, leave func()) {
	p.Get("/healthz") // opens the one connection that all clients of HTTP/2 share
	ctx, leave := context.WithCancel(context.Background())
	for n := range 20 {
		client := p.twins[n%2] // which ran before, and runs ten times at once
		clients = append(clients, begin("Run", func() (string, error) { return "nil", client.Run(ctx) }))
	}
	for range 80 {
		clients = append(clients, begin("the GET /events handler", func() (string, error) {
			p.server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
			return "", nil
		}))
	}
	t.Cleanup(leave)
	return clients, leave
}

// answerIf answers, or else waits until no one wants an answer any longer.
func answerIf(answer bool) func(context.Context, string, json.RawMessage) (any, error) {
	return func(ctx context.Context, _ string, _ json.RawMessage) (any, error) {
		if !answer {
			<-ctx.Done()
		}
		return true, ctx.Err()
	}
}

// lastOneOut lets the last handler return while other requests are being refused.
func lastOneOut(t *testing.T) {
	t.Helper()
	for range 30 {
		step.Bubble(t, func(t *testing.T) {
			server := cleanup.NewServer()
			finish, _ := hold(t.Context(), server, "GET", "/healthz")
			shutdown := stop(t.Context(), server)
			step.Pass(0)
			var crowd sync.WaitGroup
			var refused atomic.Int32
			for range 3 {
				crowd.Go(func() {
					for range 100 {
						server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/healthz", nil))
						refused.Add(1)
					}
				})
			}
			crowd.Go(func() {
				for refused.Load() < 30 {
					runtime.Gosched()
				}
				finish()
			})
			crowd.Wait()
			step.Equal(t, "the last handler returned while ServeHTTP was refusing new requests: Shutdown must return nil", "nil", shutdown.end(t))
		})
	}
}

// refusedAtOnce sends requests to a server that was shut down: one whose body stalls, and one
// whose client does not read.
func refusedAtOnce(t *testing.T, p *house) {
	t.Helper()
	stalled, giveUp := half(`{"session":`)
	defer giveUp()
	late := p.post("/trigger", stalled)
	late.what = "Shutdown returned, and then half of a POST's body arrived: ServeHTTP must refuse the POST without waiting for the rest, but"
	step.Equal(t, p.over+": Shutdown returned, and then half of a POST's body arrived: ServeHTTP must refuse the POST without waiting for the rest", "503 after 0s", late.wait(t))
	unread, refused := hold(t.Context(), p.server, "GET", "/healthz")
	defer unread()
	step.Equal(t, p.over+": Shutdown returned, and one client does not read its 503: another client must get a 503 at once", "503", p.knock("GET", "/healthz", ""))
	unread()
	refused.wait(t)
}

// rightBehind makes a request and Shutdown wait for the mutex, in this order.
func rightBehind(t *testing.T, first, second string) {
	server, both, verdict := rivals()
	if first == "Shutdown" {
		slices.Reverse(both)
	}
	step.InTurn(server, 2, func(i int) { both[i]() })
	verdict(t, first+" was waiting for the mutex, with "+second+" next in line")
}

// overtaken makes a request wait for the mutex, and lets Shutdown have it first.
func overtaken(t *testing.T) {
	server, both, verdict := rivals()
	step.Overtaken(server, both[0], func() {
		var stopping sync.WaitGroup
		stopping.Go(both[1])
		stopping.Wait()
	})
	verdict(t, "a request was waiting for the mutex, but Shutdown locked it first")
}

// underTheLock holds the mutex of a server with the fields that it had in the stub, which
// has nothing else to keep a request and Shutdown apart.
func underTheLock(t *testing.T) {
	for _, calls := range []string{"ServeHTTP", "Shutdown"} {
		server := cleanup.NewServer()
		fields := reflect.ValueOf(server).Elem()
		mu, closing, handlers := fields.FieldByName("mu"), fields.FieldByName("closing"), fields.FieldByName("handlers")
		given := fields.NumField() == 9 && mu.IsValid() && closing.IsValid() && handlers.IsValid() && mu.Type() == reflect.TypeFor[sync.Mutex]() &&
			closing.Kind() == reflect.Bool && handlers.Type() == reflect.TypeFor[sync.WaitGroup]()
		if !given {
			return // it keeps them apart in another way
		}
		var passed atomic.Bool
		server.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { passed.Store(true) })
		lock := (*sync.Mutex)(mu.Addr().UnsafePointer())
		var crowd step.Crowd
		lock.Lock()
		crowd.Start(func() {
			if calls == "Shutdown" {
				server.Shutdown(context.Background())
				passed.Store(true)
				return
			}
			server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/healthz", nil))
		})
		crowd.Settle()
		past := passed.Load()
		lock.Unlock()
		crowd.Wait()
		if past {
			step.Fail(t, "another goroutine held mu, but "+calls+" did not wait for mu: check for shutdown and count the handler under one lock that Shutdown takes too",
				"otherwise a handler may begin after Shutdown has returned")
		}
	}
}

// panicked ends handlers with a panic, and one with runtime.Goexit.
func panicked(t *testing.T) {
	server := cleanup.NewServer()
	for _, value := range []any{http.ErrAbortHandler, errImpatient, "a string", 42} {
		server.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(value) })
		handler := begin("ServeHTTP", func() (string, error) {
			defer func() {
				p := recover()
				panic(fmt.Sprintf("%T: %v", p, p))
			}()
			server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			return "returned", nil
		})
		step.Equal(t, "a handler panicked: ServeHTTP must let that same panic through, or net/http sends half a response as if it were complete",
			fmt.Sprintf("panic: %T: %v", value, value), handler.end(t))
	}
	server.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runtime.Goexit() })
	begin("ServeHTTP", func() (string, error) {
		server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		return "returned", nil
	}).end(t)
	step.Returns(t, "one handler panicked, and another called runtime.Goexit: Shutdown must not wait for them", func() {
		step.Equal(t, "one handler panicked, and another called runtime.Goexit: Shutdown must return nil", nil, server.Shutdown(t.Context()))
	})
}

// A deadliner is a response writer that hangs in SetReadDeadline until ended is closed.
type deadliner struct {
	*httptest.ResponseRecorder
	calls        atomic.Int32  // of SetReadDeadline
	begun, ended chan struct{} // begun is closed by the first call
}

func (d *deadliner) SetReadDeadline(time.Time) error {
	if d.calls.Add(1) == 1 {
		close(d.begun)
	}
	<-d.ended
	return nil
}

func newDeadliner() *deadliner {
	return &deadliner{ResponseRecorder: httptest.NewRecorder(), begun: make(chan struct{}), ended: make(chan struct{})}
}

// serveTo begins to serve a POST whose context is ctx.
func serveTo(ctx context.Context, server *cleanup.Server, w http.ResponseWriter, body io.Reader) *call {
	return begin("ServeHTTP", func() (string, error) {
		server.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/orders", body))
		return "returned", nil
	})
}

// endsReads is a handler that returns at shutdown, while endReads is still at work.
func endsReads(t *testing.T) {
	server := cleanup.NewServer()
	w := newDeadliner()
	server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		select {
		case <-w.begun:
		case <-w.ended: // nobody has called it
		}
	})
	handler := serveTo(t.Context(), server, w, strings.NewReader("an order"))
	synctest.Wait()
	shutdown := stop(t.Context(), server)
	step.Pass(time.Second)
	states := fmt.Sprintf("ServeHTTP: %s, Shutdown: %s", handler.state(), shutdown.state())
	close(w.ended)
	step.Equal(t, "the handler returned during Shutdown, but endReads is still running: ServeHTTP must wait for endReads (by calling its stop function), and Shutdown must wait for ServeHTTP",
		"ServeHTTP: still waiting, Shutdown: still waiting", states)
	step.Equal(t, "Shutdown began, the handler returned, and endReads ended the read of the body: Shutdown must return nil", "nil", shutdown.end(t))
	handler.end(t)
}

// endsNoReads is a handler that ends, in either way, before anyone has left.
func endsNoReads(t *testing.T) {
	for _, how := range []string{"returned", "panicked"} {
		server, inner := cleanup.NewServer(), context.Background()
		server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			inner = r.Context()
			io.ReadFull(r.Body, make([]byte, len("an order")))
			if how == "panicked" {
				panic(errImpatient)
			}
		})
		w := newDeadliner()
		close(w.ended)
		body, giveUp := half("an order")
		defer giveUp()
		ctx, leave := context.WithCancel(t.Context())
		handler := serveTo(ctx, server, w, body)
		handler.what = "a handler " + how + " without reading the rest of its request's body, but ServeHTTP"
		handler.end(t)
		step.Equal(t, "a handler "+how+" before Shutdown began: the cause of the handler's context must not wrap ErrShutdown", false, errors.Is(context.Cause(inner), cleanup.ErrShutdown))
		leave()
		server.Shutdown(t.Context())
		synctest.Wait()
		step.Equal(t, "a handler "+how+", then the client left and the server stopped: ServeHTTP must not set a read deadline, so call endReads' stop function before you cancel ctx (shown: how many it set)",
			int32(0), w.calls.Load())
	}
}

// fieldsOf returns what is in the fields of a client, for a comparison.
func fieldsOf(c *cleanup.Client) string {
	return fmt.Sprintf("%s %d %p %+v", c.URL, c.MaxEventSize, c.Log, c.Answerer)
}

// logsTheRest is a Handle that panics when no one waits for it any longer, and one whose
// method is long.
func logsTheRest(t *testing.T, p *house, session *sessions.Session, logged *bytes.Buffer) {
	ctx, giveUp := context.WithCancel(t.Context())
	waiting := begin("Caller.Call", func() (string, error) {
		_, err := p.server.Caller.Call(ctx, session, correlation.Request{Method: "wait", Params: json.RawMessage(`"a string"`)})
		return "nil", err
	})
	synctest.Wait()
	logged.Reset()
	giveUp()
	waiting.end(t)
	synctest.Wait()
	if !strings.Contains(logged.String(), unforeseen) {
		step.Fail(t, "a caller gave up, and Handle panics when its context ends: the client must end Handle's context, and must log this panic too, with the panic's value", fmt.Sprintf("got  %.300q", logged.String()))
	}
	logged.Reset()
	method := "panic" + strings.Repeat("!", 100_000)
	p.call(session, method, `"a string"`).end(t)
	synctest.Wait()
	if logged.Len() >= len(method) {
		step.Fail(t, "Handle panicked on a method name of 100 kB: the log may contain only the beginning of the name (see brief), because the server chose the name", fmt.Sprintf("got  %d bytes: %.100q…", logged.Len(), logged.String()))
	}
}

// verbatim is JSON that does not survive being decoded and encoded again.
const verbatim = `{"z":9007199254740993,"a":[1.0,0.10,1e2],"z":"\u00e9"}`
