package cleanup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strconv"
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
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
)

// Part 3: the client stops.

// A client's program calls only Run. Behind that one call is everything that the earlier lessons built.
func TestAClientAnswersWhatItIsAsked(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		var seen step.List[framing.Event]
		var undelivered step.List[string]
		running, _ := p.run(t, timeouts.Answerer{Client: p.Client,
			Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
				time.Sleep(time.Second)
				return double(ctx, method, params)
			},
			OnEvent:       func(e framing.Event) { seen.Add(e) },
			OnUndelivered: func(r correlation.Response, err error) { undelivered.Add(r.ID) },
		})
		session := p.only(t, running)
		step.Equal(t, p.over+": Handle takes 1 s to double 21: Run must send the answer as soon as Handle returns", "42 after 1s", p.call(session, "double", "21").wait(t))

		session.Send(session.Endpoint())
		time.Sleep(time.Hour)
		step.Equal(t, p.over+": the server sent its endpoint again, and then nothing for an hour: Run must keep running", "still waiting", running.state())

		last := p.call(session, "double", "3")
		synctest.Wait()
		events := seen.All()
		step.Equal(t, p.over+": two endpoint events and two requests arrived: OnEvent must be called for each", 4, len(events))
		id := request(events[3]).ID
		p.server.Caller.Resolve(session.ID(), yes(id)) // so that the client's own answer is the second
		last.wait(t)
		time.Sleep(time.Minute)
		step.Equal(t, p.over+": the server refused the answer to the last request: OnUndelivered must be called with that answer", []string{id}, undelivered.All())
	})
	step.Bubble(t, func(t *testing.T) {
		p := &house{t: t, server: cleanup.NewServer(), over: "Answerer.Client is nil"}
		p.Pair = pair.Memory(t, p.server)
		defer func(rt http.RoundTripper) { http.DefaultTransport = rt }(http.DefaultTransport)
		http.DefaultTransport = p.Client.Transport // which http.DefaultClient uses
		running, _ := p.run(t, timeouts.Answerer{Handle: double})
		p.only(t, running)
		time.Sleep(time.Hour)
		step.Equal(t, p.over+", Run connected, and nothing happened for an hour: Run must keep running", "still waiting", running.state())
		p.Cut()
		running.wait(t)
	})
	step.Bubble(t, inTurn)
	step.Bubble(t, moved)
	step.Bubble(t, elsewhere)
	step.Bubble(t, limited)
}

// moved is an event stream whose address has changed, for clients with a cookie.
func moved(t *testing.T) {
	p := &house{t: t, server: cleanup.NewServer(), over: "/events sets a cookie and redirects to /v2/events"}
	inner := p.server.Handler
	p.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("user"); r.URL.Path == "/events" || err != nil {
			http.SetCookie(w, &http.Cookie{Name: "user", Value: "alice", Path: "/"})
			http.Redirect(w, r, "/v2/events", http.StatusTemporaryRedirect)
			return
		}
		http.StripPrefix("/v2", inner).ServeHTTP(w, r)
	})
	p.Pair = pair.Memory(t, p.server)
	client := *p.Client
	client.Jar, _ = cookiejar.New(nil)
	c := &cleanup.Client{URL: p.URL + "/events", Answerer: timeouts.Answerer{Client: &client, Handle: double}} // all of client, its Jar too
	running, _ := begun(t, p.Pair, c)
	step.Equal(t, p.over+", where the endpoint is responses?session=…: Run must send its answers to /v2/responses",
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
	if running.state() == "still waiting" || running.result == "nil" {
		step.Fail(t, p.over+" (not one of the Client's Origins): Run must return an error", "got  "+running.state())
	}
	leave()
	synctest.Wait()
	running, _ = p.run(t, timeouts.Answerer{Client: p.Client, Handle: double, Origins: []string{other},
		Deliver: func(_ context.Context, endpoint string, r correlation.Response) error {
			r.Result, _ = json.Marshal(endpoint)
			return p.server.Caller.Resolve(p.server.Sessions.All()[0].ID(), r)
		},
	})
	step.Equal(t, p.over+" (one of the Client's Origins): Run must call Deliver with that endpoint",
		`"`+other+`/answers" after 0s`, p.call(p.only(t, running), "double", "21").wait(t))
}

