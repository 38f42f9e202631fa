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
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
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
)

func TestMain(m *testing.M) { step.Main(m) }

// protocols are the ones that a server of streams has to handle.
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
	over   string             // the protocol
	inside atomic.Int32       // how many handlers run
	twins  [2]*cleanup.Client // each of which runs many times
}

// onEach runs f on each protocol, in a bubble.
func onEach(t *testing.T, f func(t *testing.T, p *house)) {
	t.Helper()
	for _, over := range protocols {
		step.Bubble(t, func(t *testing.T) {
			p := &house{t: t, server: cleanup.NewServer(), over: over.name}
			inner := p.server.Handler
			p.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				p.inside.Add(1)
				defer p.inside.Add(-1)
				inner.ServeHTTP(w, r)
			})
			p.Pair = pair.Memory(t, p.server, over.opts...)
			f(t, p)
		})
	}
}

// open opens a stream of a client that answers nothing.
func (p *house) open() (session string, stream *pair.Stream) {
	stream = p.Open("/events")
	first := stream.NextFrame(p.over + ": a client opened GET /events, but got no first event")
	return sessionOf(events(first)[0]), stream
}

// ask asks through the Server's Call.
func (p *house) ask(ctx context.Context, session string) *call {
	return begin("Call", p.asking(ctx, session))
}

func (p *house) asking(ctx context.Context, session string) func() (string, error) {
	s, _ := p.server.Sessions.Get(session)
	return func() (string, error) {
		result, err := p.server.Call(ctx, s, correlation.Request{Method: "really?"})
		return string(result), ofCall(err)
	}
}

// A triggered is a trigger that was sent.
type triggered struct {
	*call
	leave  func()      // makes its sender leave
	header http.Header // when the call has ended
	body   string      // likewise
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
		t.header, t.body = resp.Header, string(answer)
		return strings.TrimSpace(fmt.Sprint(resp.StatusCode, " ", outcome(string(answer)))), err
	})
	return t
}

// knock returns what a request got, at once: its status, and whether it was told
// when to come back.
func (p *house) knock(method, path, body string) string {
	defer step.OnHang(p.t, func() (string, []string) {
		return p.over + ": " + method + " " + path + " got no response: ServeHTTP must serve or refuse the request", step.LockedOut()
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

// shutDown shuts the server down, which must work at once.
func (p *house) shutDown(t *testing.T, hangs string) {
	t.Helper()
	defer step.OnHang(t, func() (string, []string) {
		if p.inside.Load() == 0 {
			hangs = "every handler returned, but Shutdown is still waiting: ServeHTTP must count each handler as done when that handler returns"
		}
		return p.over + ": " + hangs, nil
	})()
	step.Equal(t, p.over+": Shutdown got a context that never ends: Shutdown must return nil", nil, p.server.Shutdown(context.Background()))
}

// yes is the response true to the request with this id.
func yes(id string) correlation.Response {
	return correlation.Response{JSONRPC: "2.0", ID: id, Result: json.RawMessage("true")}
}

// no is the response of a client that refuses the request with this id.
func no(id string) correlation.Response {
	return correlation.Response{JSONRPC: "2.0", ID: id, Error: &correlation.Error{Code: 7, Message: "not today"}}
}

// double is a client's Handle that can do one thing.
func double(_ context.Context, method string, params json.RawMessage) (any, error) {
	var n int
	if err := json.Unmarshal(params, &n); err != nil || method != "double" {
		return nil, &correlation.Error{Code: correlation.CodeMethodNotFound, Message: "I can only double numbers", Data: json.RawMessage(`["double"]`)}
	}
	return 2 * n, nil
}

// A call is something that was begun and that ends at some point.
type call struct {
	what   string
	began  time.Time
	done   chan struct{} // closed at the end; then the rest may be read
	result string
	took   time.Duration
}

// begin starts f on its own goroutine, which ends when f does.
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
	step.Returns(t, c.what+" did not return, and nothing is left to wake it", func() { <-c.done })
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
		return "still waiting"
	}
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

// events returns the events that a client reads from the bytes in wire.
func events(wire string) []framing.Event {
	return step.Values(parsing.NewDecoder(strings.NewReader(wire)).Events())
}

// request returns the request that came as e.
func request(e framing.Event) (r correlation.Request) {
	json.Unmarshal([]byte(e.Data), &r)
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
		step.Fail(t, sentence, fmt.Sprintf("got  Retry-After: %q", h.Get("Retry-After")), "want Retry-After: a number of seconds (a Problem with RetryAfter writes it)")
	}
}

// stop begins a Shutdown. Its context's error, if it returns that, is its result.
func stop(ctx context.Context, server *cleanup.Server) *call {
	return begin("Shutdown", func() (string, error) {
		err := server.Shutdown(ctx)
		if err != nil && errors.Is(err, ctx.Err()) {
			return ctx.Err().Error(), nil
		}
		return "nil", err
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

// half is a body that begins with text, and then nothing comes until its sender
// gives up.
func half(text string) (body io.ReadCloser, giveUp func() error) {
	rest, sender := io.Pipe()
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(strings.NewReader(text), rest), rest}, sender.Close
}

// rivals returns a request to a server, and its Shutdown. Verdict fails the step if
// the request's handler began after Shutdown had returned.
func rivals() (server *cleanup.Server, both []func(), verdict func(t *testing.T, order string)) {
	server = cleanup.NewServer()
	slowly(server)
	var stopped, late atomic.Bool
	server.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { late.Store(stopped.Load()) })
	r := httptest.NewRequestWithContext(slowDone{context.Background()}, "GET", "/healthz", nil)
	both = []func(){
		func() { server.ServeHTTP(httptest.NewRecorder(), r) },
		func() { server.Shutdown(context.Background()); stopped.Store(true) },
	}
	return server, both, func(t *testing.T, order string) {
		t.Helper()
		if late.Load() {
			step.Fail(t, order+": no handler may begin after Shutdown has returned",
				"check for shutdown and count the handler under one lock, without releasing it in between")
		}
	}
}

// together starts a request and Shutdown in this order, one right after the other.
func together(t *testing.T, order string) {
	step.Bubble(t, func(t *testing.T) {
		_, both, verdict := rivals()
		if strings.HasPrefix(order, "a request") {
			slices.Reverse(both) // the last to be started is the first to run
		}
		step.OnOneProcessor(func() {
			var calls sync.WaitGroup
			for _, f := range both {
				calls.Go(f)
			}
			calls.Wait()
		})
		verdict(t, order+", almost at the same moment")
	})
}

// slowly lets all other goroutines run whenever your code has checked whether the
// server's context has ended.
func slowly(server *cleanup.Server) {
	field := reflect.ValueOf(server).Elem().FieldByName("ctx")
	if field.IsValid() && field.Type() == reflect.TypeFor[context.Context]() {
		ctx := (*context.Context)(field.Addr().UnsafePointer())
		*ctx = slowErr{*ctx}
	}
}

type slowErr struct{ context.Context }

func (c slowErr) Err() error {
	defer others()
	return c.Context.Err()
}

// A slowDone is the context of a request, and lets all other goroutines run when
// your code derives its own context from it.
type slowDone struct{ context.Context }

func (c slowDone) Done() <-chan struct{} {
	others()
	return c.Context.Done()
}

// others lets all other goroutines run, without telling the race detector.
func others() {
	for range 10 {
		runtime.Gosched()
	}
}
