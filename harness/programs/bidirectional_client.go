package programs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"example.com/sseworkbook/harness/visible"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
)

// codeFailure is the code of a failure that a client was told to have: the first of
// those that JSON-RPC 2.0 leaves to applications (section 5.1).
const codeFailure = -32000

// A BidirectionalClient is the bidirectional client: it answers whatever it is
// asked, tells of each request and each answer in a line, and reconnects when the
// stream ends. It is for one Run.
type BidirectionalClient struct {
	URL    string
	HTTP   *http.Client
	Name   string        // who it is, in its answers
	Delay  time.Duration // how long it works on an answer
	Fail   float64       // how many of the answers are failures: 0 none, 1 all
	Out    *log.Logger   // gets the session's id, the requests and the answers
	Idle   time.Duration // how long nothing may come before it reconnects; zero: any time
	Status io.Writer     // gets a line for each connection that is made or lost

	reconnector reconnector
}

// Run answers until ctx ends or the server wants no more connections, which
// return nil. A server that cannot be reached at the first attempt returns an
// error, and so does one that answers with something else than an event stream, and
// one that sends events and gives no session. Lines that cannot be written to Out
// are an error at once.
func (c *BidirectionalClient) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.Out = log.New(output{c.Out.Writer(), stop}, c.Out.Prefix(), c.Out.Flags())
	fmt.Fprintf(c.Status, "%s answers what %s asks · Ctrl-C stops\n", c.Name, c.URL)
	c.reconnector = reconnector{url: c.URL, server: "bidirectional-server", status: c.Status}
	err := c.reconnector.run(ctx, limited(c.HTTP, c.Idle), c.follow)
	return cmp.Or(unwritten(ctx), err)
}

// follow answers what is asked on one stream, until it ends. Before all else, a
// bidirectional server gives it a session.
func (c *BidirectionalClient) follow(ctx context.Context, source *parsing.Source, progress func(framing.Event)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	joined := false
	client := &cleanup.Client{
		Answerer: timeouts.Answerer{
			Client:        telling(c.HTTP, c.delivered),
			Handle:        c.handle,
			OnUndelivered: c.undelivered,
			OnEvent: func(event framing.Event) {
				joined = joined || event.Type == "endpoint"
				if joined {
					c.trace(event)
					return
				}
				stop(&reconnection.FinalError{Err: kindError("the server sent an event of type " + visible.Quote(event.Type) +
					" but no session, so it is not a bidirectional server (go run ./harness bidirectional-server)")})
			},
		},
	}
	err := reconnection.Answering(client)(ctx, source, progress)
	return cmp.Or(context.Cause(ctx), err)
}

// handle works on a request for a while, and then answers it or fails.
func (c *BidirectionalClient) handle(ctx context.Context, method string, params json.RawMessage) (any, error) {
	select {
	case <-time.After(c.Delay):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if rand.Float64() < c.Fail {
		return nil, &correlation.Error{Code: codeFailure, Message: c.Name + " failed, as it was told to do now and then"}
	}
	return struct {
		By     string          `json:"by"`
		Method string          `json:"method"`
		Params json.RawMessage `json:"params,omitempty"`
	}{c.Name, method, params}, nil
}

// trace tells of what the server sends.
func (c *BidirectionalClient) trace(event framing.Event) {
	if event.Type == "endpoint" {
		c.reconnector.opened()
		c.Out.Printf("session   %s", visible.Short(SessionID(event.Data)))
		return
	}
	c.reconnector.missing(event)
	var request correlation.Request
	if json.Unmarshal([]byte(event.Data), &request) != nil || request.Method == "" {
		return
	}
	what := visible.Short(strings.TrimSpace(request.Method + " " + string(request.Params)))
	if request.ID != "" {
		c.Out.Printf("asked     %s · %s", visible.Short(request.ID), what)
		return
	}
	c.Out.Printf("told      %s", what)
}

// SessionID returns the id of the session in the address that an endpoint event
// gives, or "".
func SessionID(endpoint string) string {
	address, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return address.Query().Get("session")
}

// delivered tells of an answer that the server has taken. Of one that it has not,
// undelivered is told.
func (c *BidirectionalClient) delivered(response correlation.Response) {
	if response.Error != nil {
		c.Out.Printf("failed    %s · %v", visible.Short(response.ID), shown{response.Error})
		return
	}
	c.Out.Printf("answered  %s · %s", visible.Short(response.ID), visible.Short(string(response.Result)))
}

// undelivered tells of an answer that the server did not take.
func (c *BidirectionalClient) undelivered(response correlation.Response, err error) {
	c.Out.Printf("too late  %s · %v", visible.Short(response.ID), Explain(err))
}
