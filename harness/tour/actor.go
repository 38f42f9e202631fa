package tour

import (
	"context"
	"encoding/json"
	"net/http"

	framing "example.com/sseworkbook/solutions/01-framing"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// An actor is a client of the second act. It works on each answer until the scene
// lets it go on.
type actor struct {
	party  Party
	client *cleanup.Client
	tap    *tap                     // what passes between it and the server
	events chan framing.Event       // what came down the stream
	gates  map[string]chan struct{} // by method; an answer goes when its gate has let it

	leave   context.CancelFunc // nil: it was never connected
	left    chan struct{}      // is closed when it has left
	err     error              // Run's, then
	session string             // its id
	heard   string             // the id of the request that came last
}

// talk is what the shop asks for, by method, and what the clients answer.
var talk = map[string]struct{ params, result json.RawMessage }{
	"approve": {json.RawMessage(`{"amount":120}`), json.RawMessage(`{"ok":true}`)},
	"price":   {json.RawMessage(`{"item":7}`), json.RawMessage(`{"euros":42}`)},
}

// newActor returns a client that is not connected yet.
func (c *conversation) newActor(party Party) *actor {
	a := &actor{
		party:  party,
		tap:    newTap(c.ctx, c.transport),
		events: make(chan framing.Event, 8),
		gates:  map[string]chan struct{}{},
		left:   make(chan struct{}),
	}
	for method := range talk {
		a.gates[method] = make(chan struct{}, 1)
	}
	a.client = &cleanup.Client{
		URL: c.url + "/events",
		Answerer: timeouts.Answerer{
			Handle:  a.handle,
			OnEvent: func(e framing.Event) { put(c.ctx, a.events, e) },
			Client:  &http.Client{Transport: a.tap},
		},
	}
	return a
}

// connect starts the client, which close ends.
func (a *actor) connect(ctx context.Context) {
	ctx, a.leave = context.WithCancel(ctx)
	go func() {
		defer close(a.left)
		a.err = a.client.Run(ctx)
	}()
}

// close ends the client, if it runs, and waits until it has.
func (a *actor) close() {
	if a.leave != nil {
		a.leave()
		<-a.left
	}
}

// handle works on a request until its gate opens, or nobody waits any more.
func (a *actor) handle(ctx context.Context, method string, _ json.RawMessage) (any, error) {
	_, err := take(ctx, a.gates[method])
	return talk[method].result, err
}
