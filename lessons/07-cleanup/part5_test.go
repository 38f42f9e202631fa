package cleanup_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
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
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
)

// Part 5, whatever comes. There is nothing new to write.

// Clients, callers and the server may leave in any order. Whatever the order, each call ends once, and says who
// left first.
func TestEachCallSaysWhoLeftFirst(t *testing.T) {
	defer step.Begin(t)()
	for _, asks := range []string{isAsked, isTriggered} {
		for _, answer := range []string{answers, refuses} {
			step.Bubble(t, func(t *testing.T) { answeredLast(t, asks, answer) })
		}
	}
	step.Bubble(t, func(t *testing.T) {
		step.Whatever(t, 60, drawStory, func(tb testing.TB, told story) {
			w := newWorld()
			defer w.end()
			for i, m := range told {
				w.play(m)
				step.Equal(tb, told[:i+1].String()+": each call must end for the first reason that applies to it, and everything else must continue",
					w.expected(), w.seen())
			}
		})
	})
}

// answeredLast is an answer that comes just before the server shuts down.
func answeredLast(t *testing.T, asks, answer string) {
	w := newWorld()
	defer w.end()
	told := story{{"A", connects}, {"A", asks}, {"A", isTriggered}}
	for _, m := range told {
		w.play(m)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	w.observe = sync.OnceFunc(func() { w.server.Shutdown(ended) }) // begins it, and waits for nothing
	w.play(move{"A", answer})
	w.play(move{"", shutsDown})
	step.Equal(t, told.String()+", A "+answer+" just before the server shuts down: the first call must still end with that answer, because the answer came first",
		w.expected(), w.seen())
}

// A move is what one party does: client "A" or "B", its callers, the server, or time.
type move struct{ who, does string }

func (m move) String() string { return strings.TrimPrefix(m.who+" "+m.does, " ") }

// A story is moves, one after the other.
type story []move

func (s story) String() string {
	var moves []string
	for _, m := range s {
		moves = append(moves, m.String())
	}
	return strings.Join(moves, ", ")
}

func drawStory(d *step.Dice) story {
	return step.Some(d, 12, func(d *step.Dice) move {
		does := step.Of(d, connects, isAsked, isTriggered, answers, refuses, leaves, losesItsCaller, timePasses, shutsDown)
		switch does {
		case timePasses, shutsDown:
			return move{"", does}
		}
		return move{step.Of(d, "A", "B"), does}
	})
}

const (
	connects       = "connects"
	isAsked        = "is asked by Call"
	isTriggered    = "is asked by POST /trigger"
	answers        = "answers"
	refuses        = "answers with an error"
	leaves         = "leaves"
	losesItsCaller = "loses its first caller"
	timePasses     = "30 s pass"
	shutsDown      = "the server shuts down"
)

// A world is a server of yours with its clients and their callers, and for each of
// them the state that it should be in.
type world struct {
	server  *cleanup.Server
	closed  bool
	clients map[string]*guest
	calls   []*asking
	observe func() // if it is set: when a call has ended, and its caller does not know yet
}

// A guest is a client that answers when it is told to.
type guest struct {
	session *sessions.Session
	leave   context.CancelFunc
	handler *call
	here    bool     // it should be
	asked   []string // the ids of its requests
}

// SendFrames takes what comes down the guest's stream.
func (g *guest) SendFrames(frames ...[]byte) error {
	for _, frame := range frames {
		for _, e := range events(string(frame)) {
			if e.Type == "request" {
				g.asked = append(g.asked, request(e).ID)
			}
		}
	}
	return nil
}

// An asking is a call that waits for a guest.
type asking struct {
	*call
	of      *guest
	id      string
	giveUp  func()
	trigger bool
	want    string // how it should have ended; "": it should wait
}

// ends says how an asking should end, unless it should have ended before.
func (a *asking) ends(call, trigger string) {
	switch {
	case a.want != "":
	case a.trigger:
		a.want = trigger
	default:
		a.want = call
	}
}

func newWorld() *world {
	w := &world{server: cleanup.NewServer(), clients: map[string]*guest{}}
	w.server.Caller.Observe = func(string, time.Duration, error) {
		if w.observe != nil {
			w.observe()
		}
	}
	inner := w.server.Handler
	w.server.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		guest := w.clients[r.Header.Get("Guest")]
		if guest == nil {
			inner.ServeHTTP(rw, r)
			return
		}
		guest.session, _ = w.server.Sessions.Open(r.Context())
		defer guest.session.Close()
		guest.session.Pump(guest)
	})
	return w
}

