package load

import "sync"

// flights are the requests that are on their way: who is to hear of which, and
// whether they have. The zero value is ready to use. It is safe for concurrent
// use.
type flights struct {
	mu sync.Mutex // guards the rest
	up map[int64]*flight
}

// A flight is one request's.
type flight struct {
	client int // who is asked
	heard  bool
	why    string // what the client knows of why its answer did not arrive, or ""
}

// start has request n begin, which client is to hear of.
func (f *flights) start(n int64, client int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.up == nil {
		f.up = map[int64]*flight{}
	}
	f.up[n] = &flight{client: client}
}

// hear takes note that a client has heard of request n. It returns what is wrong
// with that, or "".
func (f *flights) hear(n int64, client int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch flight := f.up[n]; {
	case flight == nil:
		return "a request that nobody waits for any more"
	case flight.client != client:
		return "a request that was meant for another client"
	case flight.heard:
		return "the same request again"
	default:
		flight.heard = true
		return ""
	}
}

// refused takes note of why the answer to request n did not arrive.
func (f *flights) refused(n int64, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if flight := f.up[n]; flight != nil {
		flight.why = why
	}
}

// end ends request n, and reports whether its client has heard of it, and what it
// knows of why its answer did not arrive.
func (f *flights) end(n int64) (heard bool, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	flight := f.up[n]
	delete(f.up, n)
	return flight.heard, flight.why
}
