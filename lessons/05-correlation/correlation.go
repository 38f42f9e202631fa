// Package correlation ties each answer to its question. The question goes down
// a session's event stream, the answer comes up by POST, and an id in both says
// that they belong together. The messages are those of JSON-RPC 2.0.
package correlation

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// Pending knows who waits for which response. The zero value is ready to use. It
// is safe for concurrent use.
type Pending struct {
	mu      sync.Mutex        // guards the rest
	waiting map[string]waiter // by id
	settled recent
}

// A waiter waits for the response of one session.
type waiter struct {
	session string
	answer  chan Response // only who takes the waiter out of the map sends on it, once
}

// Add gives out an id for a request to session, and the channel on which the
// response to it will arrive. Each id is given out once.
func (p *Pending) Add(session string) (id string, answer <-chan Response) {
	// TODO: Make an id, and a channel on which the caller waits for the
	// response.
	return "", nil
}

// Resolve hands the response of a session to the caller that waits for it, once. It
// never blocks. A response that no caller waits for is [ErrUnknownRequest],
// [ErrAnswered] or [ErrNotWaiting]; one to a request that went to another session
// is [ErrWrongSession], and the caller goes on waiting.
func (p *Pending) Resolve(session string, r Response) error {
	// TODO: Take the waiter out under the lock: only the goroutine that takes
	// it out may send.
	return nil
}

// Cancel gives up waiting for the response with this id. It reports false when
// there is nothing to give up: the response is in its channel, on its way there or
// taken out of it, or no request has this id.
func (p *Pending) Cancel(id string) bool {
	// TODO: Take the waiter out, if it is still there.
	return false
}

// Len returns how many requests wait for their response.
func (p *Pending) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// A Caller asks clients and waits for their responses. The zero value is ready
// to use. It is safe for concurrent use.
type Caller struct{ Pending }

// Call sends the request r to the client at peer, under an id of Call's own, waits
// for the response, and returns its result. The wait ends with ctx.
//
// All errors are a *[CallError]. It wraps the *[Error] that the client answered
// with, or the cause of ctx's end, or what kept r from being sent: the error of
// peer.Send, or that of r.Event for params that are not JSON.
func (c *Caller) Call(ctx context.Context, peer Peer, r Request) (json.RawMessage, error) {
	// TODO: Wait first, then send: the client may be faster than you.
	return nil, nil
}

// A Handler takes responses by POST. The query parameter "session" says whose
// response it is.
type Handler struct {
	Sessions *sessions.Registry
	Resolve  func(session string, r Response) error // as [Pending.Resolve]
}

// ServeHTTP takes one response. If a caller was waiting for it, ServeHTTP answers with
// 202 and an empty body, otherwise with the [sessions.Problem] that [ProblemOf] makes of
// the error. For a session that is not open, this is [sessions.ErrNotFound]; if more is
// wrong with the POST, any of it will do.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// TODO: Read the response (ReadJSON and ParseResponse do that), resolve
	// it, and say 202, or what is wrong.
	http.Error(w, "not written yet", http.StatusNotImplemented)
}
