package programs

import (
	"context"
	"io"
	"log"
	"net/http"
	"time"

	cleanup "example.com/sseworkbook/solutions/07-cleanup"
	heartbeats "example.com/sseworkbook/solutions/09-heartbeats"
	"example.com/sseworkbook/web"
)

// A BidirectionalServer is the bidirectional server: the server of lesson 07, with its
// routes /events, /responses, /trigger and /healthz (solutions/07-cleanup/given.go
// has them), and the page that takes part at /web/sse-test.html. It is safe for concurrent use; its fields are not to be changed
// once it serves.
type BidirectionalServer struct {
	*cleanup.Server
	Heartbeat time.Duration // how long a stream is quiet before it gets a comment; zero: no comments
	Log       *log.Logger   // who came and who left
}

// Handler returns the server's routes.
func (s *BidirectionalServer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", s.Server)
	mux.Handle("GET /events", heartbeats.Handler(http.HandlerFunc(s.events), s.Heartbeat))
	mux.Handle("/web/", web.Handler())
	mux.Handle("GET /{$}", http.RedirectHandler(pagePath, http.StatusFound))
	return mux
}

// Serve serves the server's routes at an address until ctx ends: whoever waits then
// is told that the server is shutting down, and it stops within a second. It writes
// a line to out once it listens.
func (s *BidirectionalServer) Serve(ctx context.Context, addr Address, out io.Writer) error {
	return serve(ctx, addr, s.Handler(), s.Shutdown, out)
}

// events is one client's session, from its beginning to its end. The log does
// not name the session: whoever knows its id can answer for the client.
func (s *BidirectionalServer) events(w http.ResponseWriter, r *http.Request) {
	s.Log.Printf("%s connected", r.RemoteAddr)
	s.ServeHTTP(w, r)
	s.Log.Printf("%s left · sessions: %d", r.RemoteAddr, s.Sessions.Len())
}
