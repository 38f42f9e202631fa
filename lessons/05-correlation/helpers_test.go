package correlation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	correlation "example.com/sseworkbook/lessons/05-correlation"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

func TestMain(m *testing.M) { step.Main(m) }

// listen waits on answer as a caller does. The function that it returns returns what arrived,
// once nothing more can happen.
func listen(t *testing.T, answer <-chan correlation.Response) (received func() string) {
	var all []string
	go func() { // ends with the step, if the channel is not closed before
		for {
			select {
			case r, ok := <-answer:
				if !ok {
					return
				}
				if r.Error != nil {
					all = append(all, r.Error.Error()+string(r.Error.Data))
					continue
				}
				all = append(all, text(r.Result))
			case <-t.Context().Done():
				return
			}
		}
	}()
	synctest.Wait() // until it listens
	return func() string {
		synctest.Wait()
		return strings.Join(all, " ")
	}
}

// text returns a result as text: a string without its quotes.
func text(result json.RawMessage) string {
	var s *string // nil: null
	if json.Unmarshal(result, &s) != nil || s == nil {
		return string(result)
	}
	return *s
}

// response returns a response with this result.
func response(id, result string) correlation.Response {
	return correlation.Response{JSONRPC: "2.0", ID: id, Result: json.RawMessage(result)}
}

// noSuchMethod returns a response with an error.
func noSuchMethod(id string) correlation.Response {
	return correlation.Response{JSONRPC: "2.0", ID: id, Error: &correlation.Error{Code: correlation.CodeMethodNotFound, Message: "no such method"}}
}

// resolve calls Resolve, which never has to wait.
func resolve(t *testing.T, p *correlation.Pending, session, id, result string) (err error) {
	t.Helper()
	returned := make(chan error, 1)
	go func() { returned <- p.Resolve(session, response(id, result)) }()
	step.Returns(t, "Resolve does not return, so the POST that brought "+result+" hangs too", func() { err = <-returned })
	return err
}

// waiting returns the number of requests that wait for a response.
func waiting(t *testing.T, p *correlation.Pending) (n int) {
	t.Helper()
	step.Returns(t, "Len cannot get the lock: an earlier call locked it and returned without unlocking it", func() { n = p.Len() })
	return n
}

// A client is the peer "A": a function that gets each request before Send returns.
type client func(correlation.Request) error

func (c client) ID() string { return "A" }

func (c client) Send(e framing.Event) error {
	var r correlation.Request
	if err := json.Unmarshal([]byte(e.Data), &r); err != nil {
		return err
	}
	return c(r)
}

// A named client is the peer with this id.
type named struct {
	id string
	client
}

func (n named) ID() string { return n.id }

// A mailbox is the peer "A" too: it counts what it is sent, keeps the last event, and never answers.
type mailbox struct {
	err  error // what Send returns
	sent int
	last framing.Event
}

func (m *mailbox) ID() string { return "A" }

func (m *mailbox) Send(e framing.Event) error {
	m.sent, m.last = m.sent+1, e
	return m.err
}

// approve is a request without params.
var approve = correlation.Request{Method: "approve"}

// An asked is a Call under way.
type asked struct {
	end    chan struct{} // closed when the Call has returned
	result json.RawMessage
	err    error
	took   time.Duration
}

// call makes a Call in its own goroutine, which ends with the Call.
func call(ctx context.Context, caller *correlation.Caller, peer correlation.Peer, request correlation.Request) *asked {
	a := &asked{end: make(chan struct{})}
	go func() {
		defer close(a.end)
		began := time.Now()
		a.result, a.err = caller.Call(ctx, peer, request)
		a.took = time.Since(began)
	}()
	return a
}

// ended waits until the Call returns. If it never does, the step fails with sentence.
func (a *asked) ended(t *testing.T, sentence string) (result string, err error) {
	t.Helper()
	step.Returns(t, sentence, func() { <-a.end })
	return text(a.result), a.err
}

// hasEnded reports whether the Call has returned.
func (a *asked) hasEnded() bool {
	select {
	case <-a.end:
		return true
	default:
		return false
	}
}

// outcome describes what a Call returned: the client's error, another error, or a result.
func outcome(result string, err error) string {
	if refusal, ok := errors.AsType[*correlation.Error](err); ok && refusal != nil {
		return "the client's error: " + refusal.Error()
	}
	if err != nil {
		return "an error: " + err.Error()
	}
	return "a result: " + result
}

// wantOwnAnswers ends 16 Calls like this, and checks that the next 16 get only their own answers.
func wantOwnAnswers(t *testing.T, how string) {
	params, sendError := "7", error(nil)
	if strings.Contains(how, "not JSON") {
		params = "{bad"
	}
	if strings.Contains(how, "Send returned an error") {
		sendError = sessions.ErrFull
	}
	var caller correlation.Caller
	var earlier, next [16]*asked
	var ids [16]string
	ctx, leave := context.WithCancel(t.Context())
	sending := make(chan struct{})
	for i := range earlier {
		peer := client(func(r correlation.Request) error {
			ids[i] = r.ID
			<-sending
			if strings.Contains(how, "answered") {
				caller.Resolve("A", response(r.ID, `"to an earlier call"`))
			}
			if strings.Contains(how, "left") {
				leave()
			}
			return sendError
		})
		earlier[i] = call(ctx, &caller, peer, correlation.Request{Method: "approve", Params: json.RawMessage(params)})
	}
	synctest.Wait() // until all of them are in Send
	close(sending)
	for i, a := range earlier {
		a.ended(t, how+", but Call is still waiting")
		resolve(t, &caller.Pending, "A", ids[i], `"late, to an earlier call"`)
	}
	leave()
	for i := range next {
		next[i] = call(t.Context(), &caller, client(func(r correlation.Request) error { ids[i] = r.ID; return nil }), approve)
		synctest.Wait()
		if next[i].hasEnded() {
			step.Fail(t, "16 calls ended ("+how+"), then a new Call was made, and the client has not answered it yet: the new Call must wait for its own answer",
				"got  "+outcome(text(next[i].result), next[i].err), "want Call to wait")
		}
	}
	for i, a := range next {
		resolve(t, &caller.Pending, "A", ids[i], strconv.Itoa(i))
		result, err := a.ended(t, "16 calls ended ("+how+"), then the client answered a new request, but the new Call is still waiting")
		step.Equal(t, "16 calls ended ("+how+"), then the client answered a new request: the new Call must return that answer", fmt.Sprintf("a result: %d", i), outcome(result, err))
	}
}

