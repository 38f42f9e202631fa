package pair

import (
	"context"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A server is an httptest.Server with a client that reaches it, and what the
// pair knows of the requests it serves.
type server struct {
	test    *httptest.Server
	client  *http.Client
	handler http.Handler
	log     *serverLog
	trace   *trace // nil where none is wanted

	ended  context.Context // over once the pair closes
	cancel context.CancelFunc

	mu       sync.Mutex           // guards what follows; held for moments only
	streams  int                  // how many were expected so far
	expected map[string]*exchange // by streamHeader, until the request comes
	active   map[*exchange]bool   // those whose handler runs
	conns    []breakable          // the client's
}

func newServer(h http.Handler, o options, t *trace) *server {
	s := &server{
		handler:  h,
		log:      new(serverLog),
		trace:    t,
		expected: make(map[string]*exchange),
		active:   make(map[*exchange]bool),
	}
	s.ended, s.cancel = context.WithCancel(context.Background())
	s.test = httptest.NewUnstartedServer(s)
	s.test.Config.ErrorLog = log.New(s.log, "", 0)
	dial := s.listen(o)
	for _, configure := range o.configure {
		configure(s.test.Config)
	}
	if o.http2 {
		s.test.EnableHTTP2 = true
		s.test.StartTLS()
	} else {
		s.test.Start()
	}
	s.client = s.test.Client()
	s.client.Transport.(*http.Transport).DialContext = s.remember(dial)
	return s
}

// listen puts an in-memory listener in the place of httptest's own if asked to,
// and returns what can dial it.
func (s *server) listen(o options) dialer {
	if !o.memory {
		return dialTCP
	}
	_ = s.test.Listener.Close()
	l := newMemoryListener(o.bufferSize)
	s.test.Listener = l
	return l.dial
}

// remember dials with dial and keeps the connection, so that it can be cut.
func (s *server) remember(dial dialer) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, _, addr string) (net.Conn, error) {
		c, err := dial(ctx, addr)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.conns = append(s.conns, c)
		return c, nil
	}
}

// expect returns the exchange that the request with that header will get.
func (s *server) expect() (header string, x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams++
	header, x = strconv.Itoa(s.streams), newExchange()
	s.expected[header] = x
	return header, x
}

// ServeHTTP hands the request on to the pair's handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.begin(r)
	defer s.finish(x)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.ended, cancel)()
	x.serve(s.handler, w, r.WithContext(ctx))
}

func (s *server) begin(r *http.Request) *exchange {
	header := r.Header.Get(streamHeader)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended.Err() != nil {
		panic(http.ErrAbortHandler) // came in while the server was closing
	}
	x, expected := s.expected[header]
	if expected {
		delete(s.expected, header)
		r.Header.Del(streamHeader) // a proxy, which expects nothing, passes it on
	} else {
		x = newExchange()
	}
	s.active[x] = true
	return x
}

// finish notes how the handler ended before anybody is told that it did.
func (s *server) finish(x *exchange) {
	if line := x.panicked(); line != "" {
		s.log.add(line)
		s.trace.panicked(line)
	}
	s.mu.Lock()
	delete(s.active, x)
	s.mu.Unlock()
	x.finish()
}

// cut breaks all connections.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.cut()
	}
}

// end closes the listener and all connections and cancels the context of each
// request. It waits for nothing.
func (s *server) end() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.client.CloseIdleConnections()
	_ = s.test.Config.Close()
}

// stuck waits for the handlers, for all of them together at most limit, and
// returns one that has not returned, or nil.
func (s *server) stuck(limit time.Duration) *exchange {
	passed := time.After(limit)
	for _, x := range s.running() {
		select {
		case <-x.done:
		case <-passed:
			return x
		}
	}
	return nil
}

// whereabouts says for a few of the running handlers where they are.
func (s *server) whereabouts() []string {
	const few = 3
	var lines []string
	for _, x := range s.running() {
		if len(lines) < few {
			lines = append(lines, "handler     of "+x.name()+": "+x.where())
		}
	}
	return lines
}

func (s *server) running() []*exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.active))
}
