// Package timeouts lets the end of a wait cross the wire, both ways: a caller
// does not wait forever, a client is told when its caller no longer waits, and
// what the client was doing then ends.
package timeouts

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// A Caller asks clients as a [correlation.Caller] does, but never waits forever.
// The zero value is ready to use. It is safe for concurrent use; its exported
// fields are set before the first Call.
type Caller struct {
	Timeout time.Duration // for each call; zero is DefaultTimeout

	// Observe, if it is not nil, is told of each call when it has ended: how long
	// it took, and its error. It is called from several goroutines at once.
	Observe func(method string, took time.Duration, err error)

	calls correlation.Caller
	late  atomic.Int64
}

// Call is [correlation.Caller.Call] with an end: the response, the Timeout (a
// *[TimeoutError]) or the end of ctx (its cause), whichever comes first. All errors
// are a *[correlation.CallError], as they are there. A client whose caller no longer
// waits is told so, by the notification "notifications/cancelled", as long as its
// stream lasts.
func (c *Caller) Call(ctx context.Context, peer correlation.Peer, r correlation.Request) (json.RawMessage, error) {
	// TODO: it waits for as long as ctx lasts. Give ctx a deadline, with a *TimeoutError
	// as its cause. Report each call to Observe. Tell the client when a wait ended
	// without a response.
	return c.calls.Call(ctx, peer, r)
}

// Resolve is [correlation.Pending.Resolve], and counts the responses that came
// too late.
func (c *Caller) Resolve(session string, r correlation.Response) error {
	// TODO: count the response when its caller has given up.
	return c.calls.Resolve(session, r)
}

// Len returns how many calls wait for their response.
func (c *Caller) Len() int { return c.calls.Len() }

// Late returns how many responses came too late: nobody waited for them any longer.
func (c *Caller) Late() int64 { return c.late.Load() }

// An Answerer is the client's half: it answers the requests that come down an
// event stream. It is safe for concurrent use, on several streams at once; its
// fields are set before the first Run.
type Answerer struct {
	// Handle works out the result of a request. Its context is made of Run's, and
	// ends when nobody waits for the result any longer. An error that wraps a
	// *[correlation.Error] is sent as that, and any other with the code of an
	// internal error. Handle is called from several goroutines at once.
	Handle func(ctx context.Context, method string, params json.RawMessage) (result any, err error)

	// Limit is how many Handles of one stream may run at once; the other requests
	// wait for their turn, however many come. Zero or less is 8.
	Limit int

	// Client posts the responses. Nil is [http.DefaultClient], which keeps two
	// connections for the next ones and closes the others. For a Limit of many,
	// give it a Transport whose MaxIdleConnsPerHost is as high.
	Client *http.Client

	// Origins are those that may get the responses besides the stream's own, such
	// as "https://answers.example.com". A POST follows a redirect only within the
	// endpoint's origin and to Origins.
	Origins []string

	// Deliver sends a response to the endpoint. Its ctx ends when the request is
	// cancelled, or Run ends. Nil posts it with Client, up to five times while the
	// server cannot be reached or asks for patience (429, 502, 503, 504). After a
	// *[RefusedError] with 400 or 413, an internal error is delivered in the
	// response's place.
	Deliver func(ctx context.Context, endpoint string, response correlation.Response) error

	// OnEvent, if it is not nil, is told of each event that comes, before
	// anything is done about it.
	OnEvent func(framing.Event)

	// OnUndelivered, if it is not nil, is told of a response that was sent and not
	// taken, and why. One whose request has been cancelled is not sent, and no
	// loss. It is called from several goroutines at once.
	OnUndelivered func(response correlation.Response, err error)
}

// Run answers the requests that come down stream, which came from the URL from,
// until the stream ends (nil), breaks (its error) or ctx ends (its cause). An
// endpoint that is not a URL, or that is of an origin which may not get the
// responses, is an error, too. A request that is not JSON or has no id is passed
// over, as is all that Run does not know. When Run returns, the stream is closed
// and no Handle runs any longer.
func (a *Answerer) Run(ctx context.Context, stream *parsing.Source, from *url.URL) error {
	// TODO: Read the events, and tell OnEvent of each. Then look at its type.
	// "endpoint", which comes first, says where to answer: see resolve.
	// "request": handle it in its turn, and deliver the response: see
	// Limit, handle, deliver and OnUndelivered.
	// "notification" may cancel a request: see running.
	// At the end, close the stream, end all contexts, and wait for the
	// Handles.
	return nil
}
