package cleanup

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	flushing "example.com/sseworkbook/solutions/02-flushing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

var (
	// ErrShutdown means that the server is shutting down.
	ErrShutdown = errors.New("the server is shutting down")
	// ErrBusy means that the server is waiting for as many responses as it can.
	ErrBusy = errors.New("the server waits for too many responses")
)

// The most that a [Server] has in flight at once: how many requests, and how many
// bytes of triggers. A quarter of the requests are kept for triggers that ask one
// client. A trigger that finds nothing in flight may exceed these limits.
const (
	maxInFlight      = 16_384
	keptForSingle    = maxInFlight / 4
	maxInFlightBytes = 64 << 20
)

// A Trigger is the body of POST /trigger.
type Trigger struct {
	Session string          `json:"session,omitempty"` // the client to ask; empty: all clients
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params,omitempty"`
	Timeout int64           `json:"timeout,omitempty"` // in milliseconds; zero: the server's
}

// An Outcome is what came of asking one client: its result or its error, as the
// client sent it, or the problem that kept it from answering.
type Outcome struct {
	Result  json.RawMessage    `json:"result,omitempty"`
	Error   *correlation.Error `json:"error,omitempty"`
	Problem *sessions.Problem  `json:"problem,omitempty"`
}

// routes returns the four routes of s.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /events", s.Sessions)
	mux.Handle("POST /responses", s.reading(&correlation.Handler{Sessions: s.Sessions, Resolve: s.Caller.Resolve}))
	mux.Handle("POST /trigger", s.reading(http.HandlerFunc(s.trigger)))
	mux.HandleFunc("GET /healthz", s.healthz)
	return mux
}

// trigger asks one client and responds with its [Outcome], or asks all clients and
// responds with a list of Outcomes. For one client, a problem is itself the response.
func (s *Server) trigger(w http.ResponseWriter, r *http.Request) {
	t, size, err := readTrigger(w, r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	peers, err := s.peers(t)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if !s.flight.enter(len(peers), size) {
		s.refuse(w, r, ErrBusy)
		return
	}
	defer s.flight.leave(len(peers), size)

	outcomes, err := s.askAll(r.Context(), peers, t)
	switch {
	case err != nil:
		s.refuse(w, r, err)
	case t.Session == "":
		writeJSON(w, outcomes)
	case outcomes[0].Problem != nil:
		outcomes[0].Problem.ServeHTTP(w, r)
	default:
		writeJSON(w, outcomes[0])
	}
}

// peers returns the sessions that t is for: at least one, or an error.
func (s *Server) peers(t Trigger) ([]*sessions.Session, error) {
	if t.Session == "" {
		if all := s.Sessions.All(); len(all) > 0 {
			return all, nil
		}
	}
	if session, ok := s.Sessions.Get(t.Session); ok {
		return []*sessions.Session{session}, nil
	}
	return nil, sessions.ErrNotFound
}

// askAll asks all peers at once.
func (s *Server) askAll(ctx context.Context, peers []*sessions.Session, t Trigger) ([]Outcome, error) {
	request, err := correlation.Request{Method: t.Method, Params: t.Params}.Encoded()
	if err != nil {
		return nil, err
	}
	if t.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(t.Timeout)*time.Millisecond)
		defer cancel()
	}
	outcomes := make([]Outcome, len(peers))
	var asking sync.WaitGroup
	for i, session := range peers {
		asking.Go(func() { outcomes[i] = s.outcome(ctx, session, request) })
	}
	asking.Wait()
	return outcomes, nil
}

// readTrigger reads the body of POST /trigger; size is the body's, in bytes.
func readTrigger(w http.ResponseWriter, r *http.Request) (t Trigger, size int, err error) {
	body, err := correlation.ReadJSON(w, r)
	if err != nil {
		return t, 0, err
	}
	if json.Unmarshal(body, &t) != nil || t.Method == "" || t.Timeout < 0 || t.Timeout > math.MaxInt64/int64(time.Millisecond) {
		return t, 0, &sessions.Problem{Status: http.StatusBadRequest, Detail: "a trigger needs a method, and may have session, params and timeout (in milliseconds)"}
	}
	return t, len(body), nil
}

