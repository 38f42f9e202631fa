package cleanup_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	cleanup "example.com/sseworkbook/lessons/07-cleanup"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Part 2: the server stops.

// net/http never ends a stream on its own: its Shutdown waits for as long as a single browser tab stays open.
func TestShutdownEndsEveryStream(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		var streams []*pair.Stream
		var triggers []*triggered
		for range 3 {
			session, stream := p.open()
			streams, triggers = append(streams, stream), append(triggers, p.trigger(session, 0))
		}
		synctest.Wait()
		p.shutDown(t, "3 streams are open, and Shutdown is waiting for them: Shutdown must end each stream, because nothing else does")
		for _, stream := range streams {
			err := stream.WaitEnd(p.over + ": Shutdown returned, but a stream is still open, so the server's process cannot end")
			step.Equal(t, p.over+": Shutdown must end each stream cleanly: the client must read EOF, not a connection error", io.EOF, err)
		}
		step.Equal(t, p.over+": all streams have ended: the server must have no sessions left", 0, p.server.Sessions.Len())
		for _, trigger := range triggers {
			trigger.wait(t) // the next step checks what its sender gets
		}
	})
}

// A trigger that waits is a handler too, whether it waits for its client's answer or for the rest of its sender's body.
// The status tells the sender why to try again: 502 means that the client left, 503 that the server is leaving.
func TestShutdownEndsEveryWait(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		session, _ := p.open()
		again := p.asking(t.Context(), session)
		var observed step.List[string]
		p.server.Caller.Observe = func(_ string, _ time.Duration, err error) { observed.Add(describe(err)) }
		call := p.ask(t.Context(), session)
		trigger := p.trigger(session, 0)
		time.Sleep(time.Second)
		p.shutDown(t, "a trigger is waiting for an answer, and Shutdown is waiting for the trigger: Shutdown must end the trigger's wait")
		step.Equal(t, p.over+": Call asked a client, and Shutdown began at +1 s: Call must return at that moment, with an error that wraps ErrShutdown",
			"cleanup.ErrShutdown after 1s", call.wait(t))
		step.Equal(t, p.over+": a trigger asked a client, and Shutdown began at +1 s: the trigger's sender must get a 503 at that moment", "503 after 1s", trigger.wait(t))
		trigger.wantProblem(t, p.over+": the server shut down while a trigger was waiting for an answer", http.StatusServiceUnavailable, "1", "the server is shutting down")
		step.Equal(t, p.over+": the server shut down, and both calls ended: for each call, Observe must get an error that wraps ErrShutdown",
			[]string{"cleanup.ErrShutdown", "cleanup.ErrShutdown"}, observed.All())
		step.Equal(t, p.over+": Call was called after Shutdown had ended the session: Call must immediately return an error that wraps sessions.ErrClosed",
			"sessions.ErrClosed after 0s", begin("Call", again).wait(t))
		wantRetryAfter(t, p.over+": the trigger's sender got a 503: its Retry-After header must say when to try again", trigger.header)
	})
	onEach(t, func(t *testing.T, p *house) {
		session, _ := p.open()
		stalled, giveUp := half(`{"session":`)
		defer giveUp()
		trigger := p.post("/trigger", stalled)
		stalled, giveUp = half(`{"jsonrpc":`)
		defer giveUp()
		answer := p.post("/responses?session="+session, stalled)
		trigger.what = "Shutdown must end a handler's read of a half-received body, but POST /trigger"
		answer.what = "Shutdown must end a handler's read of a half-received body, but POST /responses"
		time.Sleep(time.Second)
		p.shutDown(t, "half of a POST's body arrived, and the POST's handler is waiting for the rest: Shutdown must end the handler's read")
		step.Equal(t, p.over+": Shutdown began at +1 s, when half of a POST /trigger had arrived: the POST's sender must get a 503 at once", "503 after 1s", trigger.wait(t))
		step.Equal(t, p.over+": Shutdown began at +1 s, when half of a POST /responses had arrived: the POST's sender must get a 503 at once", "503 after 1s", answer.wait(t))
	})
}

// A handler may finish what it began: half an order is worse than none. But a handler that hangs must not keep
// the server from stopping.
func TestShutdownWaitsForHandlersButNotForever(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		ctx, leave := context.WithCancel(t.Context())
		finish, handler := hold(ctx, server, "GET", "/healthz")
		defer finish()
		leave()
		time.Sleep(time.Second)
		finish()
		step.Equal(t, "a client left, but its handler kept writing for 1 s more: ServeHTTP must wait for the handler, or net/http gives the handler's writer to another client",
			"returned after 1s", handler.wait(t))
	})
	for _, route := range []string{"GET /healthz", "HEAD /healthz", "POST /trigger", "POST /responses", "GET /events", "GET /orders"} {
		step.Bubble(t, func(t *testing.T) { waitsFor(t, route) })
	}
	step.Bubble(t, givesUp)
	step.Bubble(t, hasGivenUp)
	step.Bubble(t, panicked)
	step.Bubble(t, endsReads)
	step.Bubble(t, endsNoReads)
}

