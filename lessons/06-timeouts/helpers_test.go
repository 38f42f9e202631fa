package timeouts_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

func TestMain(m *testing.M) { step.Main(m) }

// A peerFunc is a peer without a wire: it gets each event that is sent.
type peerFunc func(framing.Event) error

func (f peerFunc) ID() string                 { return "session" }
func (f peerFunc) Send(e framing.Event) error { return f(e) }

// silent is a client that never answers.
var silent = peerFunc(func(framing.Event) error { return nil })

// takes returns a Handle that works for d, or until its context ends.
func takes(d time.Duration) func(context.Context, string, json.RawMessage) (any, error) {
	return func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
		wait(ctx, d)
		return method + " done", ctx.Err()
	}
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// notes are what a step records. They are safe for concurrent use.
type notes struct{ step.List[string] }

func (n *notes) String() string { return cmp.Or(strings.Join(n.All(), ", "), "nothing") }

// sorted returns the notes in alphabetical order.
func (n *notes) sorted() string { return strings.Join(slices.Sorted(slices.Values(n.All())), ", ") }

// A wire is a server with sessions (lesson 04) and your Caller. One client is
// connected to it, over HTTP, in a bubble.
type wire struct {
	*pair.Pair
	t        *testing.T
	sessions *sessions.Registry
	caller   timeouts.Caller
	patient  correlation.Caller // never sends the client a cancellation
	client   *answering         // the client, if your Answerer runs it
	mute     atomic.Bool        // whether no POST gets a response
	hangUp   atomic.Bool        // whether the next POST gets no response, and its connection ends
	busy     atomic.Bool        // whether the next POST gets a 503
	asked    notes              // the method of each request
	posts    notes              // each POST, with its status
	from     notes              // the connection of each POST
	working  atomic.Int32       // how many Handles are running
}

// onTheWire runs f in a bubble with HTTP/1.1, and in another bubble with HTTP/2.
func onTheWire(t *testing.T, f func(t *testing.T, w *wire)) {
	t.Helper()
	step.Bubble(t, func(t *testing.T) { f(t, newWire(t)) })
	step.Bubble(t, func(t *testing.T) {
		defer func() {
			if t.Failed() {
				t.Log("this was on HTTP/2; on HTTP/1.1 the same step passed")
			}
		}()
		f(t, newWire(t, pair.HTTP2()))
	})
}

func newWire(t *testing.T, opts ...pair.Option) *wire {
	w := &wire{t: t, sessions: new(sessions.Registry)}
	t.Cleanup(step.OnHang(t, func() (string, []string) {
		return "everything stopped after these requests to the client (" + w.asked.String() + "): your code is waiting for something that never happens, such as the release of a lock", nil
	}))
	mux := http.NewServeMux()
	mux.Handle("GET /gw/events", w.sessions)
	mux.Handle("GET /events", http.RedirectHandler("/gw/events", http.StatusTemporaryRedirect))
	mux.Handle("POST /gw/responses", &correlation.Handler{Sessions: w.sessions, Resolve: w.resolve})
	w.Pair = pair.Memory(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			mux.ServeHTTP(rw, r)
			return
		}
		w.from.Add(r.RemoteAddr)
		if w.hangUp.Swap(false) {
			if conn, _, err := http.NewResponseController(rw).Hijack(); err == nil {
				conn.Close()
			}
			return
		}
		if w.mute.Load() {
			io.Copy(io.Discard, r.Body) // or net/http does not notice that the client leaves
			<-r.Context().Done()
			return
		}
		recorder := &statusWriter{rw, http.StatusOK}
		if w.busy.Swap(false) {
			http.Error(recorder, "come back later", http.StatusServiceUnavailable)
		} else {
			mux.ServeHTTP(recorder, r)
		}
		w.posts.Add(fmt.Sprint("POST ", r.URL.Path, " → ", recorder.status))
	}), opts...)
	return w
}

// A statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// A question is a request, and how it ended so far.
type question struct {
	answer string
	giveUp func() // ends its caller's context
}

