// Package sessions keeps many event streams apart: what is meant for one client
// never reaches another, and none of them can hold up the rest.
package sessions

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"

	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

var (
	// ErrUnknown says that no session with this id is open.
	ErrUnknown = errors.New("no such session")
	// ErrLimit says that as many sessions are open as may be.
	ErrLimit = errors.New("too many sessions")
	// ErrClosed says that the session has ended.
	ErrClosed = errors.New("the session has ended")
	// ErrFull says that a session's client is so slow that its queue is full.
	ErrFull = errors.New("the session's queue is full")
)

// queueSize is how many frames may wait for one client.
//
//lesson:keep
const queueSize = 64

// A Session is one client's event stream, and lasts for as long as the client is
// connected. It is safe for concurrent use.
type Session struct {
	id       string
	registry *Registry

	// queue holds the frames that wait for the client. Anyone may send on it,
	// the session's handler receives, and nobody ever closes it: a sender could
	// be just about to send.
	queue chan []byte

	// ctx ends with the session, and that is how everyone learns of its end.
	// Anyone may call end, and as often as they like.
	ctx context.Context
	end context.CancelFunc
}

// ID returns the session's id. Whoever knows it can answer for the client, so it
// belongs into no log.
//
//lesson:keep
func (s *Session) ID() string { return s.id }

// Frames returns the channel of the frames that wait for the client. It is never
// closed: see Done. A broadcast's frame is shared by all sessions, so it is for
// reading only.
//
//lesson:keep
func (s *Session) Frames() <-chan []byte { return s.queue }

// Context returns a context that ends when the session does.
//
//lesson:keep
func (s *Session) Context() context.Context { return s.ctx }

// Done returns a channel that is closed when the session ends.
//
//lesson:keep
func (s *Session) Done() <-chan struct{} { return s.ctx.Done() }

// Close ends the session: it is no longer in its registry, and Done is closed.
// What was still queued is dropped. Closing twice is fine.
//
//lesson:todo Take the session out of the registry, and tell everyone who watches Done.
func (s *Session) Close() {
	s.registry.remove(s.id)
	s.end()
}

// Send queues an event for the client. It never waits: a full queue is [ErrFull],
// and a session that has ended [ErrClosed]. An event that cannot be framed is a
// *[framing.FieldError]. After an error the event is not queued.
//
//lesson:todo Frame the event, and queue it without ever waiting for the client.
func (s *Session) Send(e framing.Event) error {
	frame, err := e.AppendText(nil)
	if err != nil {
		return err
	}
	return s.queueFrame(frame)
}

func (s *Session) queueFrame(frame []byte) error {
	if s.ctx.Err() != nil {
		return ErrClosed
	}
	select {
	case s.queue <- frame:
		return nil
	default:
		return ErrFull
	}
}

// A Registry knows the sessions that are open. It is safe for concurrent use.
type Registry struct {
	limit int // how many sessions may be open at once; 0 for any number

	mu       sync.Mutex // guards sessions; held for moments only, never while waiting
	sessions map[string]*Session
}

// NewRegistry returns a registry in which at most limit sessions are open at
// once. Zero means any number.
//
//lesson:keep
func NewRegistry(limit int) *Registry {
	return &Registry{limit: limit, sessions: map[string]*Session{}}
}

// Open opens a session, which ends with ctx or with its Close. Its id cannot be
// guessed. At the limit the error is [ErrLimit].
//
//lesson:todo Give the session an id of its own, and put it into the map. Later it gets a queue, and ends with ctx.
//lesson:begin s := &Session{registry: r}
//lesson:begin s.ctx, s.end = context.WithCancel(ctx)
//lesson:begin return s, nil
func (r *Registry) Open(ctx context.Context) (*Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.limit > 0 && len(r.sessions) >= r.limit {
		return nil, ErrLimit
	}
	s := &Session{id: rand.Text(), registry: r, queue: make(chan []byte, queueSize)}
	s.ctx, s.end = context.WithCancel(ctx)
	r.sessions[s.id] = s
	context.AfterFunc(s.ctx, s.Close) // after the entry is there, or Close could come too early
	return s, nil
}

// Get returns the open session with this id, if there is one.
//
//lesson:todo Look it up. From part 2 on: who else may be at the map right now?
//lesson:return nil, false
func (r *Registry) Get(id string) (*Session, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.sessions[id]
	return s, ok
}

// Len returns how many sessions are open.
//
//lesson:keep
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions)
}

// All returns the sessions that are open now, in no order.
//
//lesson:keep
func (r *Registry) All() []*Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.sessions))
}

// Send queues an event for one session. The errors are [ErrUnknown] and those of
// [Session.Send].
//
//lesson:todo Find the session, and send to it.
func (r *Registry) Send(id string, e framing.Event) error {
	s, ok := r.Get(id)
	if !ok {
		return ErrUnknown
	}
	return s.Send(e)
}

// Broadcast queues an event for every session. It is framed once, however many
// they are. A session whose queue is full misses it, and the error wraps
// [ErrFull] then; all the others have it.
//
//lesson:todo Frame the event once, and queue the frame for each session.
func (r *Registry) Broadcast(e framing.Event) error {
	frame, err := e.AppendText(nil)
	if err != nil {
		return err
	}
	for _, s := range r.All() {
		if s.queueFrame(frame) == ErrFull {
			err = ErrFull
		}
	}
	return err
}

func (r *Registry) remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, id)
}

// ServeHTTP opens a session for the client that asks, and streams to it until one
// of the two leaves. The first event, of the type "endpoint", says where the
// client is to POST its answers: "responses?session=ID", a URL relative to the
// one that it asked for. At the limit the client gets a 503 as a [Problem], and
// Retry-After says in how many seconds it may try again.
//
//lesson:todo Open a session, tell the client where to answer, and send what is queued until one of the two leaves.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	session, err := r.Open(req.Context())
	if err != nil {
		w.Header().Set("Retry-After", "5")
		(&Problem{Status: http.StatusServiceUnavailable, Detail: err.Error()}).ServeHTTP(w, req)
		return
	}
	defer session.Close()
	stream, err := flushing.Open(w, req)
	if err != nil {
		return // the client has been told
	}
	endpoint := framing.Event{Type: "endpoint", Data: "responses?session=" + url.QueryEscape(session.ID())}
	if stream.Send(endpoint) != nil {
		return
	}
	for {
		select {
		case frame := <-session.Frames():
			frames := [][]byte{frame}
			for range len(session.Frames()) { // a client that is behind gets all that waits, in one flush
				frames = append(frames, <-session.Frames())
			}
			if stream.SendText(frames...) != nil {
				return
			}
		case <-session.Done():
			return
		}
	}
}

// A Problem is an error as an HTTP response says it (RFC 9457, problem+json).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`          // the status in words
	Detail string `json:"detail"`         // what is wrong here; never what the client sent
	Code   int    `json:"code,omitempty"` // the error's code in JSON-RPC, where it has one
}

func (p *Problem) Error() string { return p.Detail }

// ServeHTTP answers with p.
//
//lesson:keep
func (p *Problem) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.Title = http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p)
}