// wantNoError fails the step with sentence if a Call returned an error.
func wantNoError(t *testing.T, sentence string, err error) {
	t.Helper()
	if refusal, ok := errors.AsType[*correlation.Error](err); ok && refusal == nil {
		step.Fail(t, sentence, fmt.Sprintf("got  a nil *correlation.Error in an error value (%T)", err),
			"want nil (a nil pointer in an interface is a \"typed nil\": err != nil is true)")
	}
	step.Equal(t, sentence, nil, err)
}

// callError returns err as a CallError. The step fails if it is not one.
func callError(t *testing.T, what string, err error) *correlation.CallError {
	t.Helper()
	failed, ok := err.(*correlation.CallError) // not one inside another error
	if !ok {
		step.Fail(t, what+": Call must return a *CallError, so that a log can name the request", fmt.Sprintf("got  %#v", err), "want a *correlation.CallError")
	}
	return failed
}

// A watched context calls a function when Call checks why it ended.
type watched struct {
	context.Context
	end    context.CancelFunc
	ended  atomic.Bool
	look   sync.Once
	onLook func()
	done   chan struct{} // closed when onLook has returned
}

func newWatched(parent context.Context) *watched {
	ctx, end := context.WithCancel(parent)
	return &watched{Context: ctx, end: end, done: make(chan struct{})}
}

// endAndOnLook ends the context, and runs f when Call next checks it. The function that
// it returns waits until f has returned, and reports whether f ran.
func (w *watched) endAndOnLook(f func()) (looked func() bool) {
	ran := false
	w.onLook = func() { defer close(w.done); ran = true; f() }
	w.ended.Store(true)
	w.end()
	return func() bool {
		synctest.Wait()
		return ran
	}
}

func (w *watched) Err() error {
	w.looked()
	return w.Context.Err()
}

func (w *watched) Value(key any) any {
	w.looked()
	return w.Context.Value(key)
}

// looked starts onLook, and waits for it for a moment only: if Call holds the lock while
// it checks the context, onLook cannot return before Call unlocks it.
func (w *watched) looked() {
	if !w.ended.Load() {
		return
	}
	w.look.Do(func() {
		go w.onLook()
		for range 1000 {
			select {
			case <-w.done:
				return
			default:
				runtime.Gosched()
			}
		}
	})
}

// A server takes answers from two clients by POST.
type server struct {
	correlation.Caller
	pair       *pair.Pair
	alice, bob *sessions.Session
}

// opened returns a Registry with a session.
func opened(t *testing.T) (*sessions.Registry, *sessions.Session) {
	t.Helper()
	registry := &sessions.Registry{}
	session, err := registry.Open(t.Context())
	step.Equal(t, "the test cannot open a session", nil, err)
	return registry, session
}

func serve(t *testing.T) *server {
	t.Helper()
	registry, alice := opened(t)
	bob, err := registry.Open(t.Context())
	step.Equal(t, "the test cannot open a session", nil, err)

	s := &server{alice: alice, bob: bob}
	mux := http.NewServeMux()
	mux.Handle("POST /responses", &correlation.Handler{Sessions: registry, Resolve: s.Resolve})
	s.pair = pair.Memory(t, mux)
	return s
}

// withID puts id into body: as a string for %q, inside a string for %s, or as a number for %d.
func withID(body, id string) string {
	quoted := asJSON(id)
	number, _ := strconv.Atoi(id)
	return strings.NewReplacer("%q", quoted, "%s", quoted[1:len(quoted)-1], "%d", strconv.Itoa(number)).Replace(body)
}

// events returns the events that a client reads from wire.
func events(wire string) []framing.Event {
	return step.Values(parsing.NewDecoder(strings.NewReader(wire)).Events())
}

// known returns the text of an error of Resolve, without any wrapping.
func known(err error) string {
	for _, known := range []error{correlation.ErrUnknownRequest, correlation.ErrAnswered, correlation.ErrNotWaiting, correlation.ErrWrongSession} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return fmt.Sprint(err)
}

// take returns the response that is in the channel, or "".
func take(answer <-chan correlation.Response) string {
	select {
	case r, ok := <-answer:
		if ok {
			return asJSON(r)
		}
	default:
	}
	return ""
}

func asJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// leaving returns a context that ends after d.
func leaving(parent context.Context, d time.Duration, how string) context.Context {
	var cause error
	if strings.HasSuffix(how, "cause") {
		cause = errLeft
	}
	if strings.HasPrefix(how, "at a deadline") {
		ctx, end := context.WithTimeoutCause(parent, d, cause)
		context.AfterFunc(ctx, end)
		return ctx
	}
	ctx, end := context.WithCancelCause(parent)
	time.AfterFunc(d, func() { end(cause) })
	return ctx
}

var errLeft = errors.New("the caller left")

// reachable counts the pointers whose target is still in memory.
func reachable(all []weak.Pointer[byte]) (n int) {
	for _, p := range all {
		if p.Value() != nil {
			n++
		}
	}
	return n
}
