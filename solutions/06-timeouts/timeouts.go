// Package timeouts lets the end of a wait cross the wire, both ways: a caller
// does not wait for ever, a client is told when nobody waits any more, and what
// it was doing then ends.
package timeouts

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// DefaultTimeout is how long a [Caller] waits that was not told otherwise.
const DefaultTimeout = 30 * time.Second

// A TimeoutError says that the client has not answered within the Caller's time.
// When the time was up that the caller itself had given, through its context, the
// error is [context.DeadlineExceeded] instead.
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string { return fmt.Sprintf("no answer after %v", e.After) }

// A Caller asks clients as a [correlation.Caller] does, but never waits for ever.
// The zero value is ready to use. It is safe for concurrent use.
type Caller struct {
	correlation.Caller
	Timeout time.Duration // for each call; zero is DefaultTimeout

	late atomic.Int64
}

// Call is [correlation.Caller.Call] with an end: the response, the Timeout (a
// *[TimeoutError]) or the end of ctx, whichever comes first. A client that nobody
// waits for any more is told, by the notification "notifications/cancelled".
//
//lesson:begin // TODO: it waits for as long as ctx lasts. Give ctx a deadline, with a *TimeoutError
//lesson:begin // as its cause, and tell the client when the wait has ended without it.
//lesson:begin return c.Caller.Call(ctx, session, method, params)
func (c *Caller) Call(ctx context.Context, session correlation.Session, method string, params json.RawMessage) (json.RawMessage, error) {
	timeout := cmp.Or(c.Timeout, DefaultTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, &TimeoutError{timeout})
	defer cancel()

	result, err := c.Caller.Call(ctx, session, method, params)
	call, failed := errors.AsType[*correlation.CallError](err)
	if failed && errors.Is(call, context.Cause(ctx)) { // and not the client's own error
		session.Send(cancelled(call)) // a client that cannot be told is no news for the caller
	}
	return result, err
}

// Resolve is [correlation.Pending.Resolve], and counts the responses that came
// too late.
//
//lesson:begin // TODO: count the response when its caller has given up.
//lesson:begin return c.Caller.Resolve(session, r)
func (c *Caller) Resolve(session string, r correlation.Response) error {
	err := c.Caller.Resolve(session, r)
	if errors.Is(err, correlation.ErrGivenUp) {
		c.late.Add(1)
	}
	return err
}

// Late returns how many responses came when nobody waited for them any more.
//
//lesson:keep
func (c *Caller) Late() int64 { return c.late.Load() }

// cancellation is the params of "notifications/cancelled", as MCP has it.
//
//lesson:keep
type cancellation struct {
	RequestID string `json:"requestId"`
	Reason    string `json:"reason,omitempty"`
}

// cancelled returns the notification that nobody waits for the response to call.
//
//lesson:keep
func cancelled(call *correlation.CallError) framing.Event {
	params, _ := json.Marshal(cancellation{call.ID, call.Err.Error()})
	return correlation.Request{JSONRPC: "2.0", Method: "notifications/cancelled", Params: params}.Event()
}

// cancelledID returns the id of the request that e cancels. It is empty when e
// says something else.
//
//lesson:keep
func cancelledID(e framing.Event) string {
	var notification struct {
		Method string       `json:"method"`
		Params cancellation `json:"params"`
	}
	if json.Unmarshal([]byte(e.Data), &notification) != nil || notification.Method != "notifications/cancelled" {
		return ""
	}
	return notification.Params.RequestID
}

