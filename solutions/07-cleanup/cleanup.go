// Package cleanup is the complete two-way server and its client. Each of them, and
// each caller, can leave at any moment, and leaves nothing behind.
package cleanup

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync"

	flushing "example.com/sseworkbook/solutions/02-flushing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
)

// A Server is an http.Handler with four routes:
//
//	GET  /events     an event stream: the client's session
//	POST /responses  a client's response to a request
//	POST /trigger    lets an outside system ask clients and get their answers
//	GET  /healthz    how many sessions and pending requests there are
//
// It is safe for concurrent use. Set its exported fields, and the fields of Sessions
// and Caller, before the first request. A trigger that would put too much in flight
// at once gets a 503 with Retry-After.
type Server struct {
	Sessions *sessions.Registry
	Caller   *timeouts.Caller

	// Handler serves the requests. NewServer sets it to the four routes. Wrap that
	// handler to add routes, or to look at each request first.
	Handler http.Handler

	ctx    context.Context // ends when shutdown begins; its cause is ErrShutdown
	end    context.CancelCauseFunc
	flight flight // limits the triggers

	mu       sync.Mutex // guards closing; handlers must not grow once that is set
	closing  bool
	handlers sync.WaitGroup
}

// NewServer returns a server with the default limits of [sessions.Registry] and
// [timeouts.Caller].
//
//lesson:keep
func NewServer() *Server {
	s := &Server{Sessions: new(sessions.Registry), Caller: new(timeouts.Caller)}
	s.Handler = s.routes()
	s.ctx, s.end = context.WithCancelCause(context.Background())
	return s
}

// ServeHTTP calls Handler to serve the request, and returns when Handler returns; a
// panic in Handler passes through unchanged. Handler gets a copy of r that differs from
// r only in its context; r itself is not changed. The copy's context is r's, but also
// ends when shutdown begins, with the cause [ErrShutdown]. When that context ends, for
// any reason, a read of the body ends too. Once shutdown has begun, new requests get a
// 503 at once.
//
//lesson:begin // TODO: enough for part 1. In part 2, end the request's context when shutdown
//lesson:begin // begins (endReads ends the read of its body), and refuse new requests from then on.
//lesson:begin s.Handler.ServeHTTP(w, r)
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		s.refuse(w, r, ErrShutdown)
		return
	}
	defer s.handlers.Done()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(s.ctx, func() { cancel(ErrShutdown) })()
	defer endReads(ctx, w, r)()
	s.Handler.ServeHTTP(w, r.WithContext(ctx))
}

// enter counts one more handler, or reports that the server is shutting down.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.handlers.Add(1)
	}
	return !s.closing
}

// Shutdown ends every stream and every wait. It returns when all handlers have
// returned, or with an error that wraps ctx.Err() if ctx ends first. Shutdown begins
// even if ctx has already ended. A client learns from the end of its stream that its
// answers are no longer wanted; a message for each request is not promised. Calling
// Shutdown twice is fine, and each call waits for as long as its own ctx lasts. Call it
// before you shut down the http.Server that serves s.
//
//lesson:todo Refuse new requests, tell all handlers to end, and wait for them, but not forever.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.end(ErrShutdown)

	done := make(chan struct{})
	go func() { // ends with the last handler
		s.handlers.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the handlers: %w", ctx.Err())
	}
}

// Call asks the client of session, as [timeouts.Caller.Call] does. The wait also ends
// when the session does: the error wraps [ErrShutdown] if the server shut down, and
// otherwise [flushing.ErrClientLeft], whatever the cause of the session's context. If the
// session had ended before Call, the error wraps [sessions.ErrClosed]. Every error is a
// *[correlation.CallError], with the ID and the Method of the request. Caller.Observe
// gets the same cause, and so does the client, if it is still there.
//
//lesson:begin // TODO: enough while the client stays. End ctx when the session ends, with s.cause().
//lesson:begin return s.Caller.Call(ctx, session, r)
func (s *Server) Call(ctx context.Context, session *sessions.Session, r correlation.Request) (json.RawMessage, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(session.Context(), func() { cancel(s.cause()) })()
	return s.Caller.Call(ctx, session, r)
}

// cause returns why a session ended: the server ended it, or its client left.
//
//lesson:keep
func (s *Server) cause() error {
	return cmp.Or(context.Cause(s.ctx), flushing.ErrClientLeft)
}

// outcome asks one client.
//
//lesson:todo Ask the client. The client's own error is an answer; s.problem turns every other error into a problem.
//lesson:return Outcome{}
func (s *Server) outcome(ctx context.Context, session *sessions.Session, r correlation.Request) Outcome {
	result, err := s.Call(ctx, session, r)
	if answer, ok := errors.AsType[*correlation.Error](err); ok {
		return Outcome{Error: answer}
	}
	if err != nil {
		return Outcome{Problem: s.problem(err)}
	}
	return Outcome{Result: result}
}

// A Client is the Server's counterpart: it opens a session, and answers the
// requests in its stream. Answerer.Client (nil: http.DefaultClient) also opens the
// event stream.
type Client struct {
	URL          string       // of the event stream
	MaxEventSize int          // in bytes, of the stream that Run opens; see [parsing.Decoder]
	Log          *slog.Logger // gets the value of each panic in a Handle; nil: slog.Default()

	timeouts.Answerer
}

// Run connects, and answers as Answer does. If ctx ends while Run connects, the error
// wraps ctx's cause. Run may be called again, even on several goroutines at once.
//
//lesson:todo Connect (the request for the stream needs ctx too), and call Answer for the rest.
func (c *Client) Run(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return err
	}
	source, err := parsing.Connect(cmp.Or(c.Client, http.DefaultClient), r)
	if err != nil {
		return errors.Join(err, context.Cause(ctx)) // over HTTP/2, err has ctx's error alone
	}
	source.MaxEventSize = c.MaxEventSize
	return c.Answer(ctx, source, source.URL)
}

// Answer answers the requests in source; the parameter from is the URL that source came
// from. It returns nil when the stream ends, its error when it breaks, and ctx's cause
// when ctx ends. By then, source is closed and no Handle is running. If a Handle
// panics, its answer is an internal error. The panic's value goes only to Log. Of the
// request's method, Log gets at most the beginning (see brief).
//
//lesson:todo Leave the requests to the Answerer, with a Handle that survives a panic.
func (c *Client) Answer(ctx context.Context, source *parsing.Source, from *url.URL) error {
	answerer := c.Answerer
	answerer.Handle = c.recovered
	return answerer.Run(ctx, source, from)
}

// recovered is Handle, except that a panic becomes an error.
func (c *Client) recovered(ctx context.Context, method string, params json.RawMessage) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			cmp.Or(c.Log, slog.Default()).Error("a handler panicked", "method", brief(method), "panic", p, "stack", string(debug.Stack()))
			err = &correlation.Error{Code: correlation.CodeInternalError, Message: "internal error"}
		}
	}()
	return c.Handle(ctx, method, params)
}
