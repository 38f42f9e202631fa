// Package correlation ties each answer to its question. The question goes down
// a session's event stream, the answer comes up by POST, and an id in both says
// that they belong together. The messages are those of JSON-RPC 2.0.
package correlation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"sync"

	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// A Request asks a client for something. Without an ID it is a notification, to
// which there is no response.
type Request struct {
	JSONRPC string          `json:"jsonrpc"` // "2.0"
	ID      string          `json:"id,omitempty"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params,omitempty"`
}

// Event returns r as it goes down an event stream.
//
//lesson:keep
func (r Request) Event() framing.Event {
	data, _ := json.Marshal(r) // of strings, and of JSON that was valid before
	if r.ID == "" {
		return framing.Event{Type: "notification", Data: string(data)}
	}
	return framing.Event{Type: "request", Data: string(data)}
}

// A Response answers the request with the same ID, by a Result or by an Error.
type Response struct {
	JSONRPC string          `json:"jsonrpc"` // "2.0"
	ID      string          `json:"id"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// An Error is a client's word that it could not do what it was asked to do.
type Error struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

func (e *Error) Error() string { return fmt.Sprintf("%s (code %d)", e.Message, e.Code) }

// Codes of an Error that JSON-RPC 2.0 defines (section 5.1).
const (
	CodeParseError     = -32700
	CodeInvalidRequest = -32600
	CodeMethodNotFound = -32601
	CodeInvalidParams  = -32602
	CodeInternalError  = -32603
)

// Why a response is refused.
var (
	ErrNotAsked = errors.New("nobody has asked with this id")
	ErrAnswered = errors.New("the request with this id was answered before")
	ErrGivenUp  = errors.New("the caller does not wait for this answer any more")
	ErrForeign  = errors.New("the request with this id went to another session")
)

// Pending knows who waits for which response. The zero value is ready to use. It
// is safe for concurrent use.
type Pending struct {
	mu      sync.Mutex        // guards the rest
	waiting map[string]waiter // by id
	settled recent
	//lesson:drop
	last uint64 // the id that was given out last
}

// A waiter waits for the response of one session.
//
//lesson:keep
type waiter struct {
	session string
	answer  chan Response // whoever takes the waiter out of the map may send on it, once
}

// Add gives out an id for a request to session, and the channel on which the
// response to it will arrive. Each id is given out once.
//
//lesson:todo Make an id, and a channel for whoever waits for the response with it.
//lesson:return "", nil
func (p *Pending) Add(session string) (id string, answer <-chan Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[string]waiter{}
	}
	p.last++
	id = strconv.FormatUint(p.last, 10)
	w := waiter{session, make(chan Response, 1)} // room for one: who answers never waits for who asked
	p.waiting[id] = w
	return id, w.answer
}

// Resolve hands the response of a session to whoever waits for it, once. It never
// waits itself. A response that nobody waits for is [ErrNotAsked], [ErrAnswered]
// or [ErrGivenUp]; one to a request that went to another session is
// [ErrForeign], and whoever waits goes on waiting.
//
//lesson:todo Take the waiter out under the lock: whoever takes it out is the one who may send.
func (p *Pending) Resolve(session string, r Response) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.waiting[r.ID]
	if !ok {
		return p.settled.reason(r.ID, session)
	}
	if w.session != session {
		return ErrForeign
	}
	p.settle(r.ID, w, ErrAnswered)
	w.answer <- r
	return nil
}

// Forget gives up waiting for the response with this id. It reports false when
// there is nothing to give up: the response is in its channel, or was taken out
// of it.
//
//lesson:todo Take the waiter out, if it is still there.
func (p *Pending) Forget(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.waiting[id]
	if ok {
		p.settle(id, w, ErrGivenUp)
	}
	return ok
}

// Len returns how many requests wait for their response.
//
//lesson:keep
func (p *Pending) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// settle takes w out, and keeps in mind why. The caller holds mu.
func (p *Pending) settle(id string, w waiter, why error) {
	delete(p.waiting, id)
	p.settled.add(id, w.session, why)
}

// A CallError is what went wrong with one request.
type CallError struct {
	ID     string
	Method string
	Err    error
}

func (e *CallError) Error() string { return fmt.Sprintf("request %s (%s): %v", e.ID, e.Method, e.Err) }
func (e *CallError) Unwrap() error { return e.Err }

// A Session is where requests are sent. A *[sessions.Session] is one.
type Session interface {
	ID() string
	Send(framing.Event) error
}

// A Caller asks clients and waits for their responses. The zero value is ready
// to use. It is safe for concurrent use.
type Caller struct{ Pending }

// Call sends a request to the client of session, waits for the response, and
// returns its result. The wait ends with ctx.
//
// All errors are a *[CallError]. It wraps the *[Error] that the client answered
// with, or the error of Send, or the cause of ctx's end.
//
//lesson:todo Wait first, then send: the client may be faster than you.
func (c *Caller) Call(ctx context.Context, session Session, method string, params json.RawMessage) (json.RawMessage, error) {
	id, answer := c.Add(session.ID())
	fail := func(err error) (json.RawMessage, error) { return nil, &CallError{id, method, err} }

	if err := session.Send(Request{"2.0", id, method, params}.Event()); err != nil {
		c.Forget(id)
		return fail(err)
	}
	var r Response
	select {
	case r = <-answer:
	case <-ctx.Done():
		if c.Forget(id) {
			return fail(context.Cause(ctx))
		}
		r = <-answer // it came at the same moment
	}
	if r.Error != nil {
		return fail(r.Error)
	}
	return r.Result, nil
}

// A Handler takes responses by POST. The query parameter "session" says who
// answers.
type Handler struct {
	Sessions *sessions.Registry
	Resolve  func(session string, r Response) error // as [Pending.Resolve]
}

// ServeHTTP takes one response. When somebody has waited for it, the answer is
// 202 and nothing else, and otherwise a [sessions.Problem].
//
//lesson:todo Read the response (ReadJSON and parse do that), resolve it, and say 202, or what is wrong.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.accept(w, r); err != nil {
		ProblemOf(err).ServeHTTP(w, r)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (h *Handler) accept(w http.ResponseWriter, r *http.Request) error {
	session := r.URL.Query().Get("session")
	if _, open := h.Sessions.Get(session); !open {
		return sessions.ErrUnknown
	}
	body, err := ReadJSON(w, r)
	if err != nil {
		return err
	}
	response, err := parse(body)
	if err != nil {
		return err
	}
	return h.Resolve(session, response)
}

// MaxBody is how many bytes [ReadJSON] reads at the most.
const MaxBody = 1 << 20

// ReadJSON returns the body of r: one JSON value, of MaxBody bytes at the most,
// sent as application/json. All errors but those of the connection are a
// *[sessions.Problem].
//
//lesson:keep
func ReadJSON(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "application/json" {
		return nil, &sessions.Problem{Status: http.StatusUnsupportedMediaType, Detail: "the content type is not application/json"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	switch _, tooLarge := errors.AsType[*http.MaxBytesError](err); {
	case tooLarge:
		return nil, &sessions.Problem{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("the body is larger than %d bytes", MaxBody)}
	case err != nil:
		return nil, err
	case !json.Valid(body):
		return nil, &sessions.Problem{Status: http.StatusBadRequest, Code: CodeParseError, Detail: "the body is not one JSON value"}
	}
	return body, nil
}

// parse reads a response. Anything else is a *[sessions.Problem], and an id that
// is no string is one that nobody has asked with.
//
//lesson:keep
func parse(body []byte) (Response, error) {
	var message struct {
		Response
		ID     json.RawMessage `json:"id"` // 7 is another id than "7", and must not become one
		Method json.RawMessage `json:"method"`
	}
	err := json.Unmarshal(body, &message)
	isResponse := message.JSONRPC == "2.0" && message.ID != nil && message.Method == nil && (message.Result == nil) != (message.Error == nil)
	if err != nil || !isResponse {
		return Response{}, &sessions.Problem{Status: http.StatusBadRequest, Code: CodeInvalidRequest, Detail: "the body is not a JSON-RPC 2.0 response"}
	}
	if json.Unmarshal(message.ID, &message.Response.ID) != nil {
		return Response{}, ErrNotAsked
	}
	return message.Response, nil
}

// ProblemOf returns err as a problem with its own status.
//
//lesson:keep
func ProblemOf(err error) *sessions.Problem {
	if p, ok := errors.AsType[*sessions.Problem](err); ok {
		return p
	}
	status, detail := http.StatusInternalServerError, "something went wrong"
	for _, known := range []struct {
		err    error
		status int
	}{
		{sessions.ErrUnknown, http.StatusNotFound},
		{ErrNotAsked, http.StatusNotFound},
		{ErrForeign, http.StatusForbidden},
		{ErrAnswered, http.StatusConflict},
		{ErrGivenUp, http.StatusGone},
	} {
		if errors.Is(err, known.err) {
			status, detail = known.status, known.err.Error()
		}
	}
	return &sessions.Problem{Status: status, Detail: detail}
}

// recent remembers why the last 1,024 requests were settled.
//
//lesson:keep
type recent struct {
	ring [1024]settlement
	next int
}

// A settlement is how the request with this id, which went to session, ended.
//
//lesson:keep
type settlement struct {
	id, session string
	why         error
}

// add remembers why the request with this id, which went to session, was settled.
//
//lesson:keep
func (r *recent) add(id, session string, why error) {
	r.ring[r.next] = settlement{id, session, why}
	r.next = (r.next + 1) % len(r.ring)
}

// reason returns why a response of session with this id is refused.
//
//lesson:keep
func (r *recent) reason(id, session string) error {
	for _, s := range r.ring {
		if s.id == id && s.why != nil {
			if s.session != session {
				return ErrForeign
			}
			return s.why
		}
	}
	return ErrNotAsked
}