// play makes m happen, and waits until everything is at rest.
func (w *world) play(m move) {
	guest := w.clients[m.who]
	first := w.first(guest)
	switch {
	case m.does == shutsDown:
		w.shutDown()
	case m.does == timePasses:
		time.Sleep(30 * time.Second)
		w.allEnd(nil, "*timeouts.TimeoutError", "504")
	case m.does == connects && (guest == nil || !guest.here):
		w.connect(m.who)
	case m.does == isAsked && guest != nil:
		w.ask(guest, false)
	case m.does == isTriggered && guest != nil:
		w.ask(guest, true)
	case m.does == leaves && guest != nil && guest.here:
		guest.here = false
		guest.leave()
		w.allEnd(guest, "flushing.ErrClientLeft", "502")
	case first == nil:
	case m.does == losesItsCaller:
		first.giveUp()
		first.ends("impatient", "a response that no one reads")
	case m.does == answers:
		w.server.Caller.Resolve(guest.session.ID(), yes(first.id))
		first.ends("true", "200 true")
	case m.does == refuses:
		w.server.Caller.Resolve(guest.session.ID(), no(first.id))
		first.ends("error 7", "200 error 7")
	}
	synctest.Wait()
}

// first returns the first call that should wait for guest, or nil.
func (w *world) first(guest *guest) *asking {
	for _, a := range w.calls {
		if a.want == "" && a.of == guest {
			return a
		}
	}
	return nil
}

// allEnd says how all calls that wait for guest should end; nil is for all guests.
func (w *world) allEnd(guest *guest, call, trigger string) {
	for _, a := range w.calls {
		if guest == nil || a.of == guest {
			a.ends(call, trigger)
		}
	}
}

func (w *world) shutDown() {
	w.server.Shutdown(context.Background())
	w.closed = true
	w.allEnd(nil, "cleanup.ErrShutdown", "503")
	for _, guest := range w.clients {
		guest.here = false
	}
}

// connect opens the stream of a new guest, which a closed server refuses.
func (w *world) connect(name string) {
	ctx, leave := context.WithCancel(context.Background())
	g := &guest{here: !w.closed, leave: leave}
	if g.here {
		w.clients[name] = g
	}
	g.handler = w.serve(ctx, "GET", "/events", "", name)
	if !g.here {
		w.calls = append(w.calls, &asking{call: g.handler, of: g, giveUp: leave, trigger: true, want: "503"})
	}
	synctest.Wait()
}

// ask asks a guest, who may have left.
func (w *world) ask(guest *guest, trigger bool) {
	ctx, giveUp := context.WithCancelCause(context.Background())
	a := &asking{of: guest, giveUp: func() { giveUp(errImpatient) }, trigger: trigger}
	before := len(guest.asked)
	if trigger {
		a.call = w.serve(ctx, "POST", "/trigger", `{"session":"`+guest.session.ID()+`","method":"really?"}`, "")
	} else {
		a.call = begin("Call", func() (string, error) {
			result, err := w.server.Call(ctx, guest.session, correlation.Request{Method: "really?"})
			return string(result), ofCall(err)
		})
	}
	synctest.Wait()
	if len(guest.asked) > before {
		a.id = guest.asked[before]
	}
	if w.closed || !guest.here {
		a.ends("sessions.ErrClosed", map[bool]string{true: "503", false: "404"}[w.closed])
	}
	w.calls = append(w.calls, a)
}

// serve has the server serve a request, of a guest if it has a name.
func (w *world) serve(ctx context.Context, method, path, body, name string) *call {
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Guest", name)
	return begin(method+" "+path, func() (string, error) {
		rw := httptest.NewRecorder()
		w.server.ServeHTTP(rw, r)
		return strings.TrimSpace(fmt.Sprint(rw.Code, " ", outcome(rw.Body.String()))), nil
	})
}

