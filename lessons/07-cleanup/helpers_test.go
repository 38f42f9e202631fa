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
			server := cleanup.NewServer()
			f(t, &house{pair.Memory(t, server, over.opts...), t, server, over.name})
		})
	}
}

// open opens a stream of a client that answers nothing.
func (p *house) open() (session string, stream *pair.Stream) {
	stream = p.Open("/events")
	first := stream.NextFrame(p.over + ": a client opened GET /events, but its stream ended before the first event")
	return sessionOf(events(first)[0]), stream
}

// only returns the session of the one client there is, whose Run was begun.
func (p *house) only(t *testing.T, running *call) (session *sessions.Session) {
	t.Helper()
	synctest.Wait()
	all := p.server.Sessions.All()
	if len(all) != 1 {
		step.Fail(t, fmt.Sprintf("%s: Run must connect and stay connected: the server has %d sessions", p.over, len(all)),
			"Run: "+running.state())
	}
	return all[0]
}

// call asks as lesson 06 does, without the Server's Call.
func (p *house) call(session *sessions.Session, method, params string) *call {
	return begin("Caller.Call", func() (string, error) {
		result, err := p.server.Caller.Call(context.Background(), session, correlation.Request{Method: method, Params: json.RawMessage(params)})
		return string(result), err
	})
}

// ask asks through the Server's Call.
func (p *house) ask(ctx context.Context, session string) *call {
	s, _ := p.server.Sessions.Get(session)
	return begin("Call", func() (string, error) {
		result, err := p.server.Call(ctx, s, correlation.Request{Method: "really?"})
		return string(result), ofCall(err)
	})
}

// ofCall returns the error of a Call, which has to be a *CallError.
func ofCall(err error) error {
	if _, ok := errors.AsType[*correlation.CallError](err); err != nil && !ok {
		return fmt.Errorf("%s without a *correlation.CallError", describe(err)) // no %w: it is wrong, whatever it wraps
	}
	return err
}

// A triggered is a trigger that was sent.
type triggered struct {
	*call
	leave  func()      // takes its sender away
	header http.Header // when the call has ended
}

// trigger sends a trigger for one session, or with "" for all.
func (p *house) trigger(session string, timeout time.Duration) *triggered {
	body, _ := json.Marshal(cleanup.Trigger{Session: session, Method: "really?", Timeout: timeout.Milliseconds()})
	return p.post("/trigger", strings.NewReader(string(body)))
}

// post sends body to path, as JSON.
func (p *house) post(path string, body io.Reader) *triggered {
	ctx, leave := context.WithCancel(context.Background())
	r, _ := http.NewRequestWithContext(ctx, "POST", p.URL+path, body)
	r.Header.Set("Content-Type", "application/json")
	t := &triggered{leave: leave}
	t.call = begin("POST "+path, func() (string, error) {
		defer leave()
		resp, err := p.Client.Do(r)
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
	defer step.OnHang(p.t, func() (string, []string) {
		return p.over + ": " + method + " " + path + " got no response: ServeHTTP must let it in or refuse it", step.LockedOut()
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
		step.Equal(t, p.over+": Shutdown must return nil while its context lasts", nil, p.server.Shutdown(context.Background()))
	})
}

// yes is the response true to the request with this id.
func yes(id string) correlation.Response {
	return correlation.Response{JSONRPC: "2.0", ID: id, Result: json.RawMessage("true")}
}

// no is the response of a client that refuses the request with this id.
func no(id string) correlation.Response {
	return correlation.Response{JSONRPC: "2.0", ID: id, Error: &correlation.Error{Code: 7, Message: "not today"}}
}

// join lets a client join that is not of this lesson, and returns its session.
func join(t *testing.T, p *pair.Pair, handle func(ctx context.Context, method string, params json.RawMessage) (any, error)) (session string) {
	t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	from, _ := url.Parse(p.URL + "/events")
	stream, err := parsing.Connect(p.Client, (&http.Request{Method: "GET", URL: from, Header: http.Header{}}).WithContext(ctx))
	if err != nil {
		leave()
		step.Fail(t, "GET /events did not give a client its event stream", "got  "+err.Error())
	}
	first := make(chan framing.Event, 100)
	client := timeouts.Answerer{Client: p.Client, Handle: handle, OnEvent: func(e framing.Event) { first <- e }}
	running := begin("a client", func() (string, error) { return "", client.Run(ctx, stream, from) })
	t.Cleanup(func() {
		leave()
		<-running.done
	})
	select {
	case e := <-first:
		return sessionOf(e)
	case <-running.done:
		step.Fail(t, "a client opened GET /events, but its stream ended before the first event")
		return ""
	}
}

// double is a client's Handle that can do one thing.
func double(_ context.Context, method string, params json.RawMessage) (any, error) {
	var n int
	if err := json.Unmarshal(params, &n); err != nil || method != "double" {
		return nil, &correlation.Error{Code: correlation.CodeMethodNotFound, Message: "I can only double numbers"}
	}
	return 2 * n, nil
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
	step.Returns(t, c.what+" did not return, and nothing is left that could wake it", func() { <-c.done })
	return c.state()
}

// end waits for the end, and returns how the call ended, whenever that was.
func (c *call) end(t *testing.T) string {
	t.Helper()
	c.wait(t)
	return c.result
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

// names are the errors that describe knows, the most specific ones first: an error
// may well wrap several of them.
var names = []struct {
	name string
	err  error
}{
	{"cleanup.ErrShutdown", cleanup.ErrShutdown},
	{"flushing.ErrClientLeft", flushing.ErrClientLeft},
	{"sessions.ErrClosed", sessions.ErrClosed},
	{"parsing.ErrEventTooLarge", parsing.ErrEventTooLarge},
	{"impatient", errImpatient},
	{"context.DeadlineExceeded", context.DeadlineExceeded},
	{"context.Canceled", context.Canceled},
}

// describe names an error.
func describe(err error) string {
	for _, known := range names {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	if e, ok := errors.AsType[*correlation.Error](err); ok {
		return fmt.Sprint("error ", e.Code)
	}
	if e, ok := errors.AsType[*timeouts.TimeoutError](err); ok {
		return fmt.Sprintf("%T", e)
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
		return fmt.Sprint(o.Problem.Status, " ", http.StatusText(o.Problem.Status))
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

// A sink takes the first frames of a session.
type sink struct{ frames []byte }

func (s *sink) SendFrames(frames ...[]byte) error {
	s.frames = bytes.Join(frames, nil)
	return errors.New("no more")
}

// asked waits for the request that was sent to a session without a stream.
func asked(s *sessions.Session) (r correlation.Request) {
	var first sink
	s.Pump(&first)
	for _, e := range events(string(first.frames)) {
		return request(e)
	}
	return r
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

// wantRetryAfter fails the step unless a header says when to come back.
func wantRetryAfter(t *testing.T, sentence string, h http.Header) {
	t.Helper()
	if !sayWhen(h) {
		step.Fail(t, sentence, fmt.Sprintf("got  Retry-After: %q", h.Get("Retry-After")), "want a number of seconds: a Problem with RetryAfter writes it")
	}
}

// stop begins a Shutdown.
func stop(ctx context.Context, server *cleanup.Server) *call {
	return begin("Shutdown", func() (string, error) { return "nil", server.Shutdown(ctx) })
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