// limited is a client with its own limit for an event.
func limited(t *testing.T) {
	const most, tooLarge = parsing.DefaultMaxEventSize, "parsing.ErrEventTooLarge after 0s"
	line := "data:" + strings.Repeat("x", most)
	for _, tt := range []struct {
		limit, size int
		want        string
	}{
		{1000, 1000, "nil after 0s"}, {1000, 1001, tooLarge}, {0, 2 << 20, "nil after 0s"}, {0, most + 1, tooLarge}, {-1, most + 1, "nil after 0s"}, {2 * most, most + 1, "nil after 0s"},
	} {
		running := begin("Run", func() (string, error) {
			client := &cleanup.Client{URL: "https://example.com/events", MaxEventSize: tt.limit, Answerer: timeouts.Answerer{Client: &http.Client{Transport: canned(line[:tt.size])}}}
			return "nil", client.Run(t.Context())
		})
		must := map[bool]string{true: "refuse", false: "accept"}[tt.want == tooLarge]
		step.Equal(t, fmt.Sprintf("the Client's MaxEventSize is %d, and an event arrived with one line of %d bytes: Run must %s it, as parsing.Decoder does", tt.limit, tt.size, must),
			tt.want, running.wait(t))
	}
}

// A client's program stops like any other: when a context ends. Everything that it began has ended when Run returns.
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
		step.Equal(t, p.over+": the context ended at +1 s, and Handle takes 1 s more: Run must return at +2 s, with the context's cause",
			"impatient after 2s", running.wait(t))
		step.Equal(t, p.over+": Run returned: its Handle must have returned first", true, tidied.Load())
		synctest.Wait()
		step.Equal(t, p.over+": Run returned: the server must have no sessions left", 0, p.server.Sessions.Len())
		call.wait(t)
		before := requests.Load()
		time.Sleep(time.Hour)
		step.Equal(t, p.over+": Run returned an hour ago: the client must not have sent any request since then (shown: requests so far)", before, requests.Load())
	})
	onEach(t, func(t *testing.T, p *house) {
		running, _ := p.run(t, timeouts.Answerer{Client: p.Client, Handle: double})
		running.what = p.over + ": the server ended the stream, but Run"
		p.only(t, running).Close()
		step.Equal(t, p.over+": the server ended the stream: Run must return nil at once", "nil after 0s", running.wait(t))

		running, _ = p.run(t, timeouts.Answerer{Client: p.Client, Handle: double})
		p.only(t, running)
		p.Cut()
		if got := running.wait(t); running.result == "nil" {
			step.Fail(t, p.over+": the connection broke: Run must return an error", "got  "+got)
		}
	})
	step.Bubble(t, func(t *testing.T) {
		p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "no", http.StatusForbidden)
		}))
		running, _ := begun(t, p, &cleanup.Client{URL: p.URL + "/refused", Answerer: timeouts.Answerer{Client: p.Client}})
		step.Equal(t, "the server refused the client with a 403: Run must return a *parsing.ResponseError at once", "*parsing.ResponseError after 0s", running.wait(t))
		running, _ = begun(t, p, &cleanup.Client{URL: ":", Answerer: timeouts.Answerer{Client: p.Client}})
		step.Equal(t, `the client's URL is ":", which is not valid: Run must return a *url.Error at once`, "*url.Error after 0s", running.wait(t))
	})
	onEach(t, connecting)
	step.Bubble(t, given)
}

// connecting is a client whose context ends, in either way, before the server has answered.
func connecting(t *testing.T, p *house) {
	p.server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client := cleanup.Client{URL: p.URL + "/events", Answerer: timeouts.Answerer{Client: p.Client}}
	for _, how := range []string{"was cancelled at +1 s", "had ended before Run was called", "reached its deadline at +1 s"} {
		ctx, cancel := ending(t.Context(), how, errImpatient)
		defer cancel()
		running := begin("Run", func() (string, error) { return "nil", client.Run(ctx) })
		running.what = p.over + ": the context ended while the client was still connecting, but Run"
		running.wait(t)
		step.Equal(t, p.over+": the server does not answer, and the context "+how+": Run must return at once, with an error that wraps the cause",
			"error: impatient, took at most 1s: true", fmt.Sprintf("error: %s, took at most 1s: %v", running.result, running.took <= time.Second))
	}
}