// expected returns what the world should look like.
func (w *world) expected() string {
	var calls []string
	open, waiting := 0, 0
	for _, a := range w.calls {
		if a.want == "" {
			waiting++
		}
		calls = append(calls, cmp.Or(a.want, "still waiting"))
	}
	for _, guest := range w.clients {
		if guest.here {
			open++
		}
	}
	return w.looks(calls, open, open, waiting)
}

// seen returns what the world looks like.
func (w *world) seen() string {
	var calls []string
	open := 0
	for _, a := range w.calls {
		ended := a.result
		if a.state() == "still waiting" {
			ended = "still waiting"
		} else if strings.HasPrefix(a.want, "a response") {
			ended = a.want
		}
		calls = append(calls, ended)
	}
	for _, guest := range w.clients {
		if guest.handler.state() == "still waiting" {
			open++
		}
	}
	return w.looks(calls, open, w.server.Sessions.Len(), w.server.Caller.Len())
}

func (w *world) looks(calls []string, streams, open, pending int) string {
	return fmt.Sprintf("calls: [%s], streams: %d, sessions: %d, pending: %d", strings.Join(calls, ", "), streams, open, pending)
}

// end makes everyone leave.
func (w *world) end() {
	for _, guest := range w.clients {
		guest.leave()
	}
	for _, a := range w.calls {
		a.giveUp()
	}
	synctest.Wait()
}

// wantProblem fails the step unless a trigger's response is a problem with this status
// and detail, and asks its sender to come back after so many seconds ("": it does not
// say). It returns the problem.
func (tr *triggered) wantProblem(t *testing.T, scene string, status int, after, detail string) string {
	t.Helper()
	problem := fmt.Sprintf(`{"status":%d,"title":%q,"detail":%q}`, status, http.StatusText(status), detail)
	got := []string{tr.header.Get("Content-Type"), "Retry-After: " + tr.header.Get("Retry-After"), strings.TrimSpace(tr.body)}
	step.Equal(t, scene+": the sender must get the problem document (RFC 9457) that s.problem returns, unchanged", "application/problem+json, Retry-After: "+after+", "+problem, strings.Join(got, ", "))
	return problem
}

// streamEnds is a client whose stream ends because middleware ends its context.
func streamEnds(t *testing.T, how string, cause error) {
	p := &house{t: t, server: cleanup.NewServer(), over: "middleware"}
	p.Pair = pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			ctx, cancel := ending(r.Context(), how, cause)
			defer cancel()
			r = r.WithContext(ctx)
		}
		p.server.ServeHTTP(w, r)
	}))
	scene := fmt.Sprintf("the context of a client's stream %s, with cause %q (a %[2]T)", how, cause)
	session, _ := p.open()
	again, call, trigger := p.asking(t.Context(), session), p.ask(t.Context(), session), p.trigger(session, 0)
	step.Equal(t, scene+": Call must return at that moment, with an error that wraps ErrClientLeft", "flushing.ErrClientLeft after 1s", call.wait(t))
	step.Equal(t, scene+": a trigger's sender must get a 502 at that moment", "502 after 1s", trigger.wait(t))
	step.Equal(t, scene+", and then Call was called: Call must immediately return an error that wraps sessions.ErrClosed", "sessions.ErrClosed after 0s", begin("Call", again).wait(t))
}

// inTurn is a client with a Limit, and more requests than that.
func inTurn(t *testing.T) {
	for limit, want := range map[int]int32{0: 8, 1: 1, 12: 12} {
		p := &house{t: t, server: cleanup.NewServer(), over: fmt.Sprint("Limit is ", limit)}
		p.Pair = pair.Memory(t, p.server)
		var handles, most atomic.Int32
		running, leave := p.run(t, timeouts.Answerer{Client: p.Client, Limit: limit,
			Handle: func(context.Context, string, json.RawMessage) (any, error) {
				most.Store(max(most.Load(), handles.Add(1)))
				defer handles.Add(-1)
				time.Sleep(time.Second)
				return true, nil
			}})
		session := p.only(t, running)
		var calls []*call
		for range 15 {
			calls = append(calls, p.call(session, "really?", "null"))
		}
		for _, c := range calls {
			c.wait(t)
		}
		step.Equal(t, p.over+" (0 means 8), and 15 requests arrived at once: Run must run as many Handles at a time as Limit allows", want, most.Load())
		leave()
		running.wait(t)
	}
}
