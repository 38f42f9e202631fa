package correlation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"

	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// A Request asks a client for something. Without an ID it is a notification, which
// gets no response.
type Request struct {
	JSONRPC string          `json:"jsonrpc"` // "2.0", which Event adds
	ID      string          `json:"id,omitempty"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params,omitempty"`

	encoded []byte // the encoded members after the id, or nil
}

// Encoded returns r with its method and params encoded, so that Event only adds the
// id. Use Encoded for a request that goes to many clients. Do not change Method or
// Params afterwards. Encoded returns an error if the params are not JSON.
func (r Request) Encoded() (Request, error) {
	if r.Params != nil && !utf8.Valid(r.Params) {
		return r, fmt.Errorf("encoding the request %q: its params are not UTF-8", r.Method)
	}
	encoded, err := json.Marshal(struct {
		Method string          `json:"method"`
		Params json.RawMessage `json:"params,omitempty"`
	}{r.Method, r.Params})
	if err != nil {
		return r, fmt.Errorf("encoding the request %q: %w", r.Method, err)
	}
	r.encoded = encoded[len("{"):]
	return r, nil
}

// Event returns r as the event that goes down a stream, or the error of Encoded.
func (r Request) Event() (framing.Event, error) {
	if r.encoded == nil {
		var err error
		if r, err = r.Encoded(); err != nil {
			return framing.Event{}, err
		}
	}
	if r.ID == "" {
		return framing.Event{Type: "notification", Data: `{"jsonrpc":"2.0",` + string(r.encoded)}, nil
	}
	id, err := json.Marshal(r.ID)
	if err != nil {
		return framing.Event{}, fmt.Errorf("encoding the id of a request: %w", err)
	}
	return framing.Event{Type: "request", Data: `{"jsonrpc":"2.0","id":` + string(id) + "," + string(r.encoded)}, nil
}

// A Response answers the request with the same ID, with a Result or an Error.
type Response struct {
	JSONRPC string          `json:"jsonrpc"` // "2.0"
	ID      string          `json:"id"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// An Error says that the client could not do what it was asked to do.
type Error struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// Error returns the message and the code. If e is nil, it explains the mistake: a nil
// *Error was returned as an error.
func (e *Error) Error() string {
	if e == nil {
		return "a nil *correlation.Error, which as an error is not nil: return nil itself"
	}
	return fmt.Sprintf("%s (code %d)", e.Message, e.Code)
}

// The codes of an Error that JSON-RPC 2.0 defines (section 5.1).
const (
	CodeParseError     = -32700
	CodeInvalidRequest = -32600
	CodeMethodNotFound = -32601
	CodeInvalidParams  = -32602
	CodeInternalError  = -32603
)

// The reasons why a response is refused.
var (
	ErrUnknownRequest = errors.New("no request has this id")
	ErrAnswered       = errors.New("the request with this id was answered before")
	ErrNotWaiting     = errors.New("the caller no longer waits for this response")
	ErrWrongSession   = errors.New("the request with this id went to another session")
)

// A CallError says what went wrong with one request.
type CallError struct {
	ID     string
	Method string
	Err    error

	// Unanswered is true if the request was sent and the wait for its response
	// ended without one.
	Unanswered bool
}

func (e *CallError) Error() string { return fmt.Sprintf("request %s (%s): %v", e.ID, e.Method, e.Err) }
func (e *CallError) Unwrap() error { return e.Err }

// A Peer is where requests are sent. A *[sessions.Session] is one.
type Peer interface {
	ID() string
	Send(framing.Event) error
}

// MaxBody is the maximum number of bytes that [ReadJSON] reads.
const MaxBody = 1 << 20

// ReadJSON returns the body of r: one JSON value in UTF-8, of at most MaxBody bytes,
// sent as application/json. Every error is a *[sessions.Problem], except those of
// the connection.
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
	case !utf8.Valid(body): // JSON must be UTF-8 (RFC 8259, section 8.1)
		return nil, &sessions.Problem{Status: http.StatusBadRequest, Code: CodeParseError, Detail: "the body is not UTF-8"}
	}
	return body, nil
}

// ParseResponse decodes a response. It returns a *[sessions.Problem] for anything else,
// and [ErrUnknownRequest] for an id that is not a string.
func ParseResponse(body []byte) (Response, error) {
	var message struct {
		Response
		ID     json.RawMessage `json:"id"` // 7 is not the same id as "7", and must not become it
		Method json.RawMessage `json:"method"`
	}
	err := json.Unmarshal(body, &message)
	isResponse := message.JSONRPC == "2.0" && message.ID != nil && message.Method == nil && (message.Result == nil) != (message.Error == nil)
	if err != nil || !isResponse {
		return Response{}, &sessions.Problem{Status: http.StatusBadRequest, Code: CodeInvalidRequest, Detail: "the body is not a JSON-RPC 2.0 response"}
	}
	var id *string // nil: null
	if json.Unmarshal(message.ID, &id) != nil || id == nil {
		return Response{}, ErrUnknownRequest
	}
	message.Response.ID = *id
	return message.Response, nil
}

// ProblemOf returns err as a problem with the status that belongs to it.
func ProblemOf(err error) *sessions.Problem {
	if p, ok := errors.AsType[*sessions.Problem](err); ok {
		return p
	}
	status, detail := http.StatusInternalServerError, "something went wrong"
	for _, known := range []struct {
		err    error
		status int
	}{
		{sessions.ErrNotFound, http.StatusNotFound},
		{ErrUnknownRequest, http.StatusNotFound},
		{ErrWrongSession, http.StatusForbidden},
		{ErrAnswered, http.StatusConflict},
		{ErrNotWaiting, http.StatusGone},
	} {
		if errors.Is(err, known.err) {
			status, detail = known.status, known.err.Error()
		}
	}
	return &sessions.Problem{Status: status, Detail: detail}
}

// maxSettled is the number of settled requests that are remembered.
const maxSettled = 1024

// recent remembers how the last requests were settled. The zero value is ready to
// use. It is not safe for concurrent use.
type recent struct {
	settled map[string]settlement // by the request's id
	ids     []string              // the ids in settled, as a ring
	oldest  int                   // the index of the oldest id, once the ring is full
}

// A settlement says how a request to session ended.
type settlement struct {
	session string
	why     error
}

// add remembers why the request with this id, which went to session, was settled.
func (r *recent) add(id, session string, why error) {
	if r.settled == nil {
		r.settled = map[string]settlement{}
	}
	r.settled[id] = settlement{session, why}
	if len(r.ids) < maxSettled {
		r.ids = append(r.ids, id)
		return
	}
	delete(r.settled, r.ids[r.oldest])
	r.ids[r.oldest] = id
	r.oldest = (r.oldest + 1) % maxSettled
}

// reason returns why a response with this id, sent by session, is refused.
func (r *recent) reason(id, session string) error {
	s, known := r.settled[id]
	switch {
	case !known:
		return ErrUnknownRequest
	case s.session != session:
		return ErrWrongSession
	}
	return s.why
}
