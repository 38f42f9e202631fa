package cleanup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
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

// net/http never ends a stream on its own: its Shutdown waits for as long as one browser tab is open.
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
		p.shutDown(t, "3 streams are open, and Shutdown waits for them: it must end each stream, since nothing else does")
		for _, stream := range streams {
			err := stream.WaitEnd(p.over + ": Shutdown returned although a stream is still open: the server's process cannot end")
			step.Equal(t, p.over+": Shutdown must end each stream cleanly: the client must read EOF, not a connection error", io.EOF, err)
		}
		step.Equal(t, p.over+": all streams have ended: no session must be left", 0, p.server.Sessions.Len())
		for _, trigger := range triggers {
			trigger.wait(t) // what its sender gets is the next step's business
		}
	})
}

// A trigger that waits is a handler, too: for its client's answer, or for its sender, whose body is still on its
// way. Its sender hears why it has to try again: 502 says that the client left, 503 that the server does.
func TestShutdownEndsEveryWait(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		session, _ := p.open()
		call := p.ask(t.Context(), session)
		trigger := p.trigger(session, 0)
		time.Sleep(time.Second)
		p.shutDown(t, "a trigger waits for its client's answer, and Shutdown waits for the trigger: it must end that wait")
		step.Equal(t, p.over+": Shutdown at +1 s: a Call that waited must end then, with an error that wraps ErrShutdown", "cleanup.ErrShutdown after 1s", call.wait(t))
		step.Equal(t, p.over+": Shutdown at +1 s: the sender of a trigger that waited must get a 503 then", "503 after 1s", trigger.wait(t))
		wantRetryAfter(t, p.over+": the sender of a trigger got a 503: it must be told when to try again", trigger.header)
	})
	onEach(t, func(t *testing.T, p *house) {
		session, _ := p.open()
		stalled, giveUp := half(`{"session":`)
		defer giveUp()
		trigger := p.post("/trigger", stalled)
		stalled, giveUp = half(`{"jsonrpc":`)
		defer giveUp()
		answer := p.post("/responses?session="+session, stalled)
		trigger.what = "Shutdown began when half the body of a POST had come, and must end the read of the rest: POST /trigger"
		answer.what = "Shutdown began when half the body of a POST had come, and must end the read of the rest: POST /responses"
		time.Sleep(time.Second)
		p.shutDown(t, "half the body of a POST has come, and Shutdown waits for the rest: it must end the read, too")
		step.Equal(t, p.over+": half a trigger's body had come when Shutdown began at +1 s: its sender must get a 503 then", "503 after 1s", trigger.wait(t))
		step.Equal(t, p.over+": half a response's body had come when Shutdown began at +1 s: its sender must get a 503 then", "503 after 1s", answer.wait(t))
	})
}

// half is a body that begins with text, and then nothing comes until its sender
// gives up.
func half(text string) (body io.ReadCloser, giveUp func() error) {
	rest, sender := io.Pipe()
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(strings.NewReader(text), rest), rest}, sender.Close
}

// What a handler has begun, it may finish: half an order is worse than none. But one that hangs must not keep
// the server from stopping.
func TestShutdownWaitsForHandlersButNotForEver(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		ctx, leave := context.WithCancel(t.Context())
		finish, handler := hold(ctx, server, "GET", "/healthz")
		defer finish()
		leave()
		time.Sleep(time.Second)
		finish()
		step.Equal(t, "a client left while its handler was writing until +1 s: ServeHTTP must wait for it, or net/http gives its writer to another client",
			"returned after 1s", handler.wait(t))
	})
	for _, route := range []string{"GET /healthz", "POST /trigger", "GET /orders"} {
		step.Bubble(t, func(t *testing.T) { waitsFor(t, route) })
	}
	step.Bubble(t, givesUp)
	step.Bubble(t, hasGivenUp)
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		server.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		handler := begin("ServeHTTP", func() (string, error) {
			server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			return "returned", nil
		})
		step.Equal(t, "a handler panicked with http.ErrAbortHandler: ServeHTTP must let the panic through, or net/http sends half a response as if it were whole",
			"panic: net/http: abort Handler", handler.end(t))
		step.Returns(t, "a handler panicked, and so is over: Shutdown must not wait for it", func() {
			step.Equal(t, "a handler panicked, and so is over: Shutdown must return nil", nil, server.Shutdown(t.Context()))
		})
	})
}

// waitsFor holds the handler of a route while Shutdown waits.
func waitsFor(t *testing.T, route string) {
	server := cleanup.NewServer()
	inner := server.Handler
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/orders" { // a route that is put in front of the four
			io.WriteString(w, "an order")
			return
		}
		inner.ServeHTTP(w, r)
	})
	method, path, _ := strings.Cut(route, " ")
	finish, _ := hold(t.Context(), server, method, path)
	defer finish()
	shutdown := stop(t.Context(), server)
	step.Pass(time.Hour)
	step.Equal(t, "the handler of "+route+" is still writing: Shutdown must wait for it", "still waits", shutdown.state())
	finish()
	step.Equal(t, "the handler of "+route+" has returned: Shutdown must return nil", "nil", shutdown.end(t))
}

