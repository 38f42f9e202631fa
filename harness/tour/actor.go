package tour

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"example.com/sseworkbook/harness/programs"
	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// An actor is a client of the second act. It works on each answer until the scene
// lets it go on, and notes what passes between it and the server.
type actor struct {
	lane   lane
	client *cleanup.Client
	gates  map[string]chan struct{} // by method; an answer goes when its gate has let it
	events chan framing.Event       // what came down the stream
	going  chan correlation.Response
	taken  chan *http.Response // what the server said to each response

	sent     chan string // the bytes of each request
	received chan string // the bytes of what came back: of a stream, the head
	stream   frames      // and its body

	ctx     context.Context // the parties'
	leave   context.CancelFunc
	left    chan error // Run's one result
	session string     // its id
	heard   string     // the id of the request that came last
}

// talk is what the shop asks for, by method, and what the clients answer.
var talk = map[string]struct{ params, result json.RawMessage }{
	"approve": {json.RawMessage(`{"amount":120}`), json.RawMessage(`{"ok":true}`)},
	"price":   {json.RawMessage(`{"item":7}`), json.RawMessage(`{"euros":42}`)},
}

// newActor returns a client of the event stream at url. It is not connected yet.
func newActor(ctx context.Context, l lane, url string, transport http.RoundTripper) *actor {
	a := &actor{
		lane:   l,
		gates:  map[string]chan struct{}{},
		events: make(chan framing.Event, 8),
		going:  make(chan correlation.Response, 8),
		taken:  make(chan *http.Response, 8),
		ctx:    ctx,
		left:   make(chan error, 1),

		sent:     make(chan string, 8),
		received: make(chan string, 8),
	}
	for method := range talk {
		a.gates[method] = make(chan struct{}, 1)
	}
	a.client = &cleanup.Client{
		URL: url,
		Answerer: timeouts.Answerer{
			Handle:  a.handle,
			OnEvent: func(e framing.Event) { put(ctx, a.events, e) },
			Client: &http.Client{Transport: &postLog{
				next:  a.tapped(transport),
				going: func(r correlation.Response) { put(ctx, a.going, r) },
				taken: func(_ correlation.Response, r *http.Response) { put(ctx, a.taken, r) },
			}},
		},
	}
	return a
}

// tapped returns the transport, with a tap on it.
func (a *actor) tapped(transport http.RoundTripper) http.RoundTripper {
	return &capture{
		next:     transport,
		sent:     func(wire string) { put(a.ctx, a.sent, wire) },
		received: func(wire string) { put(a.ctx, a.received, wire) },
		stream:   &a.stream,
	}
}

// connect starts the client, which close ends.
func (a *actor) connect() {
	ctx, leave := context.WithCancel(a.ctx)
	a.leave = leave
	go func() { a.left <- a.client.Run(ctx) }()
}

// close ends the client, if it runs, and waits until it has.
func (a *actor) close() {
	if a.leave == nil {
		return
	}
	a.leave()
	<-a.left
	a.leave = nil
}

// handle works on a request until its gate opens, or nobody waits any more.
func (a *actor) handle(ctx context.Context, method string, _ json.RawMessage) (any, error) {
	if _, err := take(ctx, a.gates[method]); err != nil {
		return nil, err
	}
	return talk[method].result, nil
}

// insist posts a response to the request that came last, although nobody waits
// for it, and returns why it is refused.
func (a *actor) insist(url, method string) (reason string, err error) {
	response := correlation.Response{JSONRPC: "2.0", ID: a.heard, Result: talk[method].result}
	refusal, err := programs.PostJSON(a.ctx, a.client.Client, url, response)
	if err != nil {
		return "", err
	}
	defer refusal.Body.Close()
	return detail(refusal), nil
}

// put sends v, unless ctx ends.
func put[T any](ctx context.Context, to chan<- T, v T) {
	select {
	case to <- v:
	case <-ctx.Done():
	}
}

// take receives a value, unless ctx ends.
func take[T any](ctx context.Context, from <-chan T) (v T, err error) {
	select {
	case v = <-from:
		return v, nil
	case <-ctx.Done():
		return v, fmt.Errorf("nothing came: %w", ctx.Err())
	}
}
