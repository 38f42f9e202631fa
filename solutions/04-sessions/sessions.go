// Package sessions keeps many event streams apart: what is meant for one client
// never reaches another, and no client can hold up the rest.
package sessions

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// A Session is one client's event stream, and lasts for as long as the client is
// connected. It is safe for concurrent use.
type Session struct {
	id       string
	registry *Registry
	queue    *queue // what waits for the client: anyone may put frames in, and Pump takes them out

	// ctx ends when the session does: that is how everyone learns of it.
	// Anyone may call end, any number of times.
	ctx context.Context
	end context.CancelFunc
	//lesson:drop
	unwatch func() bool // stops the AfterFunc on the context that Open got
}

// ID returns the session's id. Anyone who knows it can answer for the client, so
// keep it out of logs.
//
//lesson:keep
func (s *Session) ID() string { return s.id }

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
//lesson:todo Take the session out of the registry, close its queue, and tell everyone who watches Done.
func (s *Session) Close() {
	s.registry.remove(s.id) // first: Open holds the lock until the session is complete
	s.unwatch()
	s.queue.close()
	s.end()
}

// Send queues an event for the client. It never waits. It returns [ErrFull] if the
// queue is full, [ErrClosed] if the session has ended, the Policy's error if the
// registry's Policy refuses the event, and a *[framing.FieldError] if the event
// cannot be framed. After an error the event is not queued.
//
//lesson:todo Frame the event, and put the frame into the session's queue.
func (s *Session) Send(e framing.Event) error {
	frame, err := e.AppendText(nil)
	if err != nil {
		return err
	}
	return s.put(frame)
}

// put queues a frame. A policy that returns ErrClosed ends the session.
//
//lesson:keep
func (s *Session) put(frame []byte) error {
	if s.ctx.Err() != nil {
		return ErrClosed // Close may be on its way
	}
	err := s.queue.put(frame)
	if errors.Is(err, ErrClosed) {
		s.Close()
	}
	return err
}

// Pump hands the queued frames to sink: each call of SendFrames gets all of them. It
// returns nil when the session ends, and sink's error, whatever it is, when sink
// fails. Only one Pump may run at a time.
//
//lesson:todo Whenever the queue is ready, drain it into the sink, until the session ends.
func (s *Session) Pump(sink Sink) error {
	for {
		select {
		case <-s.Done():
			return nil
		case <-s.queue.ready:
			if err := s.queue.drain(sink.SendFrames); err != nil {
				return err
			}
		}
	}
}

// Endpoint returns the event that tells the client where to POST its answers:
// "responses?session=ID", a URL relative to the one that the stream comes from. The
// event has no ID and no Retry: a client would keep them for its next connection.
//
//lesson:todo Return an event of type "endpoint". Escape the id for the query.
//lesson:return framing.Event{}
func (s *Session) Endpoint() framing.Event {
	return framing.Event{Type: "endpoint", Data: "responses?session=" + url.QueryEscape(s.id)}
}

// Stream turns w into the session's event stream. It returns nil when the session
// ends, and an error when a write to the client fails. A session that was opened
// with r's context ends when the client leaves. The stream begins with the Endpoint,
// then the events in the slice first, which Stream does not change. The errors are
// those of [flushing.Open] and of [flushing.Stream.Send]; after one of them, the
// handler has nothing left to do.
//
//lesson:todo Open a stream, send the first events, and let Pump do the rest.
func (s *Session) Stream(w http.ResponseWriter, r *http.Request, first ...framing.Event) error {
	stream, err := flushing.Open(w, r)
	if err != nil {
		return err
	}
	if err := stream.Send(slices.Concat([]framing.Event{s.Endpoint()}, first)...); err != nil {
		return err
	}
	return s.Pump(stream)
}