// givesUp has Shutdown's context end before the handler.
func givesUp(t *testing.T) {
	server := cleanup.NewServer()
	finish, handler := hold(t.Context(), server, "GET", "/healthz")
	handler.what = "Shutdown gave up on a handler, which came to its end later: ServeHTTP"
	defer finish()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	shutdown := stop(ctx, server)
	step.Pass(time.Hour)
	step.Equal(t, "a handler hangs, and Shutdown's context lasts: Shutdown must wait", "still waits", shutdown.state())
	cancel()
	step.Equal(t, "a handler hangs, and Shutdown's context was cancelled: Shutdown must return then, with the context's error",
		"context.Canceled", shutdown.end(t))
	finish()
	step.Equal(t, "a handler that Shutdown gave up on came to its end later: ServeHTTP must return then", "returned", handler.end(t))
}

// hasGivenUp has Shutdown's context end before Shutdown is called.
func hasGivenUp(t *testing.T) {
	server := cleanup.NewServer()
	finish, _ := hold(t.Context(), server, "GET", "/healthz")
	defer finish()
	stream := begin("the handler of GET /events", func() (string, error) {
		server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
		return "returned", nil
	})
	synctest.Wait()
	ended, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	step.Equal(t, "a handler hangs, and Shutdown's context had ended before: Shutdown must return the context's error",
		"context.DeadlineExceeded", stop(ended, server).end(t))
	stream.what = "Shutdown was called with a context that had ended: shutdown must begin all the same, but the handler of GET /events"
	stream.end(t)
	late := httptest.NewRecorder()
	server.ServeHTTP(late, httptest.NewRequest("GET", "/healthz", nil))
	step.Equal(t, "Shutdown was called with a context that had ended: a request that comes later must get a 503", http.StatusServiceUnavailable, late.Code)
}

// A browser whose stream has ended comes back within seconds. If it gets in, the server is never empty.
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
		routes := "GET /events, POST /trigger (unknown session), POST /responses (unknown id) and GET /healthz must get"
		step.Equal(t, p.over+": before Shutdown, "+routes+" these statuses", "200, 404, 404, 200", knocks())

		finish, _ := hold(t.Context(), p.server, "GET", "/healthz") // so that Shutdown has begun, and has not ended
		defer finish()
		shutdown := stop(t.Context(), p.server)
		step.Pass(0)
		step.Equal(t, p.over+": while Shutdown waits for a last handler, "+routes+" 503 with Retry-After", "503, 503, 503, 503", knocks())
		finish()
		step.Equal(t, p.over+": the last handler has returned: Shutdown must return nil", "nil", shutdown.end(t))
		step.Equal(t, p.over+": after Shutdown, "+routes+" 503 with Retry-After", "503, 503, 503, 503", knocks())
	})
	for range 20 { // the scheduler now and then runs what would have its turn later
		together(t, "a request, then Shutdown")
		together(t, "Shutdown, then a request")
	}
	for range 5 {
		rightBehind(t)
	}
	other := httptest.NewRecorder()
	cleanup.NewServer().ServeHTTP(other, httptest.NewRequest("GET", "/healthz", nil))
	step.Equal(t, "a server was shut down: another server in the same program must go on", http.StatusOK, other.Code)
}

// together lets a request and Shutdown begin in this order, with nothing between
// them.
func together(t *testing.T, order string) {
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		var stopped, late atomic.Bool
		server.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { late.Store(stopped.Load()) })
		both := []func(){
			func() { server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/healthz", nil)) },
			func() { server.Shutdown(context.Background()); stopped.Store(true) },
		}
		if strings.HasPrefix(order, "a request") {
			both[0], both[1] = both[1], both[0] // the last to be started is the first to run
		}
		step.OnOneProcessor(func() {
			var calls sync.WaitGroup
			for _, f := range both {
				calls.Go(f)
			}
			calls.Wait()
		})
		step.Equal(t, order+", at the same moment: no handler must begin after Shutdown has returned", false, late.Load())
	})
}

// rightBehind lets a request and Shutdown wait for the mutex, in this order.
func rightBehind(t *testing.T) {
	server := cleanup.NewServer()
	var stopped, late atomic.Bool
	server.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { late.Store(stopped.Load()) })
	step.InTurn(server, 2, func(i int) {
		if i == 0 {
			server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/healthz", nil))
			return
		}
		server.Shutdown(context.Background())
		stopped.Store(true)
	})
	step.Equal(t, "a request waited for the mutex, and Shutdown came right behind it: no handler must begin after Shutdown has returned",
		false, late.Load())
}

