package timeouts_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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

// A wire is a server with sessions (lesson 04) and your Caller. One client is
// connected to it, over HTTP, in a bubble.
type wire struct {
	*pair.Pair
	t        *testing.T
	sessions *sessions.Registry
	caller   timeouts.Caller
	patient  correlation.Caller // never tells the client that nobody waits
	client   *answering         // the one that runs, if it is run by your Answerer
	mute     atomic.Bool        // whether no POST gets a response
	hangUp   atomic.Bool        // whether the next POST gets none, and its connection ends
	busy     atomic.Bool        // whether the next POST gets a 503
	asked    notes              // what the client was asked
	posts    notes              // each POST, with its status
	from     notes              // the connection of each POST
	working  atomic.Int32       // how many Handles run
}

// onTheWire runs f in a bubble with HTTP/1.1, and in another one with HTTP/2.
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
	t.Cleanup(step.Waiting(t, func() (string, []string) {
		return "the client was asked (" + w.asked.String() + "), and then the clock stopped: your code waits for something that never comes, such as a lock", nil
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
			io.Copy(io.Discard, r.Body) // or else net/http does not see that the client leaves
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

// A question is a request, and what has come of it.
type question struct {
	answer string
	giveUp func() // ends its caller's context
}

// call asks the client through your Caller, for a caller that has a minute.
func (w *wire) call(method string) *question { return w.start(method, w.caller.Call) }

// ask asks the client as lesson 05 does, for a caller that has a minute. It never
// tells the client that its caller no longer waits.
func (w *wire) ask(method string) *question {
	return w.start(method, func(ctx context.Context, peer correlation.Peer, r correlation.Request) (json.RawMessage, error) {
		return w.patient.Call(ctx, marked{peer}, r)
	})
}

// mark begins the ids of what ask asks, so that they are others than your Caller's.
const mark = "ask-"

// A marked peer gets its requests with a mark in their ids.
type marked struct{ correlation.Peer }

func (m marked) Send(e framing.Event) error {
	e.Data = strings.Replace(e.Data, `"id":"`, `"id":"`+mark, 1)
	return m.Peer.Send(e)
}

// resolve hands a response to whichever Caller asked.
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
	go func() { // ends with ctx, at the latest
		result, err := call(ctx, session, correlation.Request{Method: method})
		q.answer = string(result)
		if call, failed := errors.AsType[*correlation.CallError](err); failed {
			q.answer = call.Err.Error()
		}
	}()
	synctest.Wait()
	return q
}

// onlySession returns the session of the one client there is, which is to be asked.
func (w *wire) onlySession(method string) *sessions.Session {
	w.t.Helper()
	all := w.sessions.All()
	if len(all) == 0 {
		step.Fail(w.t, "the client's stream ended before the step could ask it ("+method+"): Run must keep reading", w.returned()...)
	}
	return all[0]
}

// returned says what Run returned, if there is a Run and it did.
func (w *wire) returned() []string {
	if w.client == nil || w.client.outcome == unfinished {
		return nil
	}
	return []string{fmt.Sprint("Run ", w.client.outcome, ", after ", w.client.took)}
}

// has fails the step if the caller of q does not have the answer that it should.
// It shows what was posted.
func (w *wire) has(q *question, want, sentence string) {
	w.t.Helper()
	if q.answer != want {
		details := step.Compare("got ", q.answer, "want", want)
		details = append(details, "posted: "+w.posts.String())
		step.Fail(w.t, sentence, append(details, w.returned()...)...)
	}
}

// A listener is a client whose part the step plays.
type listener struct {
	*wire
	stream  *pair.Stream
	session string
	heard   int
}

// open connects a client whose part the step plays.
func (w *wire) open() *listener {
	stream := w.Open("/gw/events")
	synctest.Wait()
	return &listener{wire: w, stream: stream, session: w.sessions.All()[0].ID()}
}

// messages returns what has come down the stream so far.
func (l *listener) messages() (all []correlation.Request) {
	synctest.Wait()
	for e := range parsing.NewDecoder(strings.NewReader(l.stream.Received())).Events() {
		var message correlation.Request
		if json.Unmarshal([]byte(e.Data), &message) == nil {
			all = append(all, message)
		}
	}
	return all
}

// news returns what has come since it was last asked for.
func (l *listener) news() string {
	var all []string
	asked := map[string]string{}
	for _, m := range l.messages() {
		if m.ID != "" {
			asked[m.ID] = m.Method
			all = append(all, "request "+m.Method)
			continue
		}
		var params struct{ RequestID string }
		json.Unmarshal(m.Params, &params)
		all = append(all, strings.TrimPrefix(m.Method, "notifications/")+" "+cmp.Or(asked[params.RequestID], "what nobody asked"))
	}
	news := all[l.heard:]
	l.heard = len(all)
	return strings.Join(news, ", ")
}

// answer posts a result for the request with this method, and returns the status.
func (l *listener) answer(method string) int {
	return l.post(method, fmt.Sprintf(`"result":"answer to %s"`, method))
}

// refuse posts an error for the request with this method.
func (l *listener) refuse(method string) { l.post(method, `"error":{"code":7,"message":"no"}`) }

func (l *listener) post(method, outcome string) int {
	id := "nobody's"
	for _, m := range l.messages() {
		if m.Method == method {
			id = m.ID
		}
	}
	status := l.Post("/gw/responses?session="+l.session, "application/json", fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,%s}`, id, outcome)).Status
	synctest.Wait()
	return status
}

// An answering is a client that is run by your Answerer.
type answering struct {
	*wire
	session *sessions.Session
	stop    context.CancelCauseFunc // ends Run's context
	err     error                   // what Run returned
	outcome string                  // what Run did
	took    time.Duration           // how long it took for that
}

// unfinished is what a Run does that is still at it.
const unfinished = "has not returned"

// end returns what Run did, and what it left.
func (a *answering) end() string {
	outcome := a.outcome
	if outcome == unfinished {
		outcome += fmt.Sprintf(", %d at work", a.working.Load())
	}
	return fmt.Sprintf("%s, %d streams open", outcome, a.sessions.Len())
}

// run connects a client and has it run by a, until the step ends.
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
	ctx, stop := context.WithCancelCause(w.t.Context())
	client.stop = stop
	w.client = client
	began := time.Now()
	go func() { // ends with the stream, at the latest
		err := a.Run(ctx, stream, stream.URL)
		client.err = err
		if errors.Is(err, syscall.ECONNRESET) {
			err = errors.New("connection reset by peer") // without the addresses
		}
		client.outcome, client.took = fmt.Sprintf("returned %v, %d at work", err, w.working.Load()), time.Since(began)
	}()
	synctest.Wait()
	client.session = w.onlySession("anything")
	w.t.Cleanup(func() {
		stop(nil)
		stream.Close()
		step.Pass(2 * time.Minute) // by then, each Handle of these steps is done
	})
	return client
}