// waitsFor holds the handler of a route while Shutdown waits.
func waitsFor(t *testing.T, route string) {
	server, routes := cleanup.NewServer(), http.NewServeMux()
	routes.Handle("/", server.Handler)
	routes.HandleFunc("/orders", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "an order") })
	server.Handler = routes
	method, path, _ := strings.Cut(route, " ")
	finish, _ := hold(t.Context(), server, method, path)
	defer finish()
	shutdown := stop(t.Context(), server)
	step.Pass(time.Minute)
	step.Equal(t, "the "+route+" handler is still writing: Shutdown must wait for it", "still waiting", shutdown.state())
	finish()
	shutdown.what = "the " + route + " handler returned, but Shutdown"
	step.Equal(t, "the "+route+" handler returned: Shutdown must return nil", "nil", shutdown.end(t))
}

// givesUp ends Shutdown's context before the handler returns.
func givesUp(t *testing.T) {
	server := cleanup.NewServer()
	finish, handler := hold(t.Context(), server, "GET", "/healthz")
	handler.what = "Shutdown gave up on a handler, and the handler finished later, but ServeHTTP"
	defer finish()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	shutdown := stop(ctx, server)
	step.Pass(time.Hour)
	step.Equal(t, "a handler hangs, and Shutdown's context has not ended: Shutdown must wait", "still waiting", shutdown.state())
	cancel(errImpatient)
	shutdown.what = "a handler hangs and Shutdown's context was cancelled, but Shutdown"
	step.Equal(t, "a handler hangs, and Shutdown's context was cancelled with a cause: Shutdown must return an error that wraps ctx.Err()",
		"context canceled", shutdown.end(t))
	again := stop(t.Context(), server)
	step.Pass(time.Minute)
	step.Equal(t, "Shutdown A gave up on a handler that hangs: Shutdown B must wait until the handler returns or B's own context ends", "still waiting", again.state())
	finish()
	step.Equal(t, "Shutdown A gave up, Shutdown B waited, and the handler finished: B must return nil", "nil", again.end(t))
	step.Equal(t, "Shutdown gave up on a handler, and the handler finished later: ServeHTTP must return as usual", "returned", handler.end(t))
}

// hasGivenUp ends Shutdown's context before Shutdown is called.
func hasGivenUp(t *testing.T) {
	server := cleanup.NewServer()
	finish, _ := hold(t.Context(), server, "GET", "/healthz")
	defer finish()
	stream := begin("the GET /events handler", func() (string, error) {
		server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
		return "returned", nil
	})
	synctest.Wait()
	ended, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	shutdown := stop(ended, server)
	shutdown.what = "a handler hangs and Shutdown's context had already ended, but Shutdown"
	step.Equal(t, "a handler hangs, and Shutdown's context had already ended: Shutdown must return the context's error",
		"context deadline exceeded", shutdown.end(t))
	stream.what = "Shutdown must begin even if its context has already ended, but the GET /events handler"
	stream.end(t)
}

// A browser whose stream has ended comes back within seconds. If it gets in, the server is never empty.
func TestNobodyGetsInDuringShutdown(t *testing.T) {
	defer step.Begin(t)()
	comesLater(t)
	onEach(t, func(t *testing.T, p *house) {
		session, _ := p.open()
		knocks := func() string {
			return strings.Join([]string{
				p.knock("GET", "/events", ""),
				p.knock("POST", "/trigger", `{"session":"nobody's","method":"really?"}`),
				p.knock("POST", "/responses?session="+session, `{"jsonrpc":"2.0","id":"nobody's","result":1}`),
				p.knock("GET", "/healthz", ""),
				p.knock("HEAD", "/healthz", ""),
				p.knock("GET", "/nowhere", ""),
			}, ", ")
		}
		shown := " (shown: /events, /trigger, /responses, GET /healthz, HEAD /healthz, /nowhere)"
		step.Equal(t, p.over+": before Shutdown, each request must get its usual status (404 for an unknown session, id or path)"+shown, "200, 404, 404, 200, 200, 404", knocks())

		finish, _ := hold(t.Context(), p.server, "GET", "/healthz") // so that Shutdown begins but does not end
		defer finish()
		shutdown := stop(t.Context(), p.server)
		step.Pass(0)
		step.Equal(t, p.over+": while Shutdown is waiting for the last handler, each new request must get a 503 with Retry-After"+shown, "503, 503, 503, 503, 503, 503", knocks())
		finish()
		step.Equal(t, p.over+": the last handler returned: Shutdown must return nil", "nil", shutdown.end(t))
		step.Equal(t, p.over+": after Shutdown, each request must get a 503 with Retry-After"+shown, "503, 503, 503, 503, 503, 503", knocks())
		refusedAtOnce(t, p)
	})
	lastOneOut(t)
	for range 20 { // the scheduler sometimes runs a goroutine before its turn
		together(t, "a request arrived, then Shutdown was called")
		together(t, "Shutdown was called, then a request arrived")
		rightBehind(t, "a request", "Shutdown")
		rightBehind(t, "Shutdown", "a request")
		overtaken(t)
	}
	underTheLock(t)
}