// call sends the client a request through your Caller, for a caller that waits for a minute.
func (w *wire) call(method string) *question { return w.start(method, w.caller.Call) }

// ask sends the client a request as lesson 05 does, for a caller that waits for a minute.
// It never tells the client that the caller no longer waits.
func (w *wire) ask(method string) *question {
	return w.start(method, func(ctx context.Context, peer correlation.Peer, r correlation.Request) (json.RawMessage, error) {
		return w.patient.Call(ctx, marked{peer}, r)
	})
}

// mark is the prefix of the ids that ask uses, so that they differ from your Caller's.
const mark = "ask-"

// A marked peer gets its requests with mark in their ids.
type marked struct{ correlation.Peer }

func (m marked) Send(e framing.Event) error {
	e.Data = strings.Replace(e.Data, `"id":"`, `"id":"`+mark, 1)
	return m.Peer.Send(e)
}

// resolve gives a response to the Caller that sent the request.
func (w *wire) resolve(session string, r correlation.Response) error {
	id, ok := strings.CutPrefix(r.ID, mark)
	if !ok {
		return w.caller.Resolve(session, r)
	}
	r.ID = id
	return w.patient.Resolve(session, r)
}

func (w *wire) start(method string, call func(context.Context, correlation.Peer, correlation.Request) (json.RawMessage, error)) *question {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	q := &question{answer: "nothing yet", giveUp: func() { cancel(); synctest.Wait() }}
	session := w.onlySession(method)
	w.asked.Add(method)
	go func() { // ends with ctx at the latest
		result, err := call(ctx, session, correlation.Request{Method: method})
		q.answer = string(result)
		if call, failed := errors.AsType[*correlation.CallError](err); failed {
			q.answer = call.Err.Error()
		}
	}()
	synctest.Wait()
	return q
}

// onlySession returns the session of the only client, for a request with this method.
func (w *wire) onlySession(method string) *sessions.Session {
	w.t.Helper()
	synctest.Wait()
	all := w.sessions.All()
	if len(all) == 0 {
		step.Fail(w.t, "the client's stream ended before the test could send \""+method+"\": Run must keep reading the stream", w.returned()...)
	}
	return all[0]
}

// returned returns what Run returned, if there is a Run and it has returned.
func (w *wire) returned() []string {
	if w.client == nil || w.client.outcome == unfinished {
		return nil
	}
	return []string{fmt.Sprintf("Run %s (it ran for %v)", w.client.outcome, w.client.took)}
}

// has fails the step if the caller of q does not have the answer that it should
// have, and shows what was posted.
func (w *wire) has(q *question, want, sentence string) {
	w.t.Helper()
	if q.answer != want {
		details := []string{"got  " + q.answer, "want " + want, "posted: " + w.posts.String()} // whole: the cause may be at the end
		step.Fail(w.t, sentence, append(details, w.returned()...)...)
	}
}

// An answering is a client that your Answerer runs.
type answering struct {
	*wire
	session *sessions.Session
	stop    context.CancelCauseFunc // ends Run's context
	err     error                   // what Run returned
	outcome string                  // what Run did
	took    time.Duration           // how long Run took
}

// ofRun is the key of a value that is only in Run's context.
type ofRun struct{}

// unfinished is the outcome of a Run that is still running.
const unfinished = "has not returned"

// end returns what Run did, and what it left behind.
func (a *answering) end() string {
	outcome := a.outcome
	if outcome == unfinished {
		outcome += fmt.Sprintf(", Handle calls running: %d", a.working.Load())
	}
	return fmt.Sprintf("%s, streams open: %d", outcome, a.sessions.Len())
}

