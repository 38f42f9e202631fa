package ssetest_test

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	flushing "example.com/sseworkbook/solutions/02-flushing"
	"example.com/sseworkbook/web"
)

// feed is the server of a test of the page: it serves the page, and at /events a
// stream that says what the test says, to everybody who is connected.
type feed struct {
	t       *testing.T
	address string // the same across stop and start
	server  *http.Server
	served  sync.WaitGroup   // the goroutine that serves
	arrived chan http.Header // the request headers of each new stream
	left    chan struct{}    // one for each stream whose client has gone
	mu      sync.Mutex       // guards streams
	streams []*flushing.Stream
}

// newFeed starts a feed on a free port of the loopback.
func newFeed(t *testing.T) *feed {
	f := &feed{t: t, address: "127.0.0.1:0", arrived: make(chan http.Header, 16), left: make(chan struct{}, 16)}
	f.start()
	t.Cleanup(f.stop)
	return f
}

// start listens, after a stop on the same port.
func (f *feed) start() {
	f.t.Helper()
	listener, err := net.Listen("tcp", f.address)
	require.NoError(f.t, err)
	f.address = listener.Addr().String()

	mux := http.NewServeMux()
	mux.Handle("/web/", web.Handler())
	mux.HandleFunc("GET /events", f.stream)
	mux.HandleFunc("GET /plain", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, "data: hello\n\n")
	})
	mux.HandleFunc("POST /responses", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }) // breaks the connection
	f.server = &http.Server{Handler: mux}
	f.served.Go(func() { f.server.Serve(listener) })
}

// stop breaks all connections and lets go of the port.
func (f *feed) stop() {
	f.server.Close()
	f.served.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.streams = nil
}

func (f *feed) stream(w http.ResponseWriter, r *http.Request) {
	stream, err := flushing.Open(w, r)
	if err != nil {
		return
	}
	f.mu.Lock()
	f.streams = append(f.streams, stream)
	f.mu.Unlock()
	f.arrived <- r.Header
	<-r.Context().Done()
	f.left <- struct{}{}
}

// client waits for the next stream to open and returns its request's headers.
func (f *feed) client() http.Header {
	f.t.Helper()
	select {
	case h := <-f.arrived:
		return h
	case <-time.After(patience):
		f.t.Fatal("nobody asked for the stream")
		return nil
	}
}

// say sends frames, as they are, to everybody.
func (f *feed) say(frames string) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.streams {
		require.NoError(f.t, s.SendFrames([]byte(frames)))
	}
}

// gone waits until one client more has gone.
func (f *feed) gone() {
	f.t.Helper()
	select {
	case <-f.left:
	case <-time.After(patience):
		f.t.Fatal("the page was to close its connection, and it is still open")
	}
}

func (f *feed) page() string { return "http://" + f.address + "/web/sse-test.html" }