// An Answerer is the client's half: it answers the requests that come down an
// event stream, one stream at a time.
type Answerer struct {
	// Handle works out the result of a request. Its context ends when nobody
	// waits for the result any more. An error that wraps a *[correlation.Error]
	// is sent as that, and any other with the code of an internal error. Handle
	// is called from several goroutines at once.
	Handle func(ctx context.Context, method string, params json.RawMessage) (result any, err error)

	// Limit is how many Handles may run at once; the other requests wait for
	// their turn. Zero is 8.
	Limit int

	// Client posts the responses. Nil is [http.DefaultClient], which keeps two
	// connections for the next ones and closes the others. For a Limit of many,
	// give it a Transport whose MaxIdleConnsPerHost is as high.
	Client *http.Client

	// Trace, if it is not nil, is told of each event that comes, before anything
	// is done about it.
	Trace func(framing.Event)

	// Undelivered, if it is not nil, is told of a response that the server did
	// not take. One that nobody waits for any more is not sent, and no loss. It
	// is called from several goroutines at once.
	Undelivered func(response correlation.Response, err error)

	running sync.Map // how to end each request that is being answered: its id → a context.CancelFunc
}

// Run answers the requests that come down stream, which was opened with the URL
// from, until the stream ends (nil), breaks (its error) or ctx ends (the cause).
// An endpoint that is no URL ends it too (an error): nobody knows where to answer.
// When it returns, the stream is closed and no Handle runs any more.
//
//lesson:todo Read the events. "endpoint" says where to answer, relative to from. Each "request"
//lesson:todo is handled and the response posted (handle and post do that).
func (a *Answerer) Run(ctx context.Context, stream *parsing.Source, from *url.URL) error {
	ctx, stop := context.WithCancel(ctx)
	var handlers sync.WaitGroup
	defer handlers.Wait()
	defer stop()
	defer stream.Close()
	defer context.AfterFunc(ctx, func() { stream.Close() })()

	endpoint, turns := from, make(chan struct{}, cmp.Or(a.Limit, 8))
	for event, err := range stream.Events() {
		if err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
		if a.Trace != nil {
			a.Trace(event)
		}
		switch event.Type {
		case "endpoint":
			if endpoint, err = from.Parse(event.Data); err != nil {
				return fmt.Errorf("the endpoint event has no URL: %w", err)
			}
		case "notification":
			a.end(cancelledID(event))
		case "request":
			var request correlation.Request
			if json.Unmarshal([]byte(event.Data), &request) != nil || request.ID == "" {
				continue // without an id, nobody can be told
			}
			ctx, end := context.WithCancel(ctx)
			a.running.Store(request.ID, end)
			to := endpoint.String() // here, since an endpoint event may change it
			handlers.Go(func() {
				defer a.end(request.ID)
				a.answer(ctx, turns, to, request)
			})
		}
	}
	return nil
}

// answer waits for its turn, handles the request and posts the response, unless
// ctx ends before.
func (a *Answerer) answer(ctx context.Context, turns chan struct{}, endpoint string, request correlation.Request) {
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-ctx.Done():
		return
	}
	response := a.handle(ctx, request)
	if ctx.Err() != nil {
		return // nobody waits for it
	}
	if err := a.post(ctx, endpoint, response); err != nil && a.Undelivered != nil {
		a.Undelivered(response, err)
	}
}

// end ends the context of the request with this id, if it still runs.
func (a *Answerer) end(id string) {
	if end, ok := a.running.LoadAndDelete(id); ok {
		end.(context.CancelFunc)()
	}
}

// handle returns the response to request.
//
//lesson:keep
func (a *Answerer) handle(ctx context.Context, request correlation.Request) correlation.Response {
	response := correlation.Response{JSONRPC: "2.0", ID: request.ID}
	result, err := a.Handle(ctx, request.Method, request.Params)
	if err == nil {
		response.Result, err = json.Marshal(result)
	}
	if failure, ok := errors.AsType[*correlation.Error](err); ok {
		response.Error = failure
	} else if err != nil {
		response.Error = &correlation.Error{Code: correlation.CodeInternalError, Message: err.Error()}
	}
	return response
}

// post sends a response to the server. To send it twice does no harm: it has an
// id, and only the first one is taken.
//
//lesson:keep
func (a *Answerer) post(ctx context.Context, endpoint string, response correlation.Response) error {
	body, err := json.Marshal(response)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header["Idempotency-Key"] = nil // not sent: net/http may repeat the request if the connection was just closed
	resp, err := cmp.Or(a.Client, http.DefaultClient).Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the server refused the response: %s", resp.Status)
	}
	return nil
}