// comesLater sends requests after Shutdown has returned.
func comesLater(t *testing.T) {
	server := cleanup.NewServer()
	serve := func(ctx context.Context, server *cleanup.Server) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/healthz", nil))
		return w
	}
	status := func(server *cleanup.Server) int { return serve(t.Context(), server).Code }
	step.Equal(t, "GET /healthz arrived before Shutdown: it must get a 200", http.StatusOK, status(server))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	step.Equal(t, "GET /healthz arrived with a context that had ended: ServeHTTP must still call Handler, because Handler decides what to do",
		`{"pending":0,"sessions":0}`, strings.TrimSpace(serve(ended, server).Body.String()))
	server.Shutdown(ended)
	step.Equal(t, "Shutdown was called with a context that had already ended: two later requests must both get a 503", "503, 503",
		fmt.Sprint(status(server), ", ", status(server)))
	var problem struct{ Detail string }
	w := serve(t.Context(), server)
	json.Unmarshal(w.Body.Bytes(), &problem)
	step.Equal(t, "GET /healthz arrived after Shutdown: the response must be the problem document (RFC 9457) that s.refuse writes, with its Content-Type, Retry-After and detail",
		"application/problem+json, 1, the server is shutting down",
		strings.Join([]string{w.Header().Get("Content-Type"), w.Header().Get("Retry-After"), problem.Detail}, ", "))
	step.Equal(t, "one server was shut down: another server in the same program must still serve requests", http.StatusOK, status(cleanup.NewServer()))
}

// A signal, a failed health check and a deferred call may all stop the server, while clients leave.
func TestShutdownTwiceAndDeparturesTogether(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		finish, _ := hold(t.Context(), server, "GET", "/healthz")
		defer finish()
		first, also := stop(t.Context(), server), stop(t.Context(), server)
		step.Pass(0)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		second := stop(ctx, server)
		step.Pass(time.Minute)
		cancel()
		step.Equal(t, "a handler hangs, Shutdowns A and B are waiting, and B's context was cancelled: B must return its context's error",
			"context canceled", second.end(t))
		step.Equal(t, "a handler hangs, Shutdowns A and B are waiting, and B's context was cancelled: A must keep waiting",
			"still waiting", first.state())
		finish()
		step.Equal(t, "Shutdowns A and B waited, B gave up, and then the last handler returned: A must return nil", "nil", first.end(t))
		step.Equal(t, "two Shutdowns were waiting when the last handler returned: both must return nil", "nil", also.end(t))
		step.Equal(t, "the last handler returned after one Shutdown gave up: a later Shutdown must return nil", "nil", stop(t.Context(), server).end(t))
	})
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		var all []*call
		start := make(chan struct{})
		for range 25 {
			session, _ := server.Sessions.Open(t.Context())
			for _, happens := range []func() error{
				func() error {
					_, err := server.Call(t.Context(), session, correlation.Request{Method: "really?"})
					if !errors.Is(err, flushing.ErrClientLeft) && !errors.Is(err, cleanup.ErrShutdown) && !errors.Is(err, sessions.ErrClosed) {
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
				all = append(all, begin("one of 100 calls", func() (string, error) { <-start; return "ok", happens() }))
			}
		}
		synctest.Wait()
		close(start)
		for _, c := range all {
			step.Equal(t, "25 Calls, 25 departures, 25 requests and 25 Shutdowns happened at the same moment: each must end without a panic or an unexpected error",
				"ok", c.end(t))
			if c.took >= time.Second {
				step.Fail(t, "25 Calls, 25 departures, 25 requests and 25 Shutdowns happened at the same moment: each must end within a second", "got  "+c.state())
			}
		}
	})
}

// Middleware in front of the server (for logs, for users) uses the same request, before and after.
func TestTheRequestItselfIsNotChanged(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, whenTheClientLeaves)
	step.Bubble(t, whenTheServerStops)
	onEach(t, whenTimeIsUp)
}

