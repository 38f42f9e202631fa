// Package cleanup is the complete two-way server and its client. Whoever leaves
// (a client, a caller, the server itself) takes everything of their own along.
package cleanup

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
)

// ErrShutdown says that the server is shutting down.
var ErrShutdown = errors.New("the server is shutting down")

// A Server is an http.Handler with four routes:
//
//	GET  /events     an event stream: the client's session
//	POST /responses  a client's response to a request
//	POST /trigger    an outside system has clients asked, and gets their answers
//	GET  /healthz    how many sessions and pending requests there are
//
// It is safe for concurrent use.
type Server struct {
	Sessions *sessions.Registry
	Caller   *timeouts.Caller

	mux *http.ServeMux
	ctx context.Context // ends when shutdown begins; its cause is ErrShutdown
	end context.CancelCauseFunc

	mu       sync.Mutex // guards closing, and that handlers does not grow any more then
	closing  bool
	handlers sync.WaitGroup
}

// NewServer returns a server for at most maxSessions clients at once (zero: any
// number), which waits for each response no longer than timeout (zero:
// [timeouts.DefaultTimeout]).
//
//lesson:keep
func NewServer(maxSessions int, timeout time.Duration) *Server {
	s := &Server{
		Sessions: sessions.NewRegistry(maxSessions),
		Caller:   &timeouts.Caller{Timeout: timeout},
		mux:      http.NewServeMux(),
	}
	s.ctx, s.end = context.WithCancelCause(context.Background())
	s.mux.Handle("GET /events", s.Sessions)
	s.mux.Handle("POST /responses", &correlation.Handler{Sessions: s.Sessions, Resolve: s.Caller.Resolve})
	s.mux.HandleFunc("POST /trigger", s.trigger)
	s.mux.HandleFunc("GET /healthz", s.healthz)
	return s
}

// ServeHTTP serves the four routes. Each request's context ends when shutdown
// begins, and from then on new requests get a 503.
//
//lesson:begin // TODO: enough for part 1. In part 2, nobody gets in once shutdown has begun, and
//lesson:begin // whoever is in is told to go.
//lesson:begin s.mux.ServeHTTP(w, r)
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		s.refuse(w, r, ErrShutdown)
		return
	}
	defer s.handlers.Done()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(s.ctx, func() { cancel(ErrShutdown) })()
	s.mux.ServeHTTP(w, r.WithContext(ctx))
}

// enter counts one handler more, or reports that the server is shutting down.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.handlers.Add(1)
	}
	return !s.closing
}

// Shutdown ends every stream and every wait, and returns when all handlers have
// returned, or with ctx's error when that ends first. Calling it twice is fine.
// The http.Server that serves s is shut down after it.
//
//lesson:todo Let nobody in any more, tell everybody to go, and wait for them, but not for ever.
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

// Ask asks the client of session, as [timeouts.Caller.Call] does. The wait also
// ends when the client leaves (the error wraps [flushing.ErrGone]) and when the
// server shuts down ([ErrShutdown]). A session that had ended before is
// [sessions.ErrClosed].
//
//lesson:begin // TODO: enough while the client stays. Let ctx end when the session does.
//lesson:begin return s.Caller.Call(ctx, session, method, params)
func (s *Server) Ask(ctx context.Context, session *sessions.Session, method string, params json.RawMessage) (json.RawMessage, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(session.Context(), func() { cancel(s.whyEnded()) })()
	return s.Caller.Call(ctx, session, method, params)
}

// whyEnded returns why a session has ended: the server ended it, or else its
// client left.
//
//lesson:keep
func (s *Server) whyEnded() error {
	return cmp.Or(context.Cause(s.ctx), flushing.ErrGone)
}

// A Trigger is the body of POST /trigger.
type Trigger struct {
	Session string          `json:"session,omitempty"` // whom to ask; empty: everyone
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params,omitempty"`
	Timeout int             `json:"timeout,omitempty"` // in milliseconds; zero: the server's
}

// An Outcome is what came of asking one client: its result, its error, or the
// problem that kept it from answering.
type Outcome struct {
	Result  json.RawMessage    `json:"result,omitempty"`
	Error   *correlation.Error `json:"error,omitempty"`
	Problem *sessions.Problem  `json:"problem,omitempty"`
}

