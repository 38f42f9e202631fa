package timeouts_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

func TestMain(m *testing.M) { step.Main(m) }

// A peerFunc is a peer without a wire: it gets each event that is sent.
type peerFunc func(framing.Event) error

func (f peerFunc) ID() string                 { return "session" }
func (f peerFunc) Send(e framing.Event) error { return f(e) }

// silent is a client that never answers.
var silent = peerFunc(func(framing.Event) error { return nil })

// answersAfter is a client that answers each request after d.
func answersAfter(d time.Duration, caller *timeouts.Caller, response correlation.Response) peerFunc {
	return func(e framing.Event) error {
		time.AfterFunc(d, func() { answer(caller, e, response) })
		return nil
	}
}

// answer resolves the request in e, if there is one.
func answer(caller *timeouts.Caller, e framing.Event, response correlation.Response) {
	var request correlation.Request
	if json.Unmarshal([]byte(e.Data), &request); request.ID != "" {
		response.ID = request.ID
		caller.Resolve("session", response)
	}
}

// yes and no are responses. answer gives them an ID.
var (
	yes = correlation.Response{JSONRPC: "2.0", Result: []byte(`"yes"`)}
	no  = correlation.Response{JSONRPC: "2.0", Error: &correlation.Error{Code: 7, Message: "no"}}
)

// approve is the request of most steps.
var approve = correlation.Request{Method: "approve"}

// call asks, for a minute at most, and returns how long the wait was and how it ended.
func call(t *testing.T, ctx context.Context, caller *timeouts.Caller, peer correlation.Peer) (took time.Duration, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	step.Returns(t, "the client never answers and the caller's own context ended after a minute, but Call has not returned", func() {
		_, err = caller.Call(ctx, peer, approve)
	})
	return time.Since(began), err
}

// manyCauses is a cause whose type cannot be compared.
type manyCauses []error

func (c manyCauses) Error() string { return c[0].Error() }

// callAndStop asks a client whose Send returns sendErr, with a context that has
// ended with a cause, and returns what the client was sent and how the call ended.
func callAndStop(t *testing.T, cause, sendErr error) (heard string, err error) {
	t.Helper()
	ctx, stop := context.WithCancelCause(t.Context())
	stop(cause)
	var sent notes
	_, err = call(t, ctx, new(timeouts.Caller), peerFunc(func(e framing.Event) error {
		sent.Add(e.Type)
		return sendErr
	}))
	return sent.String(), err
}

// whose returns whose time was up, as far as err says it.
func whose(err error) string {
	if timeout, ok := errors.AsType[*timeouts.TimeoutError](err); ok {
		return fmt.Sprint("the Caller's, after ", timeout.After)
	}
	if call, ok := errors.AsType[*correlation.CallError](err); ok {
		err = call.Err
	}
	return fmt.Sprint("its own: ", err)
}

// A watched context counts the contexts that were made of it and still run.
type watched struct {
	context.Context
	done    chan struct{} // its own, or else the context package would not use AfterFunc
	waiting atomic.Int32
}

func (w *watched) Done() <-chan struct{} { return w.done }

// AfterFunc is how the context package has f called at the context's end, which
// does not come here, until stop is called.
func (w *watched) AfterFunc(f func()) (stop func() bool) {
	w.waiting.Add(1)
	return sync.OnceValue(func() bool {
		w.waiting.Add(-1)
		return true
	})
}

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

// notes are what a step writes down. They are safe for concurrent use.
type notes struct{ step.List[string] }

func (n *notes) String() string { return cmp.Or(strings.Join(n.All(), ", "), "nothing") }

// base is the URL of a stream that a step plays.
const base = "http://example.com/gw/events"

// A played client is run by your Answerer, on a stream that the step writes.
type played struct {
	stream *io.PipeWriter
	done   chan struct{} // closed when Run has returned
	err    error         // what Run returned
}

// play has a run a stream that the step writes, until the step ends.
func play(t *testing.T, a *timeouts.Answerer) *played {
	from, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	reader, writer := io.Pipe()
	p := &played{stream: writer, done: make(chan struct{})}
	go func() { // ends with the stream, at the latest
		defer close(p.done)
		p.err = a.Run(t.Context(), parsing.NewSource(reader), from)
		reader.Close() // nothing reads it any longer
	}()
	t.Cleanup(func() { p.end(); step.Pass(2 * time.Minute) })
	return p
}

// send sends events down the stream, as far as they are read.
func (p *played) send(events ...framing.Event) {
	for _, e := range events {
		e.WriteTo(p.stream)
	}
	synctest.Wait()
}

// outcome returns whether Run has returned, and whether with an error.
func (p *played) outcome() string {
	select {
	case <-p.done:
	default:
		return "Run has not returned"
	}
	if p.err == nil {
		return "no error"
	}
	return "an error"
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

// deliveredTo is a Deliver that writes down where each response goes, and what it is.
func deliveredTo(log *notes) func(context.Context, string, correlation.Response) error {
	return func(_ context.Context, endpoint string, r correlation.Response) error {
		log.Add(fmt.Sprintf("%s: %s → %s", r.ID, strings.Trim(string(r.Result), `"`), endpoint))
		return nil
	}
}

// logged returns an Answerer whose Handle takes d, or until its context ends, and
// writes down which method ended when. It delivers nothing.
func logged(ended *notes, d time.Duration) *timeouts.Answerer {
	return &timeouts.Answerer{
		Deliver: func(context.Context, string, correlation.Response) error { return nil },
		Handle: func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
			began := time.Now()
			wait(ctx, d)
			ended.Add(fmt.Sprint(method, " after ", time.Since(began)))
			return "done", nil
		},
	}
}