// A Registry keeps track of the open sessions. The zero value is ready to use. It
// is safe for concurrent use, but set its exported fields before the first Open.
type Registry struct {
	MaxSessions    int    // how many may be open at once; zero: DefaultMaxSessions, negative: any number
	MaxQueuedBytes int    // bytes that all queues together may hold, with those being written; zero: DefaultMaxQueuedBytes, negative: any number
	Policy         Policy // decides which frames wait when a new one comes; nil: all, in order

	queued   total      // the bytes that wait for all clients
	mu       sync.Mutex // guards sessions; held for moments only, never while waiting
	sessions map[string]*Session
}

// Open opens a session, which ends when ctx ends or when it is closed. Its id cannot
// be guessed: at least 120 bits of it are from crypto/rand. At the limit, Open
// returns [ErrLimit] and leaves nothing of the session behind.
//
//lesson:todo Give the session its own id, and put the session into the map. Later, make it end with ctx, too.
//lesson:begin r.mu.Lock()
//lesson:begin defer r.mu.Unlock()
//lesson:begin s := &Session{registry: r, queue: r.newQueue()}
//lesson:begin s.ctx, s.end = context.WithCancel(ctx)
//lesson:begin return s, nil
func (r *Registry) Open(ctx context.Context) (*Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if limit := cmp.Or(r.MaxSessions, DefaultMaxSessions); limit >= 0 && len(r.sessions) >= limit {
		return nil, ErrLimit
	}
	if r.sessions == nil {
		r.sessions = map[string]*Session{}
	}
	s := &Session{id: rand.Text(), registry: r, queue: r.newQueue()}
	s.ctx, s.end = context.WithCancel(ctx)
	r.sessions[s.id] = s
	s.unwatch = context.AfterFunc(ctx, s.Close) // its Close waits for the lock
	return s, nil
}

//lesson:keep
func (r *Registry) newQueue() *queue {
	return newQueue(r.Policy, cmp.Or(r.MaxQueuedBytes, DefaultMaxQueuedBytes), &r.queued)
}

// Get returns the open session with exactly this id, if there is one.
//
//lesson:todo Look the id up. From part 2 on: who else may be using the map right now?
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

// All returns the sessions that are open now, in no particular order. The caller may
// change the slice.
//
//lesson:keep
func (r *Registry) All() []*Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.sessions))
}

// Send queues an event for one session. It returns [ErrNotFound] if no session with
// this id is open, whatever the event is; otherwise, it returns what [Session.Send]
// returns.
//
//lesson:todo Find the session, and send to it.
func (r *Registry) Send(id string, e framing.Event) error {
	s, ok := r.Get(id)
	if !ok {
		return ErrNotFound
	}
	return s.Send(e)
}

// Broadcast queues an event for every session. The event is framed once, however many
// sessions there are. If it cannot be framed, Broadcast returns a
// *[framing.FieldError], even if no session is open. If any sessions miss the event,
// Broadcast returns a *[MissedError] that names them; all the others get it. A
// session that has ended does not count as one that missed it.
//
//lesson:todo Frame the event once, and put the frame into the queue of each session.
func (r *Registry) Broadcast(e framing.Event) error {
	frame, err := e.AppendText(nil)
	if err != nil {
		return err
	}
	var missed []*Session
	for _, s := range r.All() {
		if err := s.put(frame); err != nil && !errors.Is(err, ErrClosed) {
			missed = append(missed, s)
		}
	}
	if len(missed) > 0 {
		return &MissedError{Sessions: missed}
	}
	return nil
}

func (r *Registry) remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, id)
}

// ServeHTTP opens a new session for the client, streams to it until the client leaves
// or the session ends, and closes the session. A panic closes it too, but is not
// swallowed, because net/http has to cut the connection. At the limit the client gets
// a 503 as a [Problem], with a Retry-After of a few seconds; a HEAD request gets the
// same headers.
//
//lesson:todo Open a session, stream it to the client, and close it at the end.
//lesson:begin http.Error(w, "not written yet", http.StatusNotImplemented)
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	session, err := r.Open(req.Context())
	if err != nil {
		(&Problem{Status: http.StatusServiceUnavailable, Detail: err.Error(), RetryAfter: 5 * time.Second}).ServeHTTP(w, req)
		return
	}
	defer session.Close()
	session.Stream(w, req)
}
