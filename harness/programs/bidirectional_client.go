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
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// codeFailure is the code of a failure that a BidirectionalClient was told to have: the
// first of those that JSON-RPC 2.0 leaves to applications (section 5.1).
const codeFailure = -32000

// A BidirectionalClient is the bidirectional client: it answers whatever it is asked, tells
// of each request and each answer in a line, and reconnects when the stream ends.
// It is for one Run.
type BidirectionalClient struct {
	URL    string
	HTTP   *http.Client
	Name   string        // who it is, in its answers
	Delay  time.Duration // how long it works on an answer
	Fail   float64       // how many of the answers are failures: 0 none, 1 all
	Out    *log.Logger   // gets the session's id, the requests and the answers
	Status io.Writer     // gets a line for each connection that is made or lost

	reconnector reconnector
	joined      bool // whether this connection has its session
	stop        context.CancelCauseFunc
}

// Run answers until ctx ends or the server wants no more connections, which
// return nil. A server that cannot be reached at the first attempt returns an
// error, and so does one that answers with something else than an event stream, and
// one that sends events and gives no session. Lines that cannot be written to Out
// are an error at once.
func (r *BidirectionalClient) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.Out = log.New(output{r.Out.Writer(), stop}, r.Out.Prefix(), r.Out.Flags())
	fmt.Fprintf(r.Status, "%s answers what %s asks · Ctrl-C stops\n", r.Name, r.URL)
	r.reconnector = reconnector{url: r.URL, server: "bidirectional-server", status: r.Status}
	client := &cleanup.Client{
		URL: r.URL,
		Answerer: timeouts.Answerer{
			Client:        telling(r.HTTP, r.delivered),
			Handle:        r.handle,
			OnEvent:       r.trace,
			OnUndelivered: r.undelivered,
		},
	}
	err := r.reconnector.keep(ctx, func(ctx context.Context) error { return r.follow(ctx, client) })
	return cmp.Or(unwritten(ctx), err)
}

// follow makes one connection and answers what is asked on it, until it ends.
func (r *BidirectionalClient) follow(ctx context.Context, client *cleanup.Client) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.joined, r.stop = false, stop
	err := client.Run(ctx)
	return cmp.Or(context.Cause(ctx), err, io.EOF) // the cause may be a kindError of trace's
}

// handle works on a request for a while, and then answers it or fails.
func (r *BidirectionalClient) handle(ctx context.Context, method string, params json.RawMessage) (any, error) {
	select {
	case <-time.After(r.Delay):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if rand.Float64() < r.Fail {
		return nil, &correlation.Error{Code: codeFailure, Message: r.Name + " has failed, as it was told to now and then"}
	}
	return struct {
		By     string          `json:"by"`
		Method string          `json:"method"`
		Params json.RawMessage `json:"params,omitempty"`
	}{r.Name, method, params}, nil
}

// trace tells of what the server sends. Before all else, that is a session.
func (r *BidirectionalClient) trace(event framing.Event) {
	if event.Type == "endpoint" {
		r.joined = true
		r.reconnector.opened()
		r.Out.Printf("session   %s", visible.Short(SessionID(event.Data)))
		return
	}
	if !r.joined {
		r.stop(kindError("the server sent an event of type " + visible.Quote(event.Type) +
			" and no session, so it is no bidirectional server (go run ./harness bidirectional-server)"))
		return
	}
	var request correlation.Request
	if json.Unmarshal([]byte(event.Data), &request) != nil {
		return
	}
	what := visible.Short(strings.TrimSpace(request.Method + " " + string(request.Params)))
	if request.ID != "" {
		r.Out.Printf("asked     %s · %s", visible.Short(request.ID), what)
		return
	}
	r.Out.Printf("told      %s", what)
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
func (r *BidirectionalClient) delivered(letter correlation.Response) {
	if letter.Error != nil {
		r.Out.Printf("failed    %s · %v", visible.Short(letter.ID), shown{letter.Error})
		return
	}
	r.Out.Printf("answered  %s · %s", visible.Short(letter.ID), visible.Short(string(letter.Result)))
}

// undelivered tells of an answer that the server did not take.
func (r *BidirectionalClient) undelivered(letter correlation.Response, err error) {
	r.Out.Printf("too late  %s · %v", visible.Short(letter.ID), Explain(err))
}
