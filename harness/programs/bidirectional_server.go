package programs

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
	heartbeats "example.com/sseworkbook/solutions/09-heartbeats"
	"example.com/sseworkbook/web"
)

// A BidirectionalServer is the bidirectional server: the server of lesson 07, with its
// routes /events, /responses and /trigger (solutions/07-cleanup/given.go has them). POST
// /notify sends a notification to all clients, /healthz counts, and the page that takes
// part is at /web/sse-test.html. It is safe for concurrent use; its fields are not to be
// changed once it serves.
type BidirectionalServer struct {
	*cleanup.Server
	Heartbeat    time.Duration // how long a stream is quiet before it gets a comment; zero: no comments
	Log          *log.Logger   // who came and who left
	Broadcasting               // of notifications; without Replay, reconnection.DefaultLogSize are kept
}

// Handler returns the server's routes. It is for one call.
func (s *BidirectionalServer) Handler() http.Handler {
	all := s.over(s.Sessions)
	inner := http.NewServeMux()
	inner.Handle("/", s.Server.Handler)
	inner.Handle("GET /events", all)
	inner.HandleFunc("POST /notify", func(w http.ResponseWriter, r *http.Request) { notify(all, w, r) })
	s.Server.Handler = inner

	mux := http.NewServeMux()
	mux.Handle("/", s.Server)
	mux.Handle("GET /events", heartbeats.Handler(http.HandlerFunc(s.events), s.Heartbeat))
	mux.HandleFunc("GET /healthz", all.healthz(s.Caller.Len))
	mux.Handle("/web/", web.Handler())
	mux.Handle("GET /{$}", http.RedirectHandler(pagePath, http.StatusFound))
	return mux
}

// notify publishes the notification in the body: a JSON object with a method, and params
// if there are any. It answers 202 as soon as the notification waits for all clients.
func notify(all *broadcaster, w http.ResponseWriter, r *http.Request) {
	body, err := correlation.ReadJSON(w, r)
	var n correlation.Request
	if err == nil && (json.Unmarshal(body, &n) != nil || n.Method == "" || n.ID != "") {
		err = &sessions.Problem{Status: http.StatusBadRequest, Detail: "a notification needs a method, may have params, and has no id"}
	}
	var event framing.Event
	if err == nil {
		event, err = n.Event()
	}
	if err == nil {
		err = all.Publish(event)
	}
	if err != nil {
		correlation.ProblemOf(err).ServeHTTP(w, r)
		return
	}
	w.WriteHeader(http.StatusAccepted)
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
