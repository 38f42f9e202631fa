// Package correlation ties each answer to its question. The question goes down
// a session's event stream, the answer comes up by POST, and an id in both says
// that they belong together. The messages are those of JSON-RPC 2.0.
package correlation

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	sessions "example.com/sseworkbook/solutions/04-sessions"
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
	answer  chan Response // only who takes the waiter out of the map sends on it, once
}

// Add gives out an id for a request to session, and the channel on which the
// response to it will arrive. Each id is given out once.
//
//lesson:todo Make an id, and a channel on which the caller waits for the response.
//lesson:return "", nil
func (p *Pending) Add(session string) (id string, answer <-chan Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[string]waiter{}
	}
	p.last++
	id = strconv.FormatUint(p.last, 10)
	w := waiter{session, make(chan Response, 1)} // room for one: Resolve never blocks
	p.waiting[id] = w
	return id, w.answer
}

// Resolve hands the response of a session to the caller that waits for it, once. It
// never blocks. A response that no caller waits for is [ErrUnknownRequest],
// [ErrAnswered] or [ErrNotWaiting]; one to a request that went to another session
// is [ErrWrongSession], and the caller goes on waiting.
//
//lesson:todo Take the waiter out under the lock: only the goroutine that takes it out may send.
func (p *Pending) Resolve(session string, r Response) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.waiting[r.ID]
	if !ok {
		return p.settled.reason(r.ID, session)
	}
	if w.session != session {
		return ErrWrongSession
	}
	p.settle(r.ID, w, ErrAnswered)
	w.answer <- r
	return nil
}

// Cancel gives up waiting for the response with this id. It reports false when
// there is nothing to give up: the response is in its channel, on its way there or
// taken out of it, or no request has this id.
//
//lesson:todo Take the waiter out, if it is still there.
func (p *Pending) Cancel(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.waiting[id]
	if ok {
		p.settle(id, w, ErrNotWaiting)
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

// settle takes w out, and remembers why. The caller holds mu.
func (p *Pending) settle(id string, w waiter, why error) {
	delete(p.waiting, id)
	p.settled.add(id, w.session, why)
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
//
//lesson:todo Wait first, then send: the client may be faster than you.
//lesson:return nil, nil
func (c *Caller) Call(ctx context.Context, peer Peer, r Request) (json.RawMessage, error) {
	id, answer := c.Add(peer.ID())
	r.ID = id
	if err := send(peer, r); err != nil {
		c.Cancel(id)
		return nil, &CallError{ID: id, Method: r.Method, Err: err}
	}
	var response Response
	select {
	case response = <-answer:
	case <-ctx.Done():
		if c.Cancel(id) {
			return nil, &CallError{ID: id, Method: r.Method, Err: context.Cause(ctx), Unanswered: true}
		}
		response = <-answer // it came at the same moment
	}
	if response.Error != nil {
		return nil, &CallError{ID: id, Method: r.Method, Err: response.Error}
	}
	return response.Result, nil
}

// send sends r to peer.
func send(peer Peer, r Request) error {
	event, err := r.Event()
	if err != nil {
		return err
	}
	return peer.Send(event)
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
//
//lesson:todo Read the response (ReadJSON and ParseResponse do that), resolve it, and say 202, or what is wrong.
//lesson:begin http.Error(w, "not written yet", http.StatusNotImplemented)
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
		return sessions.ErrNotFound
	}
	body, err := ReadJSON(w, r)
	if err != nil {
		return err
	}
	response, err := ParseResponse(body)
	if err != nil {
		return err
	}
	return h.Resolve(session, response)
}
