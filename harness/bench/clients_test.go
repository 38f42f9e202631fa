package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// A stage is a server on a loopback port, with net/http's defaults.
type stage struct {
	addr     string
	server   *http.Server
	handlers sync.WaitGroup // those that have not returned
}

// newStage serves h until its close. Each new connection is given to accept first,
// if that is not nil.
func newStage(b *testing.B, h http.Handler, accept func(*net.TCPConn)) *stage {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	s := &stage{addr: listener.Addr().String()}
	s.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handlers.Add(1)
		defer s.handlers.Done()
		h.ServeHTTP(w, r)
	})}
	if accept != nil {
		s.server.ConnState = func(c net.Conn, state http.ConnState) {
			if state == http.StateNew {
				accept(c.(*net.TCPConn))
			}
		}
	}
	go s.server.Serve(listener) // ends with close
	return s
}

// close cuts all connections. It returns when each handler has returned, or after
// two seconds: a handler may hang.
func (s *stage) close() {
	s.server.Close()
	finish(s.handlers.Wait)
}

// finish returns when f does, or after two seconds. It reports which.
func finish(f func()) bool {
	done := make(chan struct{})
	go func() {
		f()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-time.After(2 * time.Second):
		return false
	}
}

// An audience is many clients of one server, each as cheap as a client can be: it
// reads into a large buffer and counts the events in it, by a byte that each of
// them has once. So it is the server that is measured.
type audience struct {
	size    int              // how many clients
	conns   []net.Conn       // those of the clients, and of others who were let in
	clients sync.WaitGroup   // the goroutines that listen
	events  atomic.Int64     // which all clients together have got
	passed  [64]atomic.Int64 // how many clients have got a chunk of events, by its number modulo 64
	heard   chan struct{}    // a value for each chunk that all clients have got
	lost    chan error       // has room for one: why a client gets nothing any more
	record  []byte           // what the first client has read, as far as there was room; for after leave
}

// newAudience connects size clients to the stream at path, and returns when each
// has got its headers and, in the body, greeting.
func newAudience(b *testing.B, s *stage, path, greeting string, size int) *audience {
	b.Helper()
	a := &audience{size: size, heard: make(chan struct{}, 64), lost: make(chan error, 1)}
	b.Cleanup(a.leave)
	for i := range size {
		welcome := a.enter(b, s, path, greeting)
		if i == 0 {
			a.record = append(make([]byte, 0, 1<<20), welcome...)
		}
	}
	for i, conn := range a.conns {
		a.clients.Go(func() { a.listen(conn, i == 0) })
	}
	return a
}

// enter opens one connection more, and returns what the server has said on it.
func (a *audience) enter(b *testing.B, s *stage, path, greeting string) []byte {
	b.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if errors.Is(err, syscall.EMFILE) {
		b.Skipf("it needs %d open files: see ulimit -n", 2*a.size+50)
	}
	require.NoError(b, err)
	a.conns = append(a.conns, conn)
	conn.SetDeadline(time.Now().Add(patience))
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", path)
	require.NoError(b, err)
	said := make([]byte, 0, 2048)
	for {
		n, err := conn.Read(said[len(said):cap(said)])
		said = said[:len(said)+n]
		if _, body, ok := strings.Cut(string(said), "\r\n\r\n"); ok && strings.Contains(body, greeting) {
			conn.SetDeadline(time.Time{})
			return said
		}
		require.NoError(b, err, "waiting for a stream to begin: %q", said)
	}
}

// listen reads until the connection ends.
func (a *audience) listen(conn net.Conn, record bool) {
	buffer := make([]byte, 32<<10)
	got := 0
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			select {
			case a.lost <- fmt.Errorf("a client was cut off: %w", err):
			default: // it is not the first
			}
			return
		}
		if record {
			a.record = append(a.record, buffer[:min(n, cap(a.record)-len(a.record))]...)
		}
		before := got / chunk
		events := bytes.Count(buffer[:n], oncePerEvent)
		got += events
		a.events.Add(int64(events))
		for n := before; n < got/chunk; n++ {
			a.pass(n)
		}
	}
}

// pass notes that one client more has got chunk n. The last one to get it says so;
// by then, each has got those before it.
func (a *audience) pass(n int) {
	passed := &a.passed[n%len(a.passed)]
	if passed.Add(1) == int64(a.size) {
		passed.Store(0)
		a.heard <- struct{}{}
	}
}

// await returns when all clients have got one chunk more, or with the reason why
// they do not.
func (a *audience) await(patience time.Duration) error {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-a.heard:
		return nil
	case err := <-a.lost:
		return err
	case <-timeout.C:
		return fmt.Errorf("some clients got nothing for %v", patience)
	}
}

// leave ends all clients. Leaving twice is fine.
func (a *audience) leave() {
	for _, conn := range a.conns {
		conn.Close()
	}
	a.clients.Wait()
}

// check reads the record of the first client as an HTTP client and a parser do, and
// fails if its events are not the data in want, over and over. Everybody has left.
func (a *audience) check(b *testing.B, want []string) {
	b.Helper()
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(a.record)), nil)
	require.NoError(b, err)
	defer response.Body.Close()
	got := 0
	for e, err := range parsing.NewDecoder(response.Body).Events() {
		if err != nil {
			break // the stream was cut, or there was no room for more of it
		}
		if bytes.Contains([]byte(e.Data), oncePerEvent) {
			require.Equal(b, want[got%len(want)], e.Data, "event %d of the first client", got)
			got++
		}
	}
	require.GreaterOrEqual(b, got, len(want), "events of the first client, of those that it has kept")
}
