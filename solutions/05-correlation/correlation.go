// Package correlation ties each answer to its request. The request goes down
// a session's event stream, the answer comes up by POST, and an id in both shows
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

// Pending keeps track of who waits for which response. The zero value is ready to use. It
// is safe for concurrent use.
type Pending struct {
	mu      sync.Mutex        // guards the rest
	waiting map[string]waiter // by id
	settled recent
	//lesson:drop
	last uint64 // the id that Add returned last
}

// A waiter waits for the response of one session.
//
//lesson:keep
type waiter struct {
	session string
	answer  chan Response // sent to once, only by the goroutine that removes the waiter
}

// Add returns a new id for a request to session, and the channel on which the
// response will arrive. It returns each id only once.
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

// Resolve hands a session's response to the caller that waits for it, once. It never
// blocks. If no caller waits for the response, Resolve returns [ErrUnknownRequest],
// [ErrAnswered] or [ErrNotWaiting]. If the request went to another session, it returns
// [ErrWrongSession], and the caller keeps waiting.
//
//lesson:todo Remove the waiter from the map under the lock: only the goroutine that removes it may send.
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

// Cancel gives up waiting for the response with this id. It returns false if there
// is nothing to give up: the response is being sent, is in the channel or was
// received, or no request has this id.
//
//lesson:todo Remove the waiter from the map, if it is still there.
func (p *Pending) Cancel(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.waiting[id]
	if ok {
		p.settle(id, w, ErrNotWaiting)
	}
	return ok
}

// Len returns the number of requests that wait for a response.
//
//lesson:keep
func (p *Pending) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// settle removes w from the map, and records why. The caller holds mu.
func (p *Pending) settle(id string, w waiter, why error) {
	delete(p.waiting, id)
	p.settled.add(id, w.session, why)
}

// A Caller sends requests to clients and waits for their responses. The zero value is ready
// to use. It is safe for concurrent use.
type Caller struct{ Pending }

// Call gives the request r a new id, sends it to the client at peer, waits for the
// response, and returns its result. The wait ends when ctx ends.
//
// Every error is a *[CallError]. It wraps the *[Error] that the client answered with,
// ctx's cause, or the error that kept r from being sent: from peer.Send or, if the
// params are not JSON, from r.Event.
//
//lesson:todo Add a waiter first, then send: the client may be faster than you.
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

// A Handler accepts responses by POST. The query parameter "session" names the session
// that the response comes from.
type Handler struct {
	Sessions *sessions.Registry
	Resolve  func(session string, r Response) error // works like [Pending.Resolve]
}

// ServeHTTP accepts one response. If a caller was waiting for it, ServeHTTP answers
// with 202 and an empty body. ServeHTTP answers any error with the [sessions.Problem]
// that [ProblemOf] returns for it. If the session is not open, the error is
// [sessions.ErrNotFound]; a session that ends while the body arrives may still count as
// open. If several things are wrong with the POST, ServeHTTP may report any of them. A
// refused POST changes nothing, and a slow one does not hold up others. If a body is
// larger than [MaxBody], ServeHTTP leaves the rest unread, whatever the content type. It
// does not close such a body either, because Close reads on.
//
//lesson:todo Read the response (ReadJSON and ParseResponse do that), resolve it, and answer with 202 or a problem.
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
