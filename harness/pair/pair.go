// Package pair gives a test a real http.Server and a real http.Client that talk
// to each other: over TCP, or over connections in memory for a synctest bubble.
// It records what the client reads and when the server flushes, can break a
// connection, read slowly or not at all, and put a proxy in between. Lesson
// tests use it, and nothing that a learner builds upon does.
package pair

import (
	"net/http"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
)

// closeLimit is how long Close waits for the handlers, once their clients have
// left and their contexts are over.
const closeLimit = 2 * time.Second

// Pair is a server and a client that reaches it. Its methods, and those of its
// streams, fail the test when something is wrong, so they are for the test's
// own goroutine; its Client is safe for concurrent use.
type Pair struct {
	// URL is the server's, or the proxy's when there is one, without a slash
	// at the end.
	URL string
	// Client has a transport of its own and no timeout.
	Client *http.Client

	tb     testing.TB
	trace  *trace // nil where none is wanted
	memory bool
	origin *server
	front  *server // the proxy, or origin where there is none

	streams []*Stream
	closed  bool
}

// TCP starts a server for h on a free port of the loopback interface. The pair
// is closed when the test ends.
//
// A server can write some megabytes to a client that does not read before a write
// blocks, so use Memory for tests about slow clients.
func TCP(tb testing.TB, h http.Handler, opts ...Option) *Pair {
	tb.Helper()
	return newPair(tb, h, defaults(false), opts)
}

// Memory starts a server for h on in-memory connections of 64 KiB in each
// direction. They are made for use inside step.Bubble, where all waiting is in
// virtual time. The pair is closed when the test ends, still in the bubble.
func Memory(tb testing.TB, h http.Handler, opts ...Option) *Pair {
	tb.Helper()
	return newPair(tb, h, defaults(true), opts)
}

func newPair(tb testing.TB, h http.Handler, o options, opts []Option) *Pair {
	tb.Helper()
	for _, opt := range opts {
		opt(&o)
	}
	t := newTrace(tb)
	origin := newServer(h, o, t)
	front := origin
	if o.proxied {
		t.watch(origin.client, "proxy", "server")
		front = newProxy(origin, o)
		t.watch(front.client, "client", "proxy")
	} else {
		t.watch(origin.client, "client", "server")
	}
	p := &Pair{
		URL: front.test.URL, Client: front.client,
		tb: tb, trace: t, memory: o.memory, origin: origin, front: front,
	}
	tb.Cleanup(p.Close)
	step.OnFail(tb, p.origin.log.panics)
	return p
}

// ServerLog returns what the server has logged so far: its ErrorLog, and one line
// for each handler that panicked.
func (p *Pair) ServerLog() string { return p.origin.log.String() }

// Cut breaks all the client's connections at once, including those of Client: both
// sides see a reset.
func (p *Pair) Cut() { p.front.cut() }

// Close ends the streams, the client's connections and the server, and waits for
// each of their goroutines, so that nothing is left of them. It does not wait
// forever: a handler that goes on after its client left and its context ended
// fails the test, with the line where it waits. So do a handler's panic and other
// mistakes that net/http only logs. Closing twice is fine.
func (p *Pair) Close() {
	p.tb.Helper()
	if p.closed {
		return
	}
	p.closed = true
	p.trace.end(p.tb.Failed(), p.origin)
	for _, s := range p.streams {
		s.Leave()
		<-s.done
	}
	p.front.end()
	p.origin.end()
	if stuck := p.stuck(); stuck != nil {
		p.complain("the handler of "+stuck.name()+" has not returned: "+stuck.where(),
			"its client left and the request's context ended: nothing will wake it now")
		return
	}
	p.front.test.Close()
	p.origin.test.Close()
	if line := p.origin.log.mishap(); line != "" {
		p.complain("a handler made a mistake that net/http only logs", line)
	}
}

// stuck waits for the handlers; should that hang (a lock in a bubble stops its
// clock), the step's watchdog names the handler.
func (p *Pair) stuck() *exchange {
	defer step.OnHang(p.tb, func() (string, []string) {
		return "a handler has not returned after its client left", p.origin.whereabouts()
	})()
	return p.origin.stuck(closeLimit)
}

// complain fails a test that has not failed yet. One that has needs no second
// message: the first tells more.
func (p *Pair) complain(sentence string, details ...string) {
	p.tb.Helper()
	if !p.tb.Failed() {
		step.Fail(p.tb, sentence, details...)
	}
}