// reading wraps h so that a failed read of the body becomes a problem.
func (s *Server) reading(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(r.Context()) // a copy, because a handler must not change its request
		r.Body = &body{r.Body, s}
		h.ServeHTTP(w, r)
	})
}

// A body is the body of a request to server. Its errors say what the sender can do.
type body struct {
	io.ReadCloser
	server *Server
}

func (b *body) Read(p []byte) (n int, err error) {
	n, err = b.ReadCloser.Read(p)
	switch {
	case err == nil, err == io.EOF:
		return n, err
	case b.server.ctx.Err() != nil:
		return n, unavailable(ErrShutdown)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, &sessions.Problem{Status: http.StatusRequestTimeout, Detail: "the body did not come in time"}
	}
	return n, err
}

// refuse answers with err as a problem. Before net/http sends a response, it reads what is
// left of the body; during shutdown, that must not take long.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	defer endReads(s.ctx, w, r)()
	s.problem(err).ServeHTTP(w, r)
}

// problem returns err as a problem with a fitting status. Once shutdown has begun,
// every failure is because of that, whatever it looks like.
func (s *Server) problem(err error) *sessions.Problem {
	timeout, timed := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	switch {
	case s.ctx.Err() != nil, errors.Is(err, ErrShutdown):
		return unavailable(ErrShutdown)
	case errors.Is(err, ErrBusy):
		return unavailable(ErrBusy)
	case errors.Is(err, flushing.ErrClientLeft), errors.Is(err, sessions.ErrClosed):
		return &sessions.Problem{Status: http.StatusBadGateway, Detail: "the client left before it answered"}
	case errors.Is(err, sessions.ErrFull):
		return unavailable(errors.New("too much waits for the client already"))
	case timed && timeout.Timeout():
		return &sessions.Problem{Status: http.StatusGatewayTimeout, Detail: "the client did not answer in time"}
	}
	return correlation.ProblemOf(err)
}

// unavailable returns err as a temporary problem.
func unavailable(err error) *sessions.Problem {
	return &sessions.Problem{Status: http.StatusServiceUnavailable, Detail: err.Error(), RetryAfter: time.Second}
}

// healthz reports that the server is up, and how much it has to do.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]int{"sessions": s.Sessions.Len(), "pending": s.Caller.Len()})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) // a client that has left needs no answer
}

// brief returns a peer's text for a log, cut off if it is long.
func brief(text string) string {
	const most = 100 // bytes
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// A flight bounds what is in flight at once. The zero value is ready to use. It is
// safe for concurrent use.
type flight struct {
	mu       sync.Mutex // guards the rest
	requests int
	bytes    int
}

// enter adds this many requests and bytes, or reports that they are too many. If
// nothing else is in flight, anything gets in.
func (f *flight) enter(requests, bytes int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	room := maxInFlight
	if requests > 1 {
		room -= keptForSingle
	}
	if f.requests > 0 && (f.requests+requests > room || f.bytes+bytes > maxInFlightBytes) {
		return false
	}
	f.requests += requests
	f.bytes += bytes
	return true
}

// leave removes what enter added.
func (f *flight) leave(requests, bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests -= requests
	f.bytes -= bytes
}

// endReads ends a waiting read of r's body, and any later one, when ctx ends. The
// handler of r must call stop before it returns and before it cancels ctx (otherwise
// net/http may break off the connection's next request):
//
//	defer endReads(ctx, w, r)()
func endReads(ctx context.Context, w http.ResponseWriter, r *http.Request) (stop func()) {
	if r.Body == nil || r.Body == http.NoBody {
		return func() {}
	}
	ended := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		defer close(ended)
		http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0)) // long past
	})
	return func() {
		if !unwatch() {
			<-ended // w must not be used once the handler has returned
		}
	}
}