// looked returns a server whose Handler shows its request, and waits for it to end.
func looked() (server *cleanup.Server, seen chan *http.Request) {
	server, seen = cleanup.NewServer(), make(chan *http.Request, 1)
	server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen <- r
		<-r.Context().Done()
	})
	return server, seen
}

func whenTheClientLeaves(t *testing.T) {
	type user struct{}
	server, seen := looked()
	ctx, leave := context.WithCancelCause(context.WithValue(t.Context(), user{}, "alice"))
	defer leave(nil)
	order := strings.Repeat("x", 2<<20)
	r := httptest.NewRequestWithContext(ctx, "POST", "//orders?id=7", strings.NewReader(order))
	body, before := r.Body, r.Clone(ctx)
	handler := begin("ServeHTTP", func() (string, error) { server.ServeHTTP(httptest.NewRecorder(), r); return "returned", nil })
	copied := <-seen
	inner := copied.Context()
	step.Equal(t, "Handler must get a copy of the request that differs only in its context", "same body: true, all else the same: true",
		fmt.Sprintf("same body: %v, all else the same: %v", copied.Body == body, alike(before, copied)))
	all, _ := io.ReadAll(copied.Body)
	step.Equal(t, "the request has a body of 2 MiB: Handler must be able to read it all (shown: how many bytes)", len(order), len(all))
	step.Equal(t, "middleware put a value into the request's context: Handler's own context must carry it too", any("alice"), inner.Value(user{}))
	step.Equal(t, "neither the client nor the server left: Handler's context must not have ended", nil, inner.Err())
	leave(errImpatient)
	handler.wait(t)
	step.ErrorIs(t, "the client left: Handler's context must end with the cause of the request's context", errImpatient, context.Cause(inner))
	step.Equal(t, "middleware still uses the request that it gave to ServeHTTP: ServeHTTP must not change that request",
		"same context: true, same body: true, all else the same: true",
		fmt.Sprintf("same context: %v, same body: %v, all else the same: %v", r.Context() == ctx, r.Body == body, alike(before, r)))
}

func whenTheServerStops(t *testing.T) {
	server, seen := looked()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	r := httptest.NewRequestWithContext(ctx, "POST", "/orders", strings.NewReader("an order"))
	handler := begin("ServeHTTP", func() (string, error) { server.ServeHTTP(httptest.NewRecorder(), r); return "returned", nil })
	inner := (<-seen).Context()
	step.Returns(t, "Handler is waiting for its context to end: Shutdown must end that context", func() { server.Shutdown(t.Context()) })
	handler.wait(t)
	step.ErrorIs(t, "the server stopped: the cause of Handler's context must wrap ErrShutdown", cleanup.ErrShutdown, context.Cause(inner))
	step.Equal(t, "the server stopped but the client stayed: ServeHTTP must not end the context of the request it was given", nil, r.Context().Err())
}

// whenTimeIsUp is a request whose body never ends, and whose context middleware ends.
func whenTimeIsUp(t *testing.T, p *house) {
	in := make(chan string, 1)
	p.server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		began, until := time.Now(), "none"
		if deadline, ok := r.Context().Deadline(); ok {
			until = deadline.Sub(began).String()
		}
		io.Copy(io.Discard, r.Body)
		in <- fmt.Sprintf("deadline: %s, read ended after %v, cause: %v", until, time.Since(began), context.Cause(r.Context()))
	})
	for want, did := range map[string]string{
		"deadline: 1s, read ended after 1s, cause: context deadline exceeded": "gave a PUT's context a deadline of 1 s",
		"deadline: none, read ended after 1s, cause: impatient":               "cancelled the context of a GET after 1 s",
	} {
		p.Pair = pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithCancelCause(r.Context())
			defer time.AfterFunc(time.Second, func() { cancel(errImpatient) }).Stop()
			method := "GET"
			if strings.HasPrefix(want, "deadline: 1s") {
				var stop func()
				ctx, stop = context.WithTimeout(r.Context(), time.Second)
				defer stop()
				method = "PUT"
			}
			r = r.WithContext(ctx)
			r.Method = method
			p.server.ServeHTTP(w, r)
		}))
		body, never := io.Pipe()
		defer never.Close()
		defer p.post("/orders", body).leave()
		step.Returns(t, p.over+": middleware ended a request's context after 1 s, but the body never ends: Handler's read of the body must end with the context", func() {
			step.Equal(t, p.over+": middleware "+did+": Handler's context must have the same cause and deadline, and must end the read of the body", want, <-in)
		})
	}
}

// alike reports whether two requests differ in nothing but their contexts and bodies.
func alike(a, b *http.Request) bool {
	a, b = a.WithContext(context.Background()), b.WithContext(context.Background())
	a.Body, b.Body = nil, nil
	return reflect.DeepEqual(a, b)
}
