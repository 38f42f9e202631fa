package cleanup_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	cleanup "example.com/sseworkbook/lessons/07-cleanup"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
)

// Part 4, what is left behind. There is nothing new to write.

// A leak of one goroutine for each visitor shows after days, at night. A thousand visitors show it now.
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
		step.Equal(t, "a client answered 100 calls and stayed connected: Call must release their contexts (got: how many are still in memory)", 0, kept())

		for name, end := range p.failures() {
			kept = step.HeldContexts(20, func(ctx context.Context) { end(t, ctx, session) })
			step.Equal(t, "20 calls "+name+" while the client stayed connected: Call must release their contexts (got: how many are still in memory)", 0, kept())
		}

		kept = step.HeldContexts(100, func(ctx context.Context) {
			visitor, _ := p.server.Sessions.Open(ctx)
			answered(t.Context(), visitor)
			visitor.Close()
		})
		step.Equal(t, "100 clients came, answered a call each and left: the server must release their sessions (got: how many are still in memory)", 0, kept())

		kept = step.HeldContexts(100, func(ctx context.Context) {
			p.server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/healthz", nil))
		})
		step.Equal(t, "100 requests got their responses: ServeHTTP must release their contexts (got: how many are still in memory)", 0, kept())
		runtime.KeepAlive(p)
	})
	onEach(t, func(t *testing.T, p *house) {
		synctest.Wait()
		before, _ := step.Goroutines()
		for visit := range 5 {
			clients, leave := p.crowd(t)
			synctest.Wait()
			step.Equal(t, p.over+": 100 clients came: each must have a session", 100, p.server.Sessions.Len())
			asked := p.trigger("", 0)
			time.Sleep(time.Second)
			if visit == 0 {
				p.Cut() // the network is gone, and the trigger's sender with it
			}
			leave()
			if visit > 0 {
				step.Equal(t, p.over+": 100 clients were asked, 10 answered, and 90 left instead: the trigger's sender must get 100 outcomes",
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
			step.Fail(t, p.over+": 500 clients came, were asked and vanished: they must leave nothing behind", "got  "+got, "want "+want, "most of them are at "+most)
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
		"were given up": func(t *testing.T, ctx context.Context, session *sessions.Session) {
			ctx, giveUp := context.WithCancel(ctx)
			call := p.ask(ctx, session.ID())
			asked(session)
			giveUp()
			call.wait(t)
		},
	}
}

// crowd lets 100 clients come: 20 of yours over the network, of which 10 answer,
// and 80 that come without one, since a network takes its time.
func (p *house) crowd(t *testing.T) (clients []*call, leave func()) {
	p.Get("/healthz") // opens the one connection that all clients of HTTP/2 share
	ctx, leave := context.WithCancel(context.Background())
	for n := range 20 {
		client := cleanup.Client{URL: p.URL + "/events", Answerer: timeouts.Answerer{Client: p.Client, Handle: answerIf(n%2 == 0)}}
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

// answerIf answers, or else waits until nobody wants an answer any more.
func answerIf(answer bool) func(context.Context, string, json.RawMessage) (any, error) {
	return func(ctx context.Context, _ string, _ json.RawMessage) (any, error) {
		if !answer {
			<-ctx.Done()
		}
		return true, ctx.Err()
	}
}
