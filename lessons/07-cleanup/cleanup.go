// Package cleanup is the complete two-way server and its client. Each of them, and
// each caller, can leave at any moment, and leaves nothing behind.
package cleanup

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
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
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// TODO: enough for part 1. In part 2, end the request's context when shutdown
	// begins (endReads ends the read of its body), and refuse new requests from then on.
	s.Handler.ServeHTTP(w, r)
}

// Shutdown ends every stream and every wait. It returns when all handlers have
// returned, or with an error that wraps ctx.Err() if ctx ends first. Shutdown begins
// even if ctx has already ended. A client learns from the end of its stream that its
// answers are no longer wanted; a message for each request is not promised. Calling
// Shutdown twice is fine, and each call waits for as long as its own ctx lasts. Call it
// before you shut down the http.Server that serves s.
func (s *Server) Shutdown(ctx context.Context) error {
	// TODO: Refuse new requests, tell all handlers to end, and wait for them,
	// but not forever.
	return nil
}

// Call asks the client of session, as [timeouts.Caller.Call] does. The wait also ends
// when the session does: the error wraps [ErrShutdown] if the server shut down, and
// otherwise [flushing.ErrClientLeft], whatever the cause of the session's context. If the
// session had ended before Call, the error wraps [sessions.ErrClosed]. Every error is a
// *[correlation.CallError], with the ID and the Method of the request. Caller.Observe
// gets the same cause, and so does the client, if it is still there.
func (s *Server) Call(ctx context.Context, session *sessions.Session, r correlation.Request) (json.RawMessage, error) {
	// TODO: enough while the client stays. End ctx when the session ends, with s.cause().
	return s.Caller.Call(ctx, session, r)
}

// cause returns why a session ended: the server ended it, or its client left.
func (s *Server) cause() error {
	return cmp.Or(context.Cause(s.ctx), flushing.ErrClientLeft)
}

// outcome asks one client.
func (s *Server) outcome(ctx context.Context, session *sessions.Session, r correlation.Request) Outcome {
	// TODO: Ask the client. The client's own error is an answer; s.problem
	// turns every other error into a problem.
	return Outcome{}
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
func (c *Client) Run(ctx context.Context) error {
	// TODO: Connect (the request for the stream needs ctx too), and call
	// Answer for the rest.
	return nil
}

// Answer answers the requests in source; the parameter from is the URL that source came
// from. It returns nil when the stream ends, its error when it breaks, and ctx's cause
// when ctx ends. By then, source is closed and no Handle is running. If a Handle
// panics, its answer is an internal error. The panic's value goes only to Log. Of the
// request's method, Log gets at most the beginning (see brief).
func (c *Client) Answer(ctx context.Context, source *parsing.Source, from *url.URL) error {
	// TODO: Leave the requests to the Answerer, with a Handle that survives a
	// panic.
	return nil
}
