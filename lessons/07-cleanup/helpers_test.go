package cleanup_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	cleanup "example.com/sseworkbook/lessons/07-cleanup"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
)

func TestMain(m *testing.M) { step.Main(m) }

// protocols are those that a server of streams meets.
var protocols = []struct {
	name string
	opts []pair.Option
}{
	{"HTTP/1.1", nil},
	{"HTTP/2", []pair.Option{pair.HTTP2()}},
}

// A house is a server of yours and a way to it.
type house struct {
	*pair.Pair
	t      *testing.T
	server *cleanup.Server
	over   string // the protocol
}

// onEach runs f on each protocol, in a bubble.
func onEach(t *testing.T, f func(t *testing.T, p *house)) {
	t.Helper()
	for _, over := range protocols {
		step.Bubble(t, func(t *testing.T) {
			server := cleanup.NewServer(0, 0)
			f(t, &house{pair.Memory(t, server, over.opts...), t, server, over.name})
		})
	}
}

// open opens a stream of a client that answers nothing.
func (p *house) open() (session string, stream *pair.Stream) {
	stream = p.Open("/events")
	first := stream.Frame(p.over + ": a client connected, and its stream ended before the first event")
	return sessionOf(events(first)[0]), stream
}

// only returns the session of the one client there is, whose Run was begun.
func (p *house) only(t *testing.T, running *call) (session *sessions.Session) {
	t.Helper()
	synctest.Wait()
	all := p.server.Sessions.All()
	if len(all) != 1 {
		step.Fail(t, fmt.Sprintf("%s: Run was called, and the server has %d sessions: the client has not connected", p.over, len(all)),
			"Run "+running.state())
	}
	return all[0]
}

// call asks as lesson 06 does, without Ask.
func (p *house) call(session *sessions.Session, method, params string) *call {
	return begin("Caller.Call", func() (string, error) {
		result, err := p.server.Caller.Call(context.Background(), session, method, json.RawMessage(params))
		return string(result), err
	})
}

// ask asks through the server's Ask.
func (p *house) ask(ctx context.Context, session string) *call {
	s, _ := p.server.Sessions.Get(session)
	return begin("Ask", func() (string, error) {
		result, err := p.server.Ask(ctx, s, "really?", nil)
		return string(result), err
	})
}

// A triggered is a trigger that was sent.
type triggered struct {
	*call
	header http.Header // when the call has ended
}

// trigger sends a trigger for one session, or with "" for all.
func (p *house) trigger(session string, timeout time.Duration) *triggered {
	body, _ := json.Marshal(cleanup.Trigger{Session: session, Method: "really?", Timeout: int(timeout.Milliseconds())})
	return p.post("application/json", strings.NewReader(string(body)))
}

// post sends body as a trigger, whether it is one or not.
func (p *house) post(contentType string, body io.Reader) *triggered {
	t := &triggered{}
	t.call = begin("POST /trigger", func() (string, error) {
		resp, err := p.Client.Post(p.URL+"/trigger", contentType, body)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		t.header = resp.Header
		return strings.TrimSpace(fmt.Sprint(resp.StatusCode, " ", outcome(string(answer)))), err
	})
	return t
}

// knock returns what a request got, at once: its status, and whether it was told
// when to come back.
func (p *house) knock(method, path, body string) string {
	defer step.Waiting(p.t, func() (string, []string) {
		return p.over + ": " + method + " " + path + " has got no answer: it was neither let in nor refused", step.LockedOut()
	})()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, method, p.URL+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	resp, err := p.Client.Do(r)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	switch unavailable := resp.StatusCode == http.StatusServiceUnavailable; {
	case unavailable && !sayWhen(resp.Header):
		return "503 without Retry-After"
	case !unavailable && resp.Header.Get("Retry-After") != "":
		return fmt.Sprint(resp.StatusCode, " with Retry-After")
	}
	return fmt.Sprint(resp.StatusCode)
}

