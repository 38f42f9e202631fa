package heartbeats_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	heartbeats "example.com/sseworkbook/lessons/09-heartbeats"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

func TestMain(m *testing.M) { step.Main(m) }

// interval is the interval of most heartbeats here.
const interval = 15 * time.Second

// protocols are the ones that a server of streams has to handle.
var protocols = []struct {
	name string
	opts []pair.Option
}{
	{"HTTP/1.1", nil},
	{"HTTP/2", []pair.Option{pair.HTTP2()}},
}

// onEach runs f on each protocol, in a bubble.
func onEach(t *testing.T, f func(t *testing.T, over string, opts []pair.Option)) {
	t.Helper()
	for _, over := range protocols {
		step.Bubble(t, func(t *testing.T) { f(t, over.name, over.opts) })
	}
}

// visit opens a stream whose handler, with heartbeats, is f. It is for use in a bubble.
func visit(t *testing.T, f http.HandlerFunc, opts ...pair.Option) *pair.Stream {
	p := pair.Memory(t, heartbeats.Handler(f, interval), opts...)
	stream := p.Open("/events")
	synctest.Wait()
	return stream
}

// stays returns a handler that opens a stream, calls f with it, and stays until the
// client leaves.
func stays(f func(s *flushing.Stream)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s, err := flushing.Open(w, r); err == nil {
			f(s)
		}
		<-r.Context().Done()
	}
}

// beats returns how many heartbeats, which are empty comments, a client has received.
func beats(received string) int { return len(heartbeat.FindAllString(received, -1)) }

var heartbeat = regexp.MustCompile(`(?m)(^|\r): $`)

// A link is a ResponseWriter whose client can stop reading. It is for use in a bubble.
type link struct {
	header http.Header
	stuck  atomic.Bool // the client does not read
	writes atomic.Int32
	using  atomic.Int32
	most   atomic.Int32 // how many calls there were at once

	mu       sync.Mutex
	fails    error // what each Write returns, if it is not nil
	unsent   error // what each flush returns
	part     int   // if not 0: how much the next Write takes before it fails
	text     strings.Builder
	deadline time.Time
	freed    chan struct{}   // closed when the client reads again
	set      []time.Duration // what each SetWriteDeadline set, from then on; -1: none
}

func newLink() *link { return &link{header: http.Header{}, freed: make(chan struct{})} }

func (l *link) Header() http.Header { return l.header }
func (l *link) WriteHeader(int)     {}

func (l *link) Write(p []byte) (int, error) {
	l.writes.Add(1)
	defer l.use()()
	l.mu.Lock()
	deadline, fails := l.deadline, l.fails
	l.mu.Unlock()
	if fails != nil {
		return 0, fails
	}
	if l.stuck.Load() {
		var late <-chan time.Time
		if !deadline.IsZero() {
			late = time.After(time.Until(deadline))
		}
		select {
		case <-late:
			return 0, os.ErrDeadlineExceeded
		case <-l.freed:
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if part := l.part; part > 0 {
		l.part = 0
		l.text.Write(p[:part])
		return part, io.ErrShortWrite
	}
	return l.text.Write(p)
}

// takeOnly makes the next Write take n bytes and fail.
func (l *link) takeOnly(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.part = n
}

func (l *link) FlushError() error {
	defer l.use()()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unsent
}

func (l *link) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = t
	if t.IsZero() {
		l.set = append(l.set, -1)
	} else {
		l.set = append(l.set, time.Until(t))
	}
	return nil
}

// use counts a call that is running, and lets others run meanwhile.
func (l *link) use() (done func()) {
	now := l.using.Add(1)
	l.most.Store(max(now, l.most.Load()))
	for range 10 {
		runtime.Gosched()
	}
	return func() { l.using.Add(-1) }
}

// fail makes each Write return err from now on.
func (l *link) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fails = err
}

// failFlush makes each flush return err from now on.
func (l *link) failFlush(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unsent = err
}

func (l *link) received() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serve calls a handler with l, and returns a function that ends its request and waits.
func (l *link) serve(t *testing.T, h http.HandlerFunc) (leave func()) {
	ctx, cancel := context.WithCancel(context.Background())
	r, _ := http.NewRequestWithContext(ctx, "GET", "/events", nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		heartbeats.Handler(h, interval).ServeHTTP(l, r)
	}()
	synctest.Wait()
	leave = func() {
		cancel()
		<-done
	}
	t.Cleanup(leave)
	return leave
}

// A peer is the other side of a client's connection: it answers as f says, and sends
// what its test writes. It is an http.RoundTripper, and honours the request's context.
type peer struct {
	contentType string
	silent      bool // it never answers
	fails       error
	body        *io.PipeWriter
	closed      atomic.Bool // the client has closed the body
	gone        atomic.Bool // the request's context has ended
}

func (p *peer) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.fails != nil {
		return nil, p.fails
	}
	if p.silent {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	reader, writer := io.Pipe()
	p.body = writer
	context.AfterFunc(r.Context(), func() {
		p.gone.Store(true)
		writer.CloseWithError(r.Context().Err())
	})
	return &http.Response{
		StatusCode: 200, Request: r, Body: &peerBody{reader, p},
		Header: http.Header{"Content-Type": {cmp.Or(p.contentType, "text/event-stream")}},
	}, nil
}

type peerBody struct {
	*io.PipeReader
	peer *peer
}

func (b *peerBody) Close() error {
	b.peer.closed.Store(true)
	return b.PipeReader.Close()
}

// A reading is what a client has read so far.
type reading struct {
	start time.Time
	text  atomic.Pointer[string]
	ended chan struct{} // closed with the body
	err   error         // then: its error
	after time.Duration // then: when
}

// read reads a body on a goroutine of its own, as long as there is something.
func read(body io.Reader) *reading {
	r := &reading{start: time.Now(), ended: make(chan struct{})}
	r.text.Store(new(string))
	go func() {
		defer close(r.ended)
		buffer := make([]byte, 1024)
		for r.err == nil {
			var n int
			n, r.err = body.Read(buffer)
			text := *r.text.Load() + string(buffer[:n])
			r.text.Store(&text)
		}
		r.after = time.Since(r.start)
	}()
	return r
}

// state says whether the body has ended, and how.
func (r *reading) state() string {
	synctest.Wait()
	select {
	case <-r.ended:
		return "ended after " + r.after.String() + ": " + kind(r.err)
	default:
		return "still open"
	}
}

// kind says which error err is.
func kind(err error) string {
	idle, ok := errors.AsType[*heartbeats.IdleError](err)
	switch {
	case ok:
		return "IdleError after " + idle.After.String()
	case err == nil:
		return "no error"
	case errors.Is(err, context.Canceled):
		return "context.Canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "context.DeadlineExceeded"
	case err == io.EOF:
		return "io.EOF"
	}
	return err.Error()
}
