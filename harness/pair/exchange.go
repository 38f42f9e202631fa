package pair

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"example.com/sseworkbook/harness/inspect"
)

// streamHeader ties a request at the server to the client's Stream. The server
// takes it off before the handler sees the request.
const streamHeader = "Sseworkbook-Pair-Stream"

// Flush is one flush by the server.
type Flush struct {
	At    time.Time // when it began
	Bytes int       // how many body bytes the handler had written by then
}

// exchange is the server's side of one request: what its handler wrote and
// flushed, whether it runs, and how it panicked, if it did.
type exchange struct {
	mu        sync.Mutex // guards what follows; held for moments only
	changed   *sync.Cond // broadcast when state or expired changes
	request   string     // "GET /events"
	goroutine int64      // id of the handler's goroutine
	state     handlerState
	expired   bool // the one who waits for the handler gives up
	written   int
	flushes   []Flush
	panicAt   string // "the handler of … panicked: …", or empty
}

type handlerState int

const (
	notStarted handlerState = iota
	running
	returned
)

func newExchange() *exchange {
	x := new(exchange)
	x.changed = sync.NewCond(&x.mu)
	return x
}

// serve runs the handler h for this exchange, on the request's goroutine. Its
// caller sets the state when all is noted.
func (x *exchange) serve(h http.Handler, w http.ResponseWriter, r *http.Request) {
	x.change(func() {
		x.request = r.Method + " " + r.URL.RequestURI()
		x.goroutine = inspect.Self()
		x.state = running
	})
	defer x.recovered()
	h.ServeHTTP(&recorder{ResponseWriter: w, exchange: x}, r)
}

func (x *exchange) change(f func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f()
	x.changed.Broadcast()
}

// recovered keeps a panic as one line and lets the response end as net/http
// ends it after any panic, without the dump.
func (x *exchange) recovered() {
	v := recover()
	if v == nil {
		return
	}
	if v != http.ErrAbortHandler {
		line := panicLine(debug.Stack())
		x.change(func() { x.panicAt = fmt.Sprintf("the handler of %s panicked: %v, at %s", x.request, v, line) })
	}
	panic(http.ErrAbortHandler)
}

// wait waits for the handler to return, at most for limit if that is positive.
// One goroutine at a time may wait.
func (x *exchange) wait(limit time.Duration) (ok bool) {
	x.change(func() { x.expired = false })
	if limit > 0 {
		timer := time.AfterFunc(limit, func() {
			x.change(func() { x.expired = true })
		})
		defer timer.Stop()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.state != returned && !x.expired {
		x.changed.Wait()
	}
	return x.state == returned
}

func (x *exchange) flushing() {
	x.change(func() { x.flushes = append(x.flushes, Flush{At: time.Now(), Bytes: x.written}) })
}

func (x *exchange) flushed() []Flush {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.flushes)
}

// panicked is the sentence about the handler's panic, or empty.
func (x *exchange) panicked() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.panicAt
}

// where says what the handler is doing, "it waits at sessions.go:71 (select)".
func (x *exchange) where() string {
	x.mu.Lock()
	state, id := x.state, x.goroutine
	x.mu.Unlock()
	switch state {
	case notStarted:
		return "it has not been called"
	case returned:
		return "it has returned"
	}
	return "it waits at " + goroutineLine(id)
}

// name is "GET /events".
func (x *exchange) name() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request
}

// recorder is the innermost ResponseWriter, right on top of net/http's own. It
// can flush in the old way, by a type assertion to http.Flusher, and in the new
// one, by an http.ResponseController, as net/http's can; for everything else
// there is Unwrap.
type recorder struct {
	http.ResponseWriter
	exchange *exchange
}

func (w *recorder) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.exchange.change(func() { w.exchange.written += n })
	return n, err
}

// Flush is http.Flusher: like net/http's, it does not say what went wrong.
func (w *recorder) Flush() { _ = w.FlushError() }

// FlushError flushes. It is recorded first, so that a client that has seen the
// bytes finds the flush recorded.
func (w *recorder) FlushError() error {
	w.exchange.flushing()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets an http.ResponseController find net/http's own ResponseWriter.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