// shutDown shuts the server down, which has to work at once.
func (p *house) shutDown(t *testing.T, hangs string) {
	t.Helper()
	step.Returns(t, p.over+": "+hangs, func() {
		step.Equal(t, p.over+": Shutdown returned an error, and its context has not ended", nil, p.server.Shutdown(context.Background()))
	})
}

// hold makes a handler of the server hang in a write, until finish is called. Its
// request's context is ctx.
func hold(ctx context.Context, server *cleanup.Server) (finish func(), handler *call) {
	w, done := httptest.NewRecorder(), make(chan struct{})
	held := pair.Intercept(w, func(p []byte) (int, error) {
		<-done
		return w.Write(p)
	})
	handler = begin("a handler", func() (string, error) {
		server.ServeHTTP(held, httptest.NewRequestWithContext(ctx, "GET", "/healthz", nil))
		return "returned", nil
	})
	synctest.Wait()
	return sync.OnceFunc(func() { close(done) }), handler
}

// meeting is a call that waits in Ask, for an answer or for the end of its session.
func meeting(t *testing.T, happens func(t *testing.T, leave func(), answer func() error, call *call)) {
	t.Helper()
	step.Bubble(t, func(t *testing.T) {
		p := &house{server: cleanup.NewServer(0, 0)}
		session, _ := p.server.Sessions.Open(t.Context())
		call := p.ask(t.Context(), session.ID())
		question := asked(session)
		synctest.Wait()
		answer := func() error {
			return p.server.Caller.Resolve(session.ID(), yes(question.ID))
		}
		happens(t, session.Close, answer, call)
	})
}

// yes is the response true to the request with this id.
func yes(id string) correlation.Response {
	return correlation.Response{JSONRPC: "2.0", ID: id, Result: json.RawMessage("true")}
}

func accepted(refused error) string {
	if refused != nil {
		return "refused"
	}
	return "accepted"
}

// join lets a client join that is not of this lesson, and returns its session.
func join(t *testing.T, p *pair.Pair, handle func(ctx context.Context, method string, params json.RawMessage) (any, error)) (session string) {
	t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	from, _ := url.Parse(p.URL + "/events")
	stream, err := parsing.Connect(p.Client, (&http.Request{Method: "GET", URL: from, Header: http.Header{}}).WithContext(ctx))
	if err != nil {
		leave()
		step.Fail(t, "GET /events: a client connected, and got no stream", "got  "+err.Error())
	}
	first := make(chan framing.Event, 100)
	client := timeouts.Answerer{Client: p.Client, Handle: handle, Trace: func(e framing.Event) { first <- e }}
	running := begin("a client", func() (string, error) { return "", client.Run(ctx, stream, from) })
	t.Cleanup(func() {
		leave()
		<-running.done
	})
	select {
	case e := <-first:
		return sessionOf(e)
	case <-running.done:
		step.Fail(t, "GET /events: a client connected, and its stream ended before the first event")
		return ""
	}
}

// run runs a client of yours until leave is called, or the step ends and cuts it
// off.
func run(t *testing.T, p *pair.Pair, client *cleanup.Client) (running *call, leave func()) {
	t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	running = begin("Run", func() (string, error) { return "nil", client.Run(ctx) })
	t.Cleanup(func() {
		leave()
		p.Cut()
		running.wait(t)
	})
	return running, leave
}

