// Package timeouts ends a wait on both sides of the wire: no caller waits forever,
// and when a caller no longer waits, its client is told and the client's work ends.
package timeouts

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// A Caller sends requests as a [correlation.Caller] does, but never waits forever.
// The zero value is ready to use. It is safe for concurrent use; its exported
// fields must be set before the first Call.
type Caller struct {
	Timeout time.Duration // for each call; zero means DefaultTimeout

	// Observe, if not nil, is called once for each call, however the call ended, and
	// before Call returns. It gets how long the call took and the call's error.
	// Several goroutines may call Observe at once.
	Observe func(method string, took time.Duration, err error)

	calls correlation.Caller
	late  atomic.Int64
}

// Call is [correlation.Caller.Call] with a limit: it returns when the response comes,
// when the Timeout is up (the error wraps a *[TimeoutError]) or when ctx ends (the
// error wraps ctx's cause), whichever is first. Each error is a
// *[correlation.CallError], as in lesson 05. If the caller no longer waits, the client
// is sent the notification "notifications/cancelled", if its stream is still open.
//
//lesson:begin // TODO: this waits for as long as ctx lasts. Give ctx a deadline, with a *TimeoutError
//lesson:begin // as its cause. Report each call to Observe. Tell the client when a wait ended
//lesson:begin // without a response.
//lesson:begin return c.calls.Call(ctx, peer, r)
func (c *Caller) Call(ctx context.Context, peer correlation.Peer, r correlation.Request) (json.RawMessage, error) {
	timeout := cmp.Or(c.Timeout, DefaultTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, &TimeoutError{timeout})
	defer cancel()

	start := time.Now()
	result, err := c.calls.Call(ctx, peer, r)
	if c.Observe != nil {
		c.Observe(r.Method, time.Since(start), err)
	}
	if call, failed := errors.AsType[*correlation.CallError](err); failed && call.Unanswered {
		tell(peer, call)
	}
	return result, err
}

// tell sends a client the cancellation of call. If that cannot be sent, the caller
// need not know.
func tell(peer correlation.Peer, call *correlation.CallError) {
	if event, err := cancelled(call); err == nil {
		peer.Send(event)
	}
}

// Resolve is [correlation.Pending.Resolve], but also counts the responses that
// came too late.
//
//lesson:begin // TODO: count the response if its caller gave up.
//lesson:begin return c.calls.Resolve(session, r)
func (c *Caller) Resolve(session string, r correlation.Response) error {
	err := c.calls.Resolve(session, r)
	if errors.Is(err, correlation.ErrNotWaiting) {
		c.late.Add(1)
	}
	return err
}

// Len returns how many calls are waiting for their response.
//
//lesson:keep
func (c *Caller) Len() int { return c.calls.Len() }

// Late returns how many responses came too late: their callers no longer waited.
//
//lesson:keep
func (c *Caller) Late() int64 { return c.late.Load() }

// An Answerer is the client's half: it answers the requests that come down an
// event stream. It is safe for concurrent use, on several streams at once; its
// fields must be set before the first Run.
type Answerer struct {
	// Handle computes the result of a request. Its context is derived from Run's, and
	// ends when no one waits for the result any longer. An error that wraps a
	// *[correlation.Error] is sent as that *[correlation.Error], any other error as
	// an internal error. Handle may be called from several goroutines at once.
	Handle func(ctx context.Context, method string, params json.RawMessage) (result any, err error)

	// Limit is how many Handles of one stream may run at once; the other requests
	// wait for their turn, however many come. Zero or less means 8.
	Limit int

	// Client posts the responses. Nil means [http.DefaultClient], which keeps two
	// idle connections for later responses and closes the others. For a high Limit,
	// use a Transport whose MaxIdleConnsPerHost is as high.
	Client *http.Client

	// Origins lists the origins that may get the responses besides the stream's own,
	// such as "https://answers.example.com". A POST follows a redirect only to the
	// endpoint's origin or to one of Origins.
	Origins []string

	// Deliver sends a response to the endpoint. Its ctx ends when the request is
	// cancelled or Run ends. Nil means a POST with Client, tried up to five times
	// while the server cannot be reached or is busy (429, 502, 503, 504). After a
	// *[RefusedError] with 400 or 413, an internal error is delivered instead of the
	// response.
	Deliver func(ctx context.Context, endpoint string, response correlation.Response) error

	// OnEvent, if not nil, is called for each event that comes, before Run does
	// anything else with the event.
	OnEvent func(framing.Event)

	// OnUndelivered, if not nil, is called with a response that was sent but not
	// accepted, and with the reason. If a request is cancelled before its response
	// is sent, the response is dropped and not reported. OnUndelivered may be called
	// from several goroutines at once.
	OnUndelivered func(response correlation.Response, err error)
}

