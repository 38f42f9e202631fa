package programs

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"strconv"
	"sync"
	"time"

	"example.com/sseworkbook/harness/visible"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	heartbeats "example.com/sseworkbook/solutions/09-heartbeats"
	"example.com/sseworkbook/web"
)

// reconnectionTime is what the first event of each stream asks of the client.
const reconnectionTime = 2 * time.Second

// A BasicServer is the basic server: an event stream that counts at GET /events, and
// the page that shows it at /web/sse-test.html. Without Replay, each stream counts for
// itself. With it, all clients get one count, and GET /healthz says how many they are.
// It is safe for concurrent use; its fields are not to be changed once it serves.
type BasicServer struct {
	Interval     time.Duration // from one event to the next; more than zero
	Heartbeat    time.Duration // how long a stream is quiet before it gets a comment; zero: no comments
	Log          *log.Logger   // who came and who left
	Broadcasting               // of the count, if Replay is more than zero

	all *broadcaster // nil without Replay
}

// Serve serves the server's routes at an address until ctx ends, and then stops
// within a second. It writes a line to out once it listens.
func (s *BasicServer) Serve(ctx context.Context, addr Address, out io.Writer) error {
	h := s.Handler()
	ctx, stop := context.WithCancel(ctx)
	var counting sync.WaitGroup
	defer counting.Wait()
	defer stop()
	if s.all != nil {
		counting.Go(func() { s.countForAll(ctx) })
	}
	return serve(ctx, addr, h, nil, out)
}

// Handler returns the server's routes. A stream ends when the client leaves, or
// when the context of its request does: Serve ends it on shutdown, which
// http.Server does not do by itself.
func (s *BasicServer) Handler() http.Handler {
	mux := http.NewServeMux()
	events := s.events
	if s.Replay > 0 {
		s.all = s.over(&sessions.Registry{MaxSessions: -1})
		events = s.shared
		mux.HandleFunc("GET /healthz", s.all.healthz(nil))
	}
	mux.Handle("GET /events", heartbeats.Handler(http.HandlerFunc(events), s.Heartbeat))
	mux.Handle("/web/", web.Handler())
	mux.Handle("GET /{$}", http.RedirectHandler(pagePath, http.StatusFound))
	return mux
}

// countForAll publishes an event at each interval, until ctx ends.
func (s *BasicServer) countForAll(ctx context.Context) {
	ticks := time.Tick(s.Interval)
	for n := uint64(1); ; n++ {
		select {
		case <-ctx.Done():
			return
		case now := <-ticks:
			if err := s.all.Publish(tick(n, now)); err != nil {
				s.Log.Printf("event %d could not be published: %v", n, err)
			}
		}
	}
}

// shared is one stream of what all clients get.
func (s *BasicServer) shared(w http.ResponseWriter, r *http.Request) {
	s.Log.Printf("%s connected · Last-Event-ID: %s", r.RemoteAddr, visible.Quote(r.Header.Get("Last-Event-ID")))
	s.all.ServeHTTP(&withoutEndpoint{ResponseWriter: w}, r)
	s.Log.Printf("%s left", r.RemoteAddr)
}

// withoutEndpoint is a response without the endpoint event, with which the stream of each
// session begins: nobody answers to a one-way server.
type withoutEndpoint struct {
	http.ResponseWriter
	begun bool
}

// Write writes p, from behind the endpoint event if p begins with that.
func (w *withoutEndpoint) Write(p []byte) (int, error) {
	rest := p
	if !w.begun && bytes.HasPrefix(p, []byte("event: endpoint\n")) {
		_, rest, _ = bytes.Cut(p, []byte("\n\n"))
	}
	w.begun = true
	if len(rest) == 0 {
		return len(p), nil
	}
	n, err := w.ResponseWriter.Write(rest)
	return len(p) - len(rest) + n, err
}

// Unwrap returns the ResponseWriter that w is around, as http.ResponseController wants it.
func (w *withoutEndpoint) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// events is one stream: the first event at once, then one at each interval.
func (s *BasicServer) events(w http.ResponseWriter, r *http.Request) {
	lastID := r.Header.Get("Last-Event-ID")
	n := resumeAfter(lastID)
	stream, err := flushing.Open(w, r)
	if err != nil {
		s.Log.Printf("%s could not be served: %v", r.RemoteAddr, err)
		return
	}
	s.Log.Printf("%s connected · Last-Event-ID: %s", r.RemoteAddr, visible.Quote(lastID))

	first := tick(n+1, time.Now())
	first.Retry = reconnectionTime
	if err := stream.Send(first); err == nil {
		n = s.count(r, stream, n+1)
	}
	s.Log.Printf("%s left · last event: %d", r.RemoteAddr, n)
}

// count sends the events after n until the stream is over, and returns the
// number of the last one that was sent.
func (s *BasicServer) count(r *http.Request, stream *flushing.Stream, n uint64) uint64 {
	ticks := time.Tick(s.Interval)
	for {
		var err error
		select {
		case <-r.Context().Done():
			return n
		case now := <-ticks:
			if err = stream.Send(tick(n+1, now)); err == nil {
				n++
			}
		}
		if err != nil {
			return n
		}
	}
}

// resumeAfter returns the number of the event that the client saw last. A client
// may send anything: what is no number of ours counts as no event at all.
func resumeAfter(lastEventID string) uint64 {
	n, err := strconv.ParseUint(lastEventID, 10, 32) // leaves room to count on
	if err != nil {
		return 0
	}
	return n
}

// tick returns event number n.
func tick(n uint64, now time.Time) framing.Event {
	data, _ := json.Marshal(struct { // a number and a string: it cannot fail
		N    uint64 `json:"n"`
		Time string `json:"time"`
	}{n, now.Format(time.RFC3339)})
	return framing.Event{ID: strconv.FormatUint(n, 10), Type: "tick", Data: string(data)}
}