// crowd lets 100 clients come: 20 of yours over the network, of which 10 answer,
// and 80 that come without one, since a network takes its time.
func (p *house) crowd(t *testing.T) (clients []*call, leave func()) {
	p.Get("/healthz") // opens the one connection that all clients of HTTP/2 share
	ctx, leave := context.WithCancel(context.Background())
	for n := range 20 {
		client := cleanup.Client{URL: p.URL + "/events", HTTP: p.Client, Handle: answerIf(n%2 == 0)}
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

// double is a client's Handle that can do one thing.
func double(_ context.Context, method string, params json.RawMessage) (any, error) {
	var n int
	if err := json.Unmarshal(params, &n); err != nil || method != "double" {
		return nil, &correlation.Error{Code: correlation.CodeMethodNotFound, Message: "I can only double numbers"}
	}
	return 2 * n, nil
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

// A call is something that was begun, and ends some time.
type call struct {
	what   string
	began  time.Time
	done   chan struct{} // closed at the end; then the rest may be read
	result string
	took   time.Duration
}

// begin begins f on a goroutine of its own, which ends with it.
func begin(what string, f func() (string, error)) *call {
	c := &call{what: what, began: time.Now(), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		defer func() {
			if p := recover(); p != nil {
				c.result = fmt.Sprint("panic: ", p)
			}
			c.took = time.Since(c.began)
		}()
		result, err := f()
		c.result = result
		if err != nil {
			c.result = describe(err)
		}
	}()
	return c
}

// wait waits for the end, and returns how the call ended and how long it took.
func (c *call) wait(t *testing.T) string {
	t.Helper()
	step.Returns(t, c.what+" has not returned, and nothing will wake it any more", func() { <-c.done })
	return c.state()
}

// state returns how the call ended and how long it took.
func (c *call) state() string {
	select {
	case <-c.done:
		return fmt.Sprintf("%s after %v", c.result, c.took)
	default:
		return "still waits"
	}
}

var errImpatient = errors.New("impatient")

// describe names an error.
func describe(err error) string {
	for name, known := range map[string]error{
		"flushing.ErrGone": flushing.ErrGone, "cleanup.ErrShutdown": cleanup.ErrShutdown, "impatient": errImpatient,
		"context.Canceled": context.Canceled, "context.DeadlineExceeded": context.DeadlineExceeded,
	} {
		if errors.Is(err, known) {
			return name
		}
	}
	if e, ok := errors.AsType[*correlation.Error](err); ok {
		return fmt.Sprint("error ", e.Code)
	}
	if e, ok := errors.AsType[*parsing.ResponseError](err); ok {
		return fmt.Sprintf("%T", e)
	}
	if e, ok := errors.AsType[*url.Error](err); ok && e.Op == "parse" {
		return fmt.Sprintf("%T", e)
	}
	return err.Error()
}

// outcome returns what a trigger's response says, in short.
func outcome(body string) string {
	var one cleanup.Outcome
	if json.Unmarshal([]byte(body), &one) == nil {
		return short(one)
	}
	var all []cleanup.Outcome
	json.Unmarshal([]byte(body), &all)
	count := map[string]int{}
	for _, o := range all {
		count[short(o)]++
	}
	return strings.TrimPrefix(fmt.Sprint(count), "map")
}

func short(o cleanup.Outcome) string {
	switch {
	case o.Error != nil:
		return fmt.Sprint("error ", o.Error.Code)
	case o.Problem != nil:
		return fmt.Sprint(o.Problem.Status, " ", o.Problem.Title)
	}
	return string(o.Result)
}

// events returns what a client makes of the bytes in wire.
func events(wire string) []framing.Event {
	return step.Values(parsing.NewDecoder(strings.NewReader(wire)).Events())
}

// request returns the request that came as e.
func request(e framing.Event) (r correlation.Request) {
	json.Unmarshal([]byte(e.Data), &r)
	return r
}

// asked waits for the request that was sent to a session without a stream.
func asked(s *sessions.Session) correlation.Request {
	return request(events(string(<-s.Frames()))[0])
}

// sessionOf returns the session that a stream's first event names.
func sessionOf(e framing.Event) string {
	endpoint, _ := url.Parse(e.Data)
	return endpoint.Query().Get("session")
}

// sayWhen reports whether a header says when to come back.
func sayWhen(h http.Header) bool {
	return regexp.MustCompile(`^\d+$`).MatchString(h.Get("Retry-After"))
}
