package cleanup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	cleanup "example.com/sseworkbook/lessons/07-cleanup"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// Part 2: the server stops.

// net/http never ends a stream by itself: its own Shutdown waits for as long as one browser tab is open.
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