// run connects a client, which a runs until the step ends.
func (w *wire) run(a *timeouts.Answerer) *answering {
	a.Client = w.Client
	handle := a.Handle
	a.Handle = func(ctx context.Context, method string, params json.RawMessage) (any, error) {
		w.working.Add(1)
		defer w.working.Add(-1)
		return handle(ctx, method, params)
	}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.URL+"/events", nil) // which redirects
	if err != nil {
		w.t.Fatal(err)
	}
	stream, err := parsing.Connect(w.Client, request)
	if err != nil {
		w.t.Fatal(err)
	}

	client := &answering{wire: w, outcome: unfinished}
	ctx, stop := context.WithCancelCause(context.WithValue(w.t.Context(), ofRun{}, true))
	client.stop = stop
	w.client = client
	began := time.Now()
	go func() { // ends with the stream at the latest
		err := a.Run(ctx, stream, stream.URL)
		client.err = err
		if errors.Is(err, syscall.ECONNRESET) {
			err = errors.New("connection reset by peer") // without the addresses
		} else if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
			err = cause // without what wraps it
		}
		client.outcome, client.took = fmt.Sprintf("returned %v, Handle calls running: %d", err, w.working.Load()), time.Since(began)
	}()
	synctest.Wait()
	client.session = w.onlySession("the first one")
	w.t.Cleanup(func() {
		stop(nil)
		stream.Close()
		step.Advance(2 * time.Minute) // by then, every Handle of these steps has returned
	})
	return client
}

// unreachable is a network without a server.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) { return nil, errBroken }

// base is the URL of a stream that a step plays.
const base = "http://example.com/gw/events"

// from is base, as Run gets it.
var from = url.URL{Scheme: "http", Host: "example.com", Path: "/gw/events"}

// named is the first event of such a stream, and near the endpoint that it names.
var named = framing.Event{Type: "endpoint", Data: "responses"}

const near = "http://example.com/gw/responses"

// A played client is one that your Answerer runs, on a stream that the step writes.
type played struct {
	stream *io.PipeWriter
	done   chan struct{} // closed when Run has returned
	err    error         // what Run returned
	closed bool          // whether the stream was closed by then
}

// play makes a run a stream that the step writes, until the step ends.
func play(t *testing.T, a *timeouts.Answerer) *played {
	p := playIn(t.Context(), a)
	t.Cleanup(func() { p.end(); step.Advance(2 * time.Minute) })
	return p
}

// playIn is play for a caller that ends the stream itself. Run gets ctx. The first event
// names the endpoint, as on each stream of lesson 04.
func playIn(ctx context.Context, a *timeouts.Answerer) *played {
	p := connect(ctx, a)
	p.send(named)
	return p
}

// connect is playIn without the first event.
func connect(ctx context.Context, a *timeouts.Answerer) *played {
	reader, writer := io.Pipe()
	body := &body{Reader: reader, close: func() error { reader.Close(); return errClosing }}
	p := &played{stream: writer, done: make(chan struct{})}
	go func() { // ends with the stream at the latest
		defer close(p.done)
		p.err = a.Run(ctx, parsing.NewSource(body), &from)
		p.closed = body.closed.Load()
		reader.Close() // nothing reads it any longer
	}()
	return p
}

// errClosing is what closing a stream returns, which is not how the stream ended.
var errClosing = errors.New("closing failed")

// A body records whether it was closed.
type body struct {
	io.Reader
	closed atomic.Bool
	close  func() error
}

func (b *body) Close() error { b.closed.Store(true); return b.close() }

// send sends events down the stream, as far as Run reads them.
func (p *played) send(events ...framing.Event) {
	var all []byte
	for _, e := range events {
		all, _ = e.AppendText(all)
	}
	p.stream.Write(all)
	synctest.Wait()
}

// outcome returns whether Run has returned, and whether it returned an error.
func (p *played) outcome() string {
	select {
	case <-p.done:
	default:
		return "Run has not returned"
	}
	if p.err == nil {
		return "Run returned nil"
	}
	return "Run returned an error"
}

// end ends the stream.
func (p *played) end() { p.stream.Close(); synctest.Wait() }

// request is the event of a request.
func request(id, method string) framing.Event {
	return framing.Event{Type: "request", Data: fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,"method":%q}`, id, method)}
}

// cancellation is the event that cancels the request with this id.
func cancellation(id string) framing.Event {
	return framing.Event{Type: "notification", Data: fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%q}}`, id)}
}