// Run answers the requests in stream; the parameter from is the URL that stream came
// from. Run returns nil when the stream ends, its error when it breaks, and ctx's cause
// when ctx ends, whichever comes first. It also returns an error if an endpoint is not a
// URL, or has an origin that may not get the responses. A response goes to the last
// endpoint named before its request. If there was none, the response may be lost, but Run
// goes on. Run skips a request that is not JSON or has no id, and everything else that it
// does not know. When Run returns, the stream is closed and no Handle, Deliver or
// OnUndelivered is running.
//
//lesson:todo Read the events, and call OnEvent for each. Switch on its type.
//lesson:todo "endpoint" names the URL for the answers to later requests: see resolve.
//lesson:todo "request": handle it in its turn, and deliver the response: see
//lesson:todo Limit, handle, deliver and OnUndelivered.
//lesson:todo "notification" may cancel a request: see running.
//lesson:todo At the end, close the stream, end all contexts and wait for the
//lesson:todo goroutines. If ctx ended first, return its cause.
func (a *Answerer) Run(ctx context.Context, stream *parsing.Source, from *url.URL) error {
	var handlers sync.WaitGroup
	outer := ctx // when it ends, its cause is there before the derived context ends
	ctx, stop := context.WithCancel(ctx)
	defer handlers.Wait() // deferred calls run bottom up: close the stream, end the contexts, wait
	defer stop()
	defer stream.Close()
	defer context.AfterFunc(ctx, func() { stream.Close() })()

	var requests running
	endpoint, turns := from, make(chan struct{}, cmp.Or(max(a.Limit, 0), 8))
	for event, err := range stream.Events() {
		if err != nil {
			return cmp.Or(context.Cause(outer), err)
		}
		if a.OnEvent != nil {
			a.OnEvent(event)
		}
		switch event.Type {
		case "endpoint":
			if endpoint, err = a.resolve(from, event.Data); err != nil {
				return err
			}
		case "notification":
			requests.cancel(cancelledID(event))
		case "request":
			var request correlation.Request
			if json.Unmarshal([]byte(event.Data), &request) != nil || request.ID == "" {
				continue // without an id, it cannot be answered
			}
			ctx, done := requests.start(ctx, request.ID)
			to := endpoint.String() // here, since an endpoint event may change it
			handlers.Go(func() {
				defer done()
				a.answer(ctx, turns, to, request)
			})
		}
	}
	return context.Cause(outer) // closing the stream may have ended it without an error
}

// answer waits for its turn, handles the request and delivers the response, unless
// ctx ends first.
func (a *Answerer) answer(ctx context.Context, turns chan struct{}, endpoint string, request correlation.Request) {
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return // even if its turn came at the same moment
	}
	response := a.handle(ctx, request)
	if ctx.Err() != nil {
		return // no one waits for it
	}
	if err := a.deliver(ctx, endpoint, response); err != nil && a.OnUndelivered != nil {
		a.OnUndelivered(response, err)
	}
}
