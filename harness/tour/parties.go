package tour

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"example.com/sseworkbook/harness/httpserve"
	"example.com/sseworkbook/harness/visible"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// Parties are who takes part in the second act: a real two-way server on a socket,
// two clients, and a shop that has them asked. Their methods are what a scene is
// made of: each brings one message about, waits until it has come, and notes it as
// an arrow. After the first error, which is kept, none does anything. Only the
// tour's own goroutine uses it.
type parties struct {
	ctx       context.Context
	end       context.CancelFunc
	server    *cleanup.Server
	http      *http.Server
	served    chan error // Serve's one result
	url       string
	transport *http.Transport
	ended     chan struct{} // one for each session that has ended on the server
	asking    sync.WaitGroup

	alice, bob *actor
	present    []lane
	arrows     []arrow
	noted      func(arrow) // is told of each message as it has come; may be nil
	err        error
}

// newParties starts the server, which lasts until close is called; when ctx ends,
// whatever waits on it fails.
func newParties(ctx context.Context) (*parties, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the tour's second server: %w", err)
	}
	c := &parties{
		server:    cleanup.NewServer(),
		served:    make(chan error, 1),
		url:       "http://" + listener.Addr().String(),
		transport: &http.Transport{},
		ended:     make(chan struct{}, 2),
		present:   []lane{shop, server},
	}
	c.ctx, c.end = context.WithCancel(ctx)
	c.alice = newActor(c.ctx, alice, c.url+"/events", c.transport)
	c.bob = newActor(c.ctx, bob, c.url+"/events", c.transport)
	c.http = &http.Server{Handler: httpserve.LocalGuard().Handler(c.handler()), ErrorLog: log.New(io.Discard, "", 0)}
	go func() { c.served <- c.http.Serve(listener) }() // close waits for it
	return c, nil
}

// handler is the server, and notes when a session has ended.
func (c *parties) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", c.server)
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		c.server.ServeHTTP(w, r)
		put(c.ctx, c.ended, struct{}{})
	})
	return mux
}

// close ends all parties.
func (c *parties) close() {
	c.end()
	c.alice.close()
	c.bob.close()
	c.asking.Wait()
	c.http.Close()
	<-c.served
	c.transport.CloseIdleConnections()
}

// play plays an exchange and returns its arrows.
func (c *parties) play(script func(*parties)) ([]arrow, error) {
	c.arrows = nil
	script(c)
	return c.arrows, c.err
}

// note notes a message from one party to another, with its bytes.
func (c *parties) note(from, to lane, lesson, text, wire string) {
	c.add(arrow{from: from, to: to, lesson: lesson, text: visible.Text(text), wire: wire})
}

// noteRefusal notes a message with which a server says no, and why.
func (c *parties) noteRefusal(to lane, lesson, text, reason, wire string) {
	c.add(arrow{from: server, to: to, lesson: lesson, text: visible.Text(text), reason: visible.Text(reason), wire: wire})
}

// add notes a message between those who are present.
func (c *parties) add(a arrow) {
	a.present = slices.Clone(c.present)
	c.arrows = append(c.arrows, a)
	if c.noted != nil {
		c.noted(a)
	}
}

// noteEnd notes that a client's connection ends, which is no message of its own.
func (c *parties) noteEnd(from, to, client lane, text string) {
	c.add(arrow{from: from, to: to, lesson: cleanupLesson, text: text, last: true})
	c.present = slices.DeleteFunc(c.present, func(l lane) bool { return l == client })
}

// failed keeps an error, with what was waited for, and reports whether there is
// one.
func (c *parties) failed(err error, what string, who lane) bool {
	if c.err == nil && err != nil {
		c.err = fmt.Errorf("%s of %s: %w", what, laneNames[who], err)
	}
	return c.err != nil
}

// short leaves of a session's id what tells it from others, since whoever knows
// all of it can answer for the client.
func short(session string) string {
	if len(session) > 4 {
		session = session[:4] + "…"
	}
	return session
}

// words joins what there is to say.
func words(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}