// trigger asks one client, or all of them, and answers with the [Outcome], or
// with a list of them. A problem with the one client is the response's.
//
//lesson:keep
func (s *Server) trigger(w http.ResponseWriter, r *http.Request) {
	t, err := readTrigger(w, r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if t.Session == "" {
		s.triggerAll(w, r, t)
		return
	}
	session, ok := s.Sessions.Get(t.Session)
	if !ok {
		s.refuse(w, r, sessions.ErrUnknown)
		return
	}
	outcome := s.outcome(r.Context(), session, t)
	if outcome.Problem != nil {
		s.refuse(w, r, outcome.Problem)
		return
	}
	writeJSON(w, outcome)
}

// triggerAll asks all clients at once.
//
//lesson:keep
func (s *Server) triggerAll(w http.ResponseWriter, r *http.Request, t Trigger) {
	all := s.Sessions.All()
	if len(all) == 0 {
		s.refuse(w, r, sessions.ErrUnknown)
		return
	}
	outcomes := make([]Outcome, len(all))
	var asking sync.WaitGroup
	for i, session := range all {
		asking.Go(func() { outcomes[i] = s.outcome(r.Context(), session, t) })
	}
	asking.Wait()
	writeJSON(w, outcomes)
}

// outcome asks one client.
//
//lesson:todo Ask the client. Its own error is an answer; every other error is a problem.
func (s *Server) outcome(ctx context.Context, session *sessions.Session, t Trigger) Outcome {
	if t.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(t.Timeout)*time.Millisecond)
		defer cancel()
	}
	result, err := s.Ask(ctx, session, t.Method, t.Params)
	if answer, ok := errors.AsType[*correlation.Error](err); ok {
		return Outcome{Error: answer}
	}
	if err != nil {
		return Outcome{Problem: s.problem(err)}
	}
	return Outcome{Result: result}
}

// readTrigger reads the body of POST /trigger.
//
//lesson:keep
func readTrigger(w http.ResponseWriter, r *http.Request) (t Trigger, err error) {
	body, err := correlation.ReadJSON(w, r)
	if err != nil {
		return t, err
	}
	if json.Unmarshal(body, &t) != nil || t.Method == "" || t.Timeout < 0 {
		return t, &sessions.Problem{Status: http.StatusBadRequest, Detail: "a trigger needs a method, and may have session, params and timeout (in milliseconds)"}
	}
	return t, nil
}

// refuse answers with err as a problem. Whoever gets a 503 is told when to come
// back.
//
//lesson:keep
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := s.problem(err)
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	p.ServeHTTP(w, r)
}

// problem returns err as a problem of its own status. What fails once shutdown
// has begun fails because of that, whatever it looks like.
//
//lesson:keep
func (s *Server) problem(err error) *sessions.Problem {
	p := correlation.ProblemOf(err)
	_, timeUp := errors.AsType[*timeouts.TimeoutError](err)
	switch {
	case s.ctx.Err() != nil, errors.Is(err, ErrShutdown):
		p = &sessions.Problem{Status: http.StatusServiceUnavailable, Detail: ErrShutdown.Error()}
	case errors.Is(err, flushing.ErrGone), errors.Is(err, sessions.ErrClosed):
		p = &sessions.Problem{Status: http.StatusBadGateway, Detail: "the client left before it answered"}
	case errors.Is(err, sessions.ErrFull):
		p = &sessions.Problem{Status: http.StatusBadGateway, Detail: "the client does not read what it is sent"}
	case timeUp, errors.Is(err, context.DeadlineExceeded):
		p = &sessions.Problem{Status: http.StatusGatewayTimeout, Detail: "the client did not answer in time"}
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// healthz says that the server is there, and how much it has to do.
//
//lesson:keep
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]int{"sessions": s.Sessions.Len(), "pending": s.Caller.Len()})
}

//lesson:keep
func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// A Client is the Server's counterpart: it opens a session, and answers what it
// is asked there. The fields are those of [timeouts.Answerer].
type Client struct {
	URL         string // of the event stream
	HTTP        *http.Client
	Handle      func(ctx context.Context, method string, params json.RawMessage) (result any, err error)
	Limit       int
	Trace       func(framing.Event)
	Undelivered func(correlation.Response, error)
}

// Run connects and answers until the stream ends (nil) or ctx does (its error).
// When it returns, the connection is closed and no Handle runs any more. A Handle
// that panics costs one answer, which is an internal error.
//
//lesson:todo Connect, answer with an Answerer, and leave nothing behind.
func (c *Client) Run(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return err
	}
	source, err := parsing.Connect(cmp.Or(c.HTTP, http.DefaultClient), r) // the Answerer closes it
	if err != nil {
		return err
	}
	answerer := timeouts.Answerer{Handle: c.guarded, Limit: c.Limit, Client: c.HTTP, Trace: c.Trace, Undelivered: c.Undelivered}
	return answerer.Run(ctx, source, r.URL)
}

// guarded is Handle, but that a panic becomes an error.
func (c *Client) guarded(ctx context.Context, method string, params json.RawMessage) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("a handler panicked", "method", method, "panic", p, "stack", string(debug.Stack()))
			err = &correlation.Error{Code: correlation.CodeInternalError, Message: "internal error"}
		}
	}()
	return c.Handle(ctx, method, params)
}