// A signal, a failed health check and a deferred call may all stop the server, while clients leave.
func TestShutdownTwiceAndDeparturesTogether(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		finish, _ := hold(t.Context(), server, "GET", "/healthz")
		defer finish()
		first := stop(t.Context(), server)
		step.Pass(0)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		second := stop(ctx, server)
		step.Pass(time.Minute)
		cancel()
		step.Equal(t, "a handler hangs while two Shutdowns wait, and the second one's context was cancelled: the second must return",
			"context.Canceled", second.end(t))
		step.Equal(t, "a handler hangs while two Shutdowns wait, and the second one's context was cancelled: the first must go on waiting",
			"still waits", first.state())
		finish()
		step.Equal(t, "a second Shutdown gave up, and then the last handler returned: the first must return nil", "nil", first.end(t))
		step.Equal(t, "a second Shutdown gave up, and then the last handler returned: a third Shutdown must return nil", "nil", stop(t.Context(), server).end(t))
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
				all = append(all, begin("one of 100 calls", func() (string, error) { <-start; return "well", happens() }))
			}
		}
		synctest.Wait()
		close(start)
		for _, c := range all {
			step.Equal(t, "25 Calls, 25 departures, 25 requests and 25 Shutdowns at the same moment: each must end at once and without harm",
				"well", c.end(t))
			if c.took >= time.Second {
				step.Fail(t, "25 Calls, 25 departures, 25 requests and 25 Shutdowns at the same moment: each must end at once", "got  "+c.state())
			}
		}
	})
}

// What stands in front of the server (it logs, it knows users) uses the same request, before and after.
func TestTheRequestStaysItsOwners(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, whenTheClientLeaves)
	step.Bubble(t, whenTheServerStops)
	onEach(t, whenTimeIsUp)
}

// looked returns a server whose Handler shows its context, and waits for the end of that.
func looked() (server *cleanup.Server, seen chan context.Context) {
	server, seen = cleanup.NewServer(), make(chan context.Context, 1)
	server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen <- r.Context()
		<-r.Context().Done()
	})
	return server, seen
}

func whenTheClientLeaves(t *testing.T) {
	type user struct{}
	server, seen := looked()
	ctx, leave := context.WithCancelCause(context.WithValue(t.Context(), user{}, "alice"))
	defer leave(nil)
	r := httptest.NewRequestWithContext(ctx, "POST", "/orders", strings.NewReader("an order"))
	body := r.Body
	handler := begin("ServeHTTP", func() (string, error) { server.ServeHTTP(httptest.NewRecorder(), r); return "returned", nil })
	inner := <-seen
	step.Equal(t, "what is in front of the server put a value into the request's context: Handler must find it there", any("alice"), inner.Value(user{}))
	step.Equal(t, "the client is still there, and so is the server: Handler's context must not have ended", nil, inner.Err())
	leave(errImpatient)
	handler.wait(t)
	step.ErrorIs(t, "the client left: Handler's context must have ended with the cause that the request's context has", errImpatient, context.Cause(inner))
	step.Equal(t, "what is in front of the server still uses the request that it gave to ServeHTTP: context and body of that one must not be changed",
		[]bool{true, true}, []bool{r.Context() == ctx, r.Body == body})
}

func whenTheServerStops(t *testing.T) {
	server, seen := looked()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	r := httptest.NewRequestWithContext(ctx, "GET", "/healthz", nil)
	handler := begin("ServeHTTP", func() (string, error) { server.ServeHTTP(httptest.NewRecorder(), r); return "returned", nil })
	inner := <-seen
	step.Returns(t, "Handler waits for the end of its context: Shutdown must end that", func() { server.Shutdown(t.Context()) })
	handler.wait(t)
	step.ErrorIs(t, "the server stopped: the cause of the end of Handler's context must wrap ErrShutdown", cleanup.ErrShutdown, context.Cause(inner))
	step.Equal(t, "the server stopped while the client stayed: the context of the request that ServeHTTP was given must not have ended", nil, r.Context().Err())
}

// whenTimeIsUp is a request that has a deadline, and a body that never ends.
func whenTimeIsUp(t *testing.T, p *house) {
	in := make(chan string, 1)
	p.server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		began := time.Now()
		deadline, _ := r.Context().Deadline()
		io.Copy(io.Discard, r.Body)
		in <- fmt.Sprintf("deadline in %v, read ended after %v, context: %v", deadline.Sub(began), time.Since(began), r.Context().Err())
	})
	p.Pair = pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		p.server.ServeHTTP(w, r.WithContext(ctx))
	}))
	body, never := io.Pipe()
	defer never.Close()
	defer p.post("/orders", body).leave()
	step.Returns(t, p.over+": what is in front of the server gave a request 1 s, and the rest of its body never came: the read of the body must end then", func() {
		step.Equal(t, p.over+": what is in front of the server gave a request 1 s, and the rest of its body never came: this is what Handler must see",
			"deadline in 1s, read ended after 1s, context: context deadline exceeded", <-in)
	})
}
