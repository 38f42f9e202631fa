package cleanup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	cleanup "example.com/sseworkbook/lessons/07-cleanup"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
)

// Part 3: the client stops.

// Run is all that a client's program calls. It is one call, with all that the lessons before have built behind it.
func TestAClientAnswersWhatItIsAsked(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		var handles, most atomic.Int32
		var seen step.List[framing.Event]
		var undelivered step.List[string]
		running, _ := p.run(t, timeouts.Answerer{Client: p.Client, Limit: 1,
			Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
				most.Store(max(most.Load(), handles.Add(1)))
				defer handles.Add(-1)
				time.Sleep(time.Second)
				return double(ctx, method, params)
			},
			OnEvent:       func(e framing.Event) { seen.Add(e) },
			OnUndelivered: func(r correlation.Response, err error) { undelivered.Add(r.ID) },
		})
		session := p.only(t, running)
		step.Equal(t, p.over+": the client takes 1 s to double 21: Run must send its answer", "42 after 1s", p.call(session, "double", "21").wait(t))

		session.Send(session.Endpoint())
		time.Sleep(time.Hour)
		step.Equal(t, p.over+": the server sent its endpoint again, and nothing else for an hour: Run must go on", "still waits", running.state())

		first, second := p.call(session, "double", "1"), p.call(session, "double", "2")
		first.wait(t)
		second.wait(t)
		step.Equal(t, p.over+": Limit is 1, and two requests came at once: Run must not call two Handles at the same time", int32(1), most.Load())

		last := p.call(session, "double", "3")
		synctest.Wait()
		events := seen.All()
		step.Equal(t, p.over+": two endpoints and four requests came: OnEvent must be told of each", 6, len(events))
		id := request(events[5]).ID
		p.server.Caller.Resolve(session.ID(), yes(id)) // so that the client's own answer is the second
		last.wait(t)
		time.Sleep(time.Minute)
		step.Equal(t, p.over+": the server refused the answer to the last request: OnUndelivered must be told of it", []string{id}, undelivered.All())
	})
	step.Bubble(t, func(t *testing.T) {
		p := &house{t: t, server: cleanup.NewServer(), over: "a Client without an HTTP client"}
		p.Pair = pair.Memory(t, p.server)
		defer func(rt http.RoundTripper) { http.DefaultTransport = rt }(http.DefaultTransport)
		http.DefaultTransport = p.Client.Transport // which http.DefaultClient uses
		running, _ := p.run(t, timeouts.Answerer{Handle: double})
		p.only(t, running)
		time.Sleep(time.Hour)
		step.Equal(t, p.over+" connected, and nothing happened for an hour: Run must go on", "still waits", running.state())
		p.Cut()
		running.wait(t)
	})
	step.Bubble(t, moved)
	step.Bubble(t, elsewhere)
}

// moved is an event stream whose address has changed.
func moved(t *testing.T) {
	p := &house{t: t, server: cleanup.NewServer(), over: "/events redirects to /v2/events"}
	inner := p.server.Handler
	p.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			http.Redirect(w, r, "/v2/events", http.StatusTemporaryRedirect)
			return
		}
		http.StripPrefix("/v2", inner).ServeHTTP(w, r)
	})
	p.Pair = pair.Memory(t, p.server)
	running, _ := p.run(t, timeouts.Answerer{Client: p.Client, Handle: double})
	step.Equal(t, p.over+", and the endpoint there is \"responses?session=…\": Run must send its answers to /v2/responses",
		"42 after 0s", p.call(p.only(t, running), "double", "21").wait(t))
}

// elsewhere is an endpoint on another origin.
func elsewhere(t *testing.T) {
	const other = "https://other.example"
	p := &house{t: t, server: cleanup.NewServer(), over: "the endpoint is on another origin"}
	p.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, _ := p.server.Sessions.Open(r.Context())
		session.Stream(w, r, framing.Event{Type: "endpoint", Data: other + "/answers"})
	})
	p.Pair = pair.Memory(t, p.server)
	running, leave := p.run(t, timeouts.Answerer{Client: p.Client, Handle: double})
	time.Sleep(time.Second)
	if running.state() == "still waits" || running.result == "nil" {
		step.Fail(t, p.over+", and the Client's Origins do not have it: Run must return an error", "Run: "+running.state())
	}
	leave()
	synctest.Wait()
	running, _ = p.run(t, timeouts.Answerer{Client: p.Client, Handle: double, Origins: []string{other},
		Deliver: func(_ context.Context, endpoint string, r correlation.Response) error {
			r.Result, _ = json.Marshal(endpoint)
			return p.server.Caller.Resolve(p.server.Sessions.All()[0].ID(), r)
		},
	})
	step.Equal(t, p.over+", and the Client's Origins have it: Run must have Deliver send the answers there",
		`"`+other+`/answers" after 0s`, p.call(p.only(t, running), "double", "21").wait(t))
}

