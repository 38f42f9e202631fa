package cleanup_test

import (
	"context"
	"errors"
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
		answer.wait(t)
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
		step.Bubble(t, func(t *testing.T) {
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
			shutdown := begin("Shutdown", func() (string, error) { return "nil", server.Shutdown(t.Context()) })
			time.Sleep(time.Second)
			finish()
			step.Equal(t, "the handler of "+route+" writes until +1 s: Shutdown must wait for it and return nil",
				"nil after 1s", shutdown.wait(t))
		})
	}
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		finish, handler := hold(t.Context(), server, "GET", "/healthz")
		handler.what = "Shutdown gave up on a handler, which came to its end later: ServeHTTP"
		defer finish()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		shutdown := begin("Shutdown", func() (string, error) { return "nil", server.Shutdown(ctx) })
		time.Sleep(time.Minute)
		finish()
		step.Equal(t, "a handler hangs for a minute, and Shutdown's context ends at +10 s: Shutdown must return then, with the context's error",
			"context.DeadlineExceeded after 10s", shutdown.wait(t))
		step.Equal(t, "a handler that Shutdown gave up on came to its end at +1 min: ServeHTTP must return then",
			"returned after 1m0s", handler.wait(t))
	})
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
		shutdown := begin("Shutdown", func() (string, error) { return "nil", p.server.Shutdown(t.Context()) })
		synctest.Wait()
		step.Equal(t, p.over+": while Shutdown waits for a last handler, "+routes+" 503 with Retry-After", "503, 503, 503, 503", knocks())
		finish()
		step.Equal(t, p.over+": the last handler has returned: Shutdown must return nil", "nil after 0s", shutdown.wait(t))
		step.Equal(t, p.over+": after Shutdown, "+routes+" 503 with Retry-After", "503, 503, 503, 503", knocks())
	})
	for range 20 { // the scheduler now and then runs what would have its turn later
		together(t, "a request, then Shutdown")
		together(t, "Shutdown, then a request")
	}
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

// A signal, a failed health check and a deferred call may all stop the server, while clients leave.
func TestShutdownTwiceAndDeparturesTogether(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		finish, _ := hold(t.Context(), server, "GET", "/healthz")
		defer finish()
		first := begin("Shutdown", func() (string, error) { return "nil", server.Shutdown(t.Context()) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		second := begin("Shutdown", func() (string, error) { return "nil", server.Shutdown(ctx) })
		time.Sleep(time.Minute)
		finish()
		step.Equal(t, "a handler hangs for a minute while two Shutdowns wait, the second for a second: each must return at its own time",
			"nil after 1m0s, context.DeadlineExceeded after 1s", first.wait(t)+", "+second.wait(t))
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
			step.Equal(t, "25 Calls, 25 departures, 25 requests and 25 Shutdowns at the same moment: each must end at once and without harm", "well after 0s", c.wait(t))
		}
	})
}

// hold makes a handler of the server hang in a write, until finish is called. Its
// request's context is ctx.
func hold(ctx context.Context, server *cleanup.Server, method, path string) (finish func(), handler *call) {
	w, done := httptest.NewRecorder(), make(chan struct{})
	held := pair.Intercept(w, func(p []byte) (int, error) {
		<-done
		return w.Write(p)
	})
	handler = begin("ServeHTTP", func() (string, error) {
		server.ServeHTTP(held, httptest.NewRequestWithContext(ctx, method, path, strings.NewReader("{}")))
		return "returned", nil
	})
	synctest.Wait()
	return sync.OnceFunc(func() { close(done) }), handler
}
