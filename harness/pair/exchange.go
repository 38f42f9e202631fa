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
	done chan struct{} // closed when the handler has returned, and all is noted

	mu        sync.Mutex // guards what follows; held for moments only
	request   string     // "GET /events"
	goroutine int64      // id of the handler's goroutine; zero before it is called
	returned  bool       // since only the bubble of done may look at it
	written   int
	flushes   []Flush
	panicAt   string // "the handler of … panicked: …", or empty
	heldTold  bool   // a trace has what the handler holds back
}

func newExchange() *exchange { return &exchange{done: make(chan struct{})} }

// serve runs the handler h for this exchange, on the request's goroutine. Its
// caller calls finish when all is noted.
func (x *exchange) serve(h http.Handler, w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	x.request = r.Method + " " + r.URL.RequestURI()
	x.goroutine = inspect.Self()
	x.mu.Unlock()
	defer x.recovered()
	h.ServeHTTP(&recorder{ResponseWriter: w, exchange: x}, r)
}

// finish tells those who wait that the handler has returned.
func (x *exchange) finish() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.returned = true
	close(x.done)
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
		x.mu.Lock()
		x.panicAt = fmt.Sprintf("the handler of %s panicked: %v, at %s", x.request, v, line)
		x.mu.Unlock()
	}
	panic(http.ErrAbortHandler)
}

// flushed returns the flushes so far.
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
	id, returned := x.goroutine, x.returned
	x.mu.Unlock()
	switch {
	case id == 0:
		return "it was not called"
	case returned:
		return "it returned"
	}
	return "it waits at " + goroutineLine(id)
}

// name is "GET /events".
func (x *exchange) name() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request
}

// held says, once, what the handler has written and not flushed; "" if there is
// nothing.
func (x *exchange) held() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	flushed := 0
	if n := len(x.flushes); n > 0 {
		flushed = x.flushes[n-1].Bytes
	}
	if x.written == flushed || x.heldTold {
		return ""
	}
	x.heldTold = true
	if n := x.written - flushed; n > 1 {
		return fmt.Sprintf("the handler of %s wrote %d bytes that it did not flush", x.request, n)
	}
	return fmt.Sprintf("the handler of %s wrote 1 byte that it did not flush", x.request)
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
	w.exchange.mu.Lock()
	defer w.exchange.mu.Unlock()
	w.exchange.written += n
	return n, err
}

// Flush is http.Flusher: like net/http's, it does not say what went wrong.
func (w *recorder) Flush() { _ = w.FlushError() }

// FlushError flushes. It is recorded first, so that a client that has seen the
// bytes finds the flush recorded.
func (w *recorder) FlushError() error {
	x := w.exchange
	x.mu.Lock()
	x.flushes = append(x.flushes, Flush{At: time.Now(), Bytes: x.written})
	x.mu.Unlock()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets an http.ResponseController find net/http's own ResponseWriter.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
