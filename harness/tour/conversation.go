package tour

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"example.com/sseworkbook/harness/visible"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// A conversation is the second act: a real two-way server on a socket, two clients,
// and a shop that has them asked. Its moves are what a scene is made of: each brings
// one message about, waits until it has come, and tells of it. After the first
// error, which is kept, nothing more is told. Only the tour's own goroutine uses it.
type conversation struct {
	ctx       context.Context
	end       context.CancelFunc
	server    *cleanup.Server
	url       string // the server's
	stop      func() // ends its connections
	transport *http.Transport
	ended     chan struct{} // one for each session that has ended on the server
	asking    sync.WaitGroup

	alice, bob *actor
	present    []Party
	tell       func(Message) // is told of each message as it has come
	err        error
}

// newConversation starts the server, which lasts until close is called; when ctx
// ends, whatever waits on it fails.
func newConversation(ctx context.Context, tell func(Message)) (*conversation, error) {
	c := &conversation{
		server:    cleanup.NewServer(),
		transport: &http.Transport{},
		ended:     make(chan struct{}, 2),
		present:   []Party{shop, server},
		tell:      tell,
	}
	c.ctx, c.end = context.WithCancel(ctx)
	addr, stop, err := serve(c.handler())
	if err != nil {
		c.end()
		return nil, err
	}
	c.url, c.stop = "http://"+addr, stop
	c.alice, c.bob = c.newActor(alice), c.newActor(bob)
	return c, nil
}

// handler is the server, and notes when a session has ended.
func (c *conversation) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", c.server)
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		c.server.ServeHTTP(w, r)
		put(c.ctx, c.ended, struct{}{})
	})
	return mux
}

// close ends all parties.
func (c *conversation) close() {
	c.end()
	c.alice.close()
	c.bob.close()
	c.asking.Wait()
	c.stop()
	c.transport.CloseIdleConnections()
}

// play plays a scene.
func (c *conversation) play(s twoWayScene) error {
	s.play(c)
	return c.err
}

// note tells of a message from one party to another, with its bytes.
func (c *conversation) note(from, to Party, lesson, text, wire string) {
	c.add(Message{From: from, To: to, Lesson: lesson, Text: visible.Text(text), Wire: wire})
}

// noteReply tells of what the server says to a request: what was asked for, or that
// it refuses, and why.
func (c *conversation) noteReply(to Party, lesson string, reply passed) {
	m := Message{From: server, To: to, Lesson: lesson, Wire: reply.wire, Text: visible.Text(reply.status)}
	if reply.code == http.StatusOK {
		m.Text = visible.Text("200 " + strings.TrimSpace(string(reply.body)))
	}
	var problem sessions.Problem
	if json.Unmarshal(reply.body, &problem) == nil {
		m.Reason = visible.Text(problem.Detail)
	}
	c.add(m)
}

// noteEnd tells that a client's connection ends, which is no message of its own.
func (c *conversation) noteEnd(from, to, client Party, text string) {
	c.add(Message{From: from, To: to, Lesson: cleanupLesson, Text: text, End: true})
	c.present = slices.DeleteFunc(c.present, func(p Party) bool { return p == client })
}

// add tells of a message between those who are present.
func (c *conversation) add(m Message) {
	if c.err == nil {
		m.present = slices.Clone(c.present)
		c.tell(m)
	}
}

// failed keeps the first error, with what was waited for, and of whom.
func (c *conversation) failed(err error, what string, of Party) {
	if c.err == nil && err != nil {
		c.err = fmt.Errorf("%s of %v: %w", what, of, err)
	}
}

// await receives a value, or nothing after an error.
func await[T any](c *conversation, from <-chan T, what string, of Party) (v T) {
	if c.err != nil {
		return v
	}
	v, err := take(c.ctx, from)
	c.failed(err, what, of)
	return v
}

// seen waits until something has passed a party.
func (c *conversation) seen(from <-chan passed, what string, of Party) passed {
	p := await(c, from, what, of)
	c.failed(p.err, what, of)
	return p
}
