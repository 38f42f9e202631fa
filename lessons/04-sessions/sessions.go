// Package sessions keeps many event streams apart: what is meant for one client
// never reaches another, and no client can hold up the rest.
package sessions

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"

	framing "example.com/sseworkbook/solutions/01-framing"
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
}

// ID returns the session's id. Anyone who knows it can answer for the client, so
// keep it out of logs.
func (s *Session) ID() string { return s.id }

// Context returns a context that ends when the session does.
func (s *Session) Context() context.Context { return s.ctx }

// Done returns a channel that is closed when the session ends.
func (s *Session) Done() <-chan struct{} { return s.ctx.Done() }

// Close ends the session: it is no longer in its registry, and Done is closed.
// What was still queued is dropped. Closing twice is fine.
func (s *Session) Close() {
	// TODO: Take the session out of the registry, close its queue, and tell
	// everyone who watches Done.
}

// Send queues an event for the client. It never waits. It returns [ErrFull] if the
// queue is full, [ErrClosed] if the session has ended, the Policy's error if the
// registry's Policy refuses the event, and a *[framing.FieldError] if the event
// cannot be framed. After an error the event is not queued.
func (s *Session) Send(e framing.Event) error {
	// TODO: Frame the event, and put the frame into the session's queue.
	return nil
}

// put queues a frame. A policy that returns ErrClosed ends the session.
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
func (s *Session) Pump(sink Sink) error {
	// TODO: Whenever the queue is ready, drain it into the sink, until the
	// session ends.
	return nil
}

// Endpoint returns the event that tells the client where to POST its answers:
// "responses?session=ID", a URL relative to the one that the stream comes from. The
// event has no ID and no Retry: a client would keep them for its next connection.
func (s *Session) Endpoint() framing.Event {
	// TODO: Return an event of type "endpoint". Escape the id for the query.
	return framing.Event{}
}

// Stream turns w into the session's event stream. It returns nil when the session
// ends, and an error when a write to the client fails. A session that was opened
// with r's context ends when the client leaves. The stream begins with the Endpoint,
// then the events in the slice first, which Stream does not change. The errors are
// those of [flushing.Open] and of [flushing.Stream.Send]; after one of them, the
// handler has nothing left to do.
func (s *Session) Stream(w http.ResponseWriter, r *http.Request, first ...framing.Event) error {
	// TODO: Open a stream, send the first events, and let Pump do the rest.
	return nil
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
func (r *Registry) Open(ctx context.Context) (*Session, error) {
	// TODO: Give the session its own id, and put the session into the map.
	// Later, make it end with ctx, too.
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &Session{registry: r, queue: r.newQueue()}
	s.ctx, s.end = context.WithCancel(ctx)
	return s, nil
}

func (r *Registry) newQueue() *queue {
	return newQueue(r.Policy, cmp.Or(r.MaxQueuedBytes, DefaultMaxQueuedBytes), &r.queued)
}

// Get returns the open session with exactly this id, if there is one.
func (r *Registry) Get(id string) (*Session, bool) {
	// TODO: Look the id up. From part 2 on: who else may be using the map
	// right now?
	return nil, false
}

// Len returns how many sessions are open.
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions)
}

// All returns the sessions that are open now, in no particular order. The caller may
// change the slice.
func (r *Registry) All() []*Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.sessions))
}

// Send queues an event for one session. It returns [ErrNotFound] if no session with
// this id is open, whatever the event is; otherwise, it returns what [Session.Send]
// returns.
func (r *Registry) Send(id string, e framing.Event) error {
	// TODO: Find the session, and send to it.
	return nil
}

// Broadcast queues an event for every session. The event is framed once, however many
// sessions there are. If it cannot be framed, Broadcast returns a
// *[framing.FieldError], even if no session is open. If any sessions miss the event,
// Broadcast returns a *[MissedError] that names them; all the others get it. A
// session that has ended does not count as one that missed it.
func (r *Registry) Broadcast(e framing.Event) error {
	// TODO: Frame the event once, and put the frame into the queue of each
	// session.
	return nil
}

// ServeHTTP opens a new session for the client, streams to it until the client leaves
// or the session ends, and closes the session. A panic closes it too, but is not
// swallowed, because net/http has to cut the connection. At the limit the client gets
// a 503 as a [Problem], with a Retry-After of a few seconds; a HEAD request gets the
// same headers.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	// TODO: Open a session, stream it to the client, and close it at the end.
	http.Error(w, "not written yet", http.StatusNotImplemented)
}
