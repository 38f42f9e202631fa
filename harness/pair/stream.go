package pair

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"example.com/sseworkbook/harness/step"
)

// Stream is the client's side of one open response. One goroutine reads the
// body; the pair owns it and waits for it, and it ends with the body, with
// Leave, with Cut or with the pair. Everything else is for the test's goroutine.
type Stream struct {
	pair     *Pair
	request  *http.Request
	response *http.Response
	exchange *exchange
	conn     breakable
	cancel   context.CancelFunc
	done     chan struct{} // closed by the reading goroutine as its last act

	mu       sync.Mutex // guards what follows; held for moments only
	changed  *sync.Cond // broadcast after each change
	received []byte
	consumed int   // how much of received NextFrame and Expect have taken
	err      error // why the body ended; nil while it goes on
	left     bool
	pace
}

// pace is how the client reads.
type pace struct {
	paused  bool
	resting bool          // until a timer's next tick
	size    int           // at most so many bytes a read, 0 for no limit
	every   time.Duration // how long to rest after each read
	allowed int           // bytes until the connection breaks, or unlimited
}

const unlimited = -1

// Open requests path as a browser's EventSource does, with header as additional
// names and values in turn, and returns when the response's headers have arrived.
// From then on, the stream reads the body.
func (p *Pair) Open(path string, header ...string) *Stream {
	p.tb.Helper()
	r := p.request(http.MethodGet, path, nil)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Cache-Control", "no-cache")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	s := &Stream{pair: p, done: make(chan struct{}), pace: pace{allowed: unlimited}}
	s.changed = sync.NewCond(&s.mu)
	ctx, cancel := context.WithCancel(context.Background())
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) { s.conn = beneathTLS(i.Conn).(breakable) },
	})
	s.request, s.cancel = r.WithContext(ctx), cancel
	var id string
	id, s.exchange = p.origin.expect()
	s.request.Header.Set(streamHeader, id)
	s.connect()
	p.streams = append(p.streams, s)
	go s.read()
	return s
}

// beneathTLS is the connection that was dialled.
func beneathTLS(c net.Conn) net.Conn {
	if secure, ok := c.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return c
}

// connect waits for the response's headers.
func (s *Stream) connect() {
	s.pair.tb.Helper()
	name := s.request.Method + " " + s.request.URL.RequestURI()
	defer step.OnHang(s.pair.tb, func() (string, []string) {
		return "the client of " + name + " is still waiting for a status line: in a browser, onopen never fires",
			[]string{"handler     " + s.exchange.where(), s.pair.again(s.request)}
	})()
	resp, err := s.pair.Client.Do(s.request)
	if err != nil {
		s.cancel()
		s.pair.fail("no stream was opened: there was no response to "+name, s.request, err)
	}
	s.response = resp
}

// Status returns the response's status code.
func (s *Stream) Status() int { return s.response.StatusCode }

// Header returns the response's header.
func (s *Stream) Header() http.Header { return s.response.Header }

// Received returns what the client has read of the body so far; in a bubble, after
// synctest.Wait, that is everything there is to read.
func (s *Stream) Received() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.received)
}

// Flushes returns the server's flushes so far. It does not count when net/http
// sends a buffer on its own, because it is full or the handler returns.
func (s *Stream) Flushes() []Flush { return s.exchange.flushed() }

// Leave makes the client cancel its request, as a browser does when its page is
// closed. It does not wait for the server to notice: see WaitHandler.
func (s *Stream) Leave() {
	s.cancel()
	s.change(func() { s.left = true })
}

// Cut breaks the connection at once: both sides see a reset, and what is on the
// way is lost. On HTTP/2 the connection's other streams break as well.
func (s *Stream) Cut() { s.CutAfter(0) }

// CutAfter breaks the connection as soon as the client has read this many more
// bytes of the body, so it can end in the middle of an event. Everything after
// these bytes is lost, even if it is on the way.
func (s *Stream) CutAfter(bytes int) {
	s.change(func() { s.allowed = bytes })
	if bytes == 0 {
		s.conn.cut()
	}
}

// Pause makes the client stop reading. Bytes that it has read but not yet recorded
// at that moment count as unread.
func (s *Stream) Pause() { s.change(func() { s.paused = true }) }

// Resume undoes Pause and Throttle.
func (s *Stream) Resume() { s.change(func() { s.paused, s.size, s.every = false, 0, 0 }) }

// Throttle makes the client read at most this many bytes at a time, and rest for
// every after each read.
func (s *Stream) Throttle(bytes int, every time.Duration) {
	s.change(func() { s.size, s.every = bytes, every })
}

func (s *Stream) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.changed.Broadcast()
}
