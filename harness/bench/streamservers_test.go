package bench

import (
	"context"
	"net/http"

	donovanhide "github.com/donovanhide/eventsource"
	launchdarkly "github.com/launchdarkly/eventsource"
	r3labs "github.com/r3labs/sse/v2"
	gosse "github.com/tmaxmax/go-sse"

	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// A streamServer is a contender as a server of event streams that have nothing to
// say: a stream is opened, stays, and is left.
type streamServer struct {
	name   string
	target string // what a client asks for

	// opened is what ends the bytes by which a client knows that its stream is
	// open: the headers, and with ours the first event too.
	opened string

	// handler returns a new server, and what ends it once its streams have ended.
	handler func() (h http.Handler, end func())
}

// streamServers are the contenders. Each library has its default settings: where
// it has a queue for each client, that is launchdarkly's and donovanhide's 128
// places, and r3labs' 64.
var streamServers = []streamServer{
	{"ours", "/events", "\n\n\r\n", newOurs},
	{"limit-bare", "/events", "\r\n\r\n", newBare},
	{"go-sse", "/events", "\r\n\r\n", newGoSSE},
	{"launchdarkly", "/events", "\r\n\r\n", newLaunchDarkly},
	{"r3labs", "/events?stream=all", "\r\n\r\n", newR3labs},
	{"donovanhide", "/events", "\r\n\r\n", newDonovanhide},
}

func streamServerNamed(name string) streamServer {
	for _, s := range streamServers {
		if s.name == name {
			return s
		}
	}
	panic("no contender is named " + name)
}

func newOurs() (http.Handler, func()) {
	s := cleanup.NewServer()
	return s, func() { s.Shutdown(context.Background()) }
}

// newBare returns the least that net/http needs for a stream: no queue, no id, and
// nobody who could send anything.
func newBare() (http.Handler, func()) {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}), func() {}
}

// newGoSSE returns go-sse's server. By itself it sends the headers with the first
// event; here there is none, and so its OnSession sends them.
func newGoSSE() (http.Handler, func()) {
	s := &gosse.Server{OnSession: func(w http.ResponseWriter, _ *http.Request) ([]string, bool) {
		w.Header().Set("Content-Type", "text/event-stream")
		return nil, http.NewResponseController(w).Flush() == nil
	}}
	return s, func() { s.Shutdown(context.Background()) }
}

func newLaunchDarkly() (http.Handler, func()) {
	s := launchdarkly.NewServer()
	return s.Handler("all"), s.Close
}

func newR3labs() (http.Handler, func()) {
	s := r3labs.New()
	s.CreateStream("all")
	return s, s.Close
}

func newDonovanhide() (http.Handler, func()) {
	s := donovanhide.NewServer()
	return s.Handler("all"), s.Close
}
