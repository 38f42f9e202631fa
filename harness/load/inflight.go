package load

import "sync"

// inFlight are the requests that are on their way: who is to hear of which, and
// whether they have. It is safe for concurrent use.
type inFlight struct {
	mu       sync.Mutex // guards requests
	requests map[int64]*request
}

// A request is one of them.
type request struct {
	session string // who is asked
	heard   bool
	why     string // what the client knows of why its answer did not arrive, or ""
}

// start has request n begin, which the client of session is to hear of.
func (f *inFlight) start(n int64, session string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests[n] = &request{session: session}
}

// hear takes note that the client of session has heard of request n. It returns what is wrong
// with that, or "".
func (f *inFlight) hear(n int64, session string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r := f.requests[n]; {
	case r == nil:
		return "a request that no one is waiting for"
	case r.session != session:
		return "a request meant for another client"
	case r.heard:
		return "the same request again"
	default:
		r.heard = true
		return ""
	}
}

// refused takes note of why the answer to request n did not arrive.
func (f *inFlight) refused(n int64, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.requests[n]; r != nil {
		r.why = why
	}
}

// end ends request n, and reports whether its client has heard of it, and what it
// knows of why its answer did not arrive.
func (f *inFlight) end(n int64) (heard bool, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.requests[n]
	delete(f.requests, n)
	return r.heard, r.why
}