// ending derives a context that ends in the given way, with a cause.
func ending(ctx context.Context, how string, cause error) (context.Context, context.CancelFunc) {
	switch how {
	case "had ended before Run was called":
		return context.WithTimeoutCause(ctx, 0, cause)
	case "reached its deadline at +1 s":
		return context.WithTimeoutCause(ctx, time.Second, cause)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	time.AfterFunc(time.Second, func() { cancel(cause) })
	return ctx, func() { cancel(nil) }
}

// given is a stream that Run did not open: Answer works without Run.
func given(t *testing.T) {
	from, _ := url.Parse("https://example.com/v2/events")
	body, server := io.Pipe()
	var endpoints step.List[string]
	type user struct{}
	client := cleanup.Client{MaxEventSize: 1000, Answerer: timeouts.Answerer{
		Handle: func(ctx context.Context, _ string, params json.RawMessage) (any, error) {
			return []any{ctx.Value(user{}), params}, nil
		},
		Deliver: func(_ context.Context, endpoint string, r correlation.Response) error {
			endpoints.Add(endpoint + " " + string(r.Result))
			return nil
		},
	}}
	ctx, leave := context.WithCancelCause(context.WithValue(t.Context(), user{}, "alice"))
	source := parsing.NewSource(body)
	source.MaxEventSize, source.URL = 2000, &url.URL{Scheme: "https", Host: "proxy.example", Path: "/events"}
	answering := begin("Answer", func() (string, error) { return "nil", client.Answer(ctx, source, from) })
	answering.what = "the context ended while Answer was reading the stream, but Answer"
	for _, event := range []string{
		"event: endpoint\ndata: responses?session=1\n\n",
		"event: request\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"7\",\"method\":\"double\",\"params\":" + verbatim + "}\n\n",
	} {
		if _, err := io.WriteString(server, event); err != nil {
			step.Fail(t, "Answer closed the stream that it was given, but must read it", "Answer: "+answering.state())
		}
	}
	synctest.Wait()
	step.Equal(t, "Answer was called with from = https://example.com/v2/events: Answer must resolve the endpoint against that URL, and must pass Handle the values in Answer's context and the unchanged params",
		[]string{`https://example.com/v2/responses?session=1 ["alice",` + verbatim + `]`}, endpoints.All())
	time.Sleep(time.Second)
	leave(errImpatient)
	step.Equal(t, "Answer's context ended after 1 s: Answer must return at once, with the context's cause", "impatient after 1s", answering.wait(t))
	_, err := server.Write([]byte(":\n"))
	step.Equal(t, "Answer's context ended: Answer must close the stream before it returns", io.ErrClosedPipe, err)
	step.Equal(t, "Answer was given a stream with a MaxEventSize and a URL: Answer must not change these fields", "2000 https://proxy.example/events", fmt.Sprint(source.MaxEventSize, " ", source.URL))
	body, server = io.Pipe()
	answering = begin("Answer", func() (string, error) { return "nil", client.Answer(ctx, parsing.NewSource(body), from) })
	step.Equal(t, "Answer was called with a context that had already ended: Answer must return the context's cause at once", "impatient after 0s", answering.wait(t))
	step.Returns(t, "Answer's context had already ended: Answer must close the stream before it returns", func() { _, err = server.Write([]byte(":\n")) })
	step.Equal(t, "Answer's context had already ended: Answer must close the stream before it returns", io.ErrClosedPipe, err)
	body, server = io.Pipe()
	server.CloseWithError(errImpatient)
	step.ErrorIs(t, "the stream broke: Answer's error must wrap the stream's error", errImpatient, client.Answer(t.Context(), parsing.NewSource(body), from))
}

// net/http recovers from a handler's panic, because one request must not take down the rest. Your Handle runs on
// goroutines without such a guard, where one request that you did not foresee ends the whole program.
func TestAHandlerThatPanicsCostsOneAnswer(t *testing.T) {
	defer step.Begin(t)()
	for _, logTo := range []string{"Client.Log", "slog.Default (Client.Log is nil)"} {
		step.Bubble(t, func(t *testing.T) { panicking(t, logTo) })
	}
}

// panicking is a client whose Handle panics, and that logs to logTo.
func panicking(t *testing.T, logTo string) {
	var logged, other bytes.Buffer
	server := cleanup.NewServer()
	var told step.List[string]
	server.Caller.Observe = func(_ string, _ time.Duration, err error) {
		answer, _ := errors.AsType[*correlation.Error](err)
		all, _ := json.Marshal(answer)
		told.Add(string(all))
	}
	p := &house{Pair: pair.Memory(t, server.Handler), t: t, server: server, over: "HTTP/1.1"} // not your ServeHTTP: this is about the client
	client := &cleanup.Client{URL: p.URL + "/events", Answerer: timeouts.Answerer{Client: p.Client, Handle: clumsy}}
	defer log.SetOutput(log.Writer())
	log.SetOutput(&logged) // where slog.Default writes
	if logTo == "Client.Log" {
		log.SetOutput(&other)
		client.Log = slog.New(slog.NewTextHandler(&logged, nil))
	}
	running, _ := begun(t, p.Pair, client)
	session := p.only(t, running)
	for _, what := range slices.Sorted(maps.Keys(panics)) {
		logged.Reset()
		step.Equal(t, "Handle panicked with "+what+": the caller must get an internal error (-32603) at once",
			"error -32603 after 0s", p.call(session, "panic", strconv.Quote(what)).wait(t))
		synctest.Wait()
		if said := fmt.Sprint(panics[what]); logged.Len() == 0 || what != "nil" && !strings.Contains(logged.String(), said) {
			step.Fail(t, "Handle panicked with "+what+": the client must log the panic, with its value, to "+logTo, fmt.Sprintf("got  %.300q", logged.String()))
		}
	}
	step.Equal(t, "Handle panicked, and Client.Log is set: the panic must be logged only there, not to slog.Default", "", other.String())
	step.Equal(t, "Handle panicked with a runtime error: the caller must get an internal error (-32603) at once",
		"error -32603 after 0s", p.call(session, "panic", "21").wait(t))
	for _, said := range told.All() {
		step.Equal(t, "Handle panicked several times, with different values: each caller must get the same internal error, because the panic's value "+
			"is only for the log (want: the first of these errors)", told.All()[0], said)
	}
	logsTheRest(t, p, session, &logged)
	p.call(session, "triple", "21").wait(t)
	step.Equal(t, "Handle returned its own *correlation.Error: the caller must get it unchanged, because only a panic becomes an internal error",
		`{"code":-32601,"message":"I can only double numbers","data":["double"]}`, told.All()[len(told.All())-1])
	step.Equal(t, "Handle panicked several times: the next request must be answered as usual",
		"42 after 0s", p.call(session, "double", "21").wait(t))
}

// clumsy is double, but panics if the method asks for it, as the params say.
func clumsy(ctx context.Context, method string, params json.RawMessage) (any, error) {
	var what string
	switch json.Unmarshal(params, &what); {
	case strings.HasPrefix(method, "wait"):
		<-ctx.Done()
		panic(panics[what])
	case !strings.HasPrefix(method, "panic"):
		return double(ctx, method, params)
	case what == "":
		return params[len(params)], nil
	}
	panic(panics[what])
}

// unforeseen is what a Handle panics with, which must appear only in the log.
const unforeseen = "a Handle panicked, but nothing in the client recovered from it"

// panics are values to panic with.
var panics = map[string]any{
	"a string":             unforeseen,
	"an error":             errors.New(unforeseen),
	"a *correlation.Error": &correlation.Error{Code: 1, Message: unforeseen},
	"http.ErrAbortHandler": http.ErrAbortHandler,
	"an int":               42,
	"nil":                  nil,
}

// run runs a client of yours at the server's event stream.
func (p *house) run(t *testing.T, answerer timeouts.Answerer) (running *call, leave func()) {
	t.Helper()
	return begun(t, p.Pair, &cleanup.Client{URL: p.URL + "/events", Answerer: answerer})
}

// begun runs a client of yours until leave is called, or until the step ends and
// cuts it off.
func begun(t *testing.T, p *pair.Pair, client *cleanup.Client) (running *call, leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	leave = func() { cancel(errImpatient) }
	before := fieldsOf(client)
	running = begin("Run", func() (string, error) { return "nil", client.Run(ctx) })
	t.Cleanup(func() {
		leave()
		p.Cut()
		running.wait(t)
		step.Equal(t, "Run returned: Run must not change the Client's fields, because several Runs may use the same Client at once", before, fieldsOf(client))
	})
	return running, leave
}

// only returns the session of the only client, whose Run was begun.
func (p *house) only(t *testing.T, running *call) (session *sessions.Session) {
	t.Helper()
	synctest.Wait()
	all := p.server.Sessions.All()
	if len(all) != 1 {
		step.Fail(t, fmt.Sprintf("%s: Run must connect and stay connected, but the server has %d sessions", p.over, len(all)),
			"Run: "+running.state())
	}
	return all[0]
}