// A client's program stops like any other: when a context ends. What it began is over when Run returns.
func TestTheClientStopsWithItsContext(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		var tidied atomic.Bool
		var requests atomic.Int32
		inner := p.server.Handler
		p.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			inner.ServeHTTP(w, r)
		})
		running, leave := p.run(t, timeouts.Answerer{Client: p.Client,
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
		step.Equal(t, p.over+": the context ended at +1 s, and a Handle needs until +2 s to clean up: Run must return then, with the context's cause",
			"impatient after 2s", running.wait(t))
		step.Equal(t, p.over+": Run returned: its Handle must have returned first", true, tidied.Load())
		synctest.Wait()
		step.Equal(t, p.over+": Run returned: the server must have no session of it left", 0, p.server.Sessions.Len())
		call.wait(t)
		before := requests.Load()
		time.Sleep(time.Hour)
		step.Equal(t, p.over+": Run returned an hour ago: the client must have sent no request since", before, requests.Load())
	})
	onEach(t, func(t *testing.T, p *house) {
		running, _ := p.run(t, timeouts.Answerer{Client: p.Client, Handle: double})
		running.what = p.over + ": the server ended the stream: Run"
		p.only(t, running).Close()
		step.Equal(t, p.over+": the server ended the stream: Run must return nil", "nil after 0s", running.wait(t))

		running, _ = p.run(t, timeouts.Answerer{Client: p.Client, Handle: double})
		p.only(t, running)
		p.Cut()
		if got := running.wait(t); running.result == "nil" {
			step.Fail(t, p.over+": the connection broke: Run must return an error", "got  "+got)
		}

		running, _ = begun(t, p.Pair, &cleanup.Client{URL: p.URL + "/events", MaxEventSize: 1000, Answerer: timeouts.Answerer{Client: p.Client, Handle: double}})
		running.what = "MaxEventSize is 1000, and an event of 1001 bytes came: Run"
		p.only(t, running).Send(framing.Event{Data: strings.Repeat("x", 1001)})
		step.Equal(t, p.over+": MaxEventSize is 1000, and an event of 1001 bytes came: Run must return ErrEventTooLarge",
			"parsing.ErrEventTooLarge after 0s", running.wait(t))
	})
	step.Bubble(t, func(t *testing.T) {
		p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "no", http.StatusForbidden)
		}))
		running, _ := begun(t, p, &cleanup.Client{URL: p.URL + "/refused", Answerer: timeouts.Answerer{Client: p.Client}})
		step.Equal(t, "the server refused the client with 403: Run must return parsing's ResponseError", "*parsing.ResponseError after 0s", running.wait(t))
		running, _ = begun(t, p, &cleanup.Client{URL: ":", Answerer: timeouts.Answerer{Client: p.Client}})
		step.Equal(t, `the client's URL is ":", which is not a URL: Run must return the error that says so`, "*url.Error after 0s", running.wait(t))
	})
	onEach(t, connecting)
	step.Bubble(t, given)
}

// connecting is a client whose context ends, in either way, before the server has answered.
func connecting(t *testing.T, p *house) {
	p.server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client := cleanup.Client{URL: p.URL + "/events", Answerer: timeouts.Answerer{Client: p.Client}}
	for how, leaving := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"was cancelled": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Second, func() { cancel(errImpatient) })
			return ctx, func() { cancel(nil) }
		},
		"reached its deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(ctx, time.Second, errImpatient)
		},
	} {
		ctx, cancel := leaving(t.Context())
		defer cancel()
		running := begin("Run", func() (string, error) { return "nil", client.Run(ctx) })
		running.what = p.over + ": the context ended while the client was still connecting: Run"
		step.Equal(t, p.over+": the server does not answer GET /events, and the context "+how+" at +1 s: Run must return then, with an error that wraps the context's cause",
			"impatient after 1s", running.wait(t))
	}
}

// given is a stream that somebody else has opened: Answer does without Run.
func given(t *testing.T) {
	from, _ := url.Parse("https://example.com/v2/events")
	body, server := io.Pipe()
	var endpoints step.List[string]
	client := cleanup.Client{MaxEventSize: 1000, Answerer: timeouts.Answerer{Handle: double,
		Deliver: func(_ context.Context, endpoint string, r correlation.Response) error {
			endpoints.Add(endpoint + " " + string(r.Result))
			return nil
		},
	}}
	ctx, leave := context.WithCancelCause(t.Context())
	source := parsing.NewSource(body)
	source.MaxEventSize = 2000
	answering := begin("Answer", func() (string, error) { return "nil", client.Answer(ctx, source, from) })
	answering.what = "the context ended, and Answer was reading a stream: Answer"
	for _, event := range []string{
		"event: endpoint\ndata: responses?session=1\n\n",
		"event: request\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"7\",\"method\":\"double\",\"params\":21}\n\n",
	} {
		if _, err := io.WriteString(server, event); err != nil {
			step.Fail(t, "Answer was given a stream and must read it: it closed the stream instead", "Answer: "+answering.state())
		}
	}
	synctest.Wait()
	step.Equal(t, "a stream from https://example.com/v2/events asked to double 21: Answer must have Deliver send the result",
		[]string{"https://example.com/v2/responses?session=1 42"}, endpoints.All())
	time.Sleep(time.Second)
	leave(errImpatient)
	step.Equal(t, "Answer's context ended at +1 s: Answer must return then, with the context's cause", "impatient after 1s", answering.wait(t))
	_, err := server.Write([]byte(":\n"))
	step.Equal(t, "Answer returned: it must have closed the stream", io.ErrClosedPipe, err)
	step.Equal(t, "Answer was given a stream with a MaxEventSize of 2000: that is its opener's, and Answer must not change it", 2000, source.MaxEventSize)
}

// net/http recovers from a handler's panic, since one request must not take down the rest. Your Handle runs on
// goroutines without such a guard: one request that you did not foresee, and the whole program is gone.
func TestAHandlerThatPanicsCostsOneAnswer(t *testing.T) {
	defer step.Begin(t)()
	for _, logTo := range []string{"Client.Log", "slog.Default, since Client.Log is nil"} {
		step.Bubble(t, func(t *testing.T) { panicking(t, logTo) })
	}
}

// panicking is a client whose Handle panics, and which logs to what log says.
func panicking(t *testing.T, logTo string) {
	var logged bytes.Buffer
	server := cleanup.NewServer()
	p := &house{pair.Memory(t, server.Handler), t, server, "HTTP/1.1"} // not your ServeHTTP: this is about the client
	client := &cleanup.Client{URL: p.URL + "/events", Answerer: timeouts.Answerer{Client: p.Client, Handle: clumsy}}
	handle := reflect.ValueOf(client.Handle).Pointer()
	if logTo == "Client.Log" {
		client.Log = slog.New(slog.NewTextHandler(&logged, nil))
	} else {
		defer log.SetOutput(log.Writer())
		log.SetOutput(&logged) // where slog.Default writes
	}
	running, _ := begun(t, p.Pair, client)
	session := p.only(t, running)
	for _, method := range slices.Sorted(maps.Keys(panics)) {
		logged.Reset()
		step.Equal(t, "Handle panicked with "+method+": its caller must get an internal error (-32603) at once",
			"error -32603 after 0s", p.call(session, method, "21").wait(t))
		synctest.Wait()
		step.Equal(t, "Handle panicked with "+method+": the client must log that to "+logTo, true, logged.Len() > 0)
	}
	step.Equal(t, "Handle panicked with a runtime error: its caller must get an internal error (-32603) at once",
		"error -32603 after 0s", p.call(session, "a runtime error", "21").wait(t))
	step.Equal(t, "Handle panicked several times: the next request must be answered as usual",
		"42 after 0s", p.call(session, "double", "21").wait(t))
	step.Equal(t, "Run changed the Client's Handle: a Client may run several times at once, and its fields are its owner's",
		handle, reflect.ValueOf(client.Handle).Pointer())
}

// clumsy is double, but panics where the method says so.
func clumsy(ctx context.Context, method string, params json.RawMessage) (any, error) {
	if value, found := panics[method]; found {
		panic(value)
	}
	if method == "a runtime error" {
		return params[len(params)], nil
	}
	return double(ctx, method, params)
}

// panics are values to panic with.
var panics = map[string]any{
	"a text":               "a Handle panicked, and nothing in the client stopped that",
	"an error":             errors.New("a Handle panicked, and nothing in the client stopped that"),
	"an error of its own":  &correlation.Error{Code: 1, Message: "not for the caller"},
	"http.ErrAbortHandler": http.ErrAbortHandler,
	"nil":                  nil,
}

// run runs a client of yours at the server's event stream.
func (p *house) run(t *testing.T, answerer timeouts.Answerer) (running *call, leave func()) {
	t.Helper()
	return begun(t, p.Pair, &cleanup.Client{URL: p.URL + "/events", Answerer: answerer})
}

// begun runs a client of yours until leave is called, or the step ends and cuts it
// off.
func begun(t *testing.T, p *pair.Pair, client *cleanup.Client) (running *call, leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	leave = func() { cancel(errImpatient) }
	running = begin("Run", func() (string, error) { return "nil", client.Run(ctx) })
	t.Cleanup(func() {
		leave()
		p.Cut()
		running.wait(t)
	})
	return running, leave
}
