package tour

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// bodyLimit is how much of a body a tap holds. The bodies of the second act are
// much smaller.
const bodyLimit = 64 << 10

// A tap is the transport of one party of the second act, which hands on all that
// passes: each request before it goes, and each response when it has come. Of an
// event stream, that is the head; stream has the body, as far as it was read.
type tap struct {
	ctx            context.Context // the act's: nothing is handed on after its end
	next           http.RoundTripper
	sent, received chan passed
	stream         frames
}

// passed is a request or a response that was seen passing.
type passed struct {
	wire   string // its bytes
	body   []byte
	code   int    // of a response: 504
	status string // and in words: "504 Gateway Timeout"
	err    error  // why there is no response
}

// newTap returns a tap that nothing has passed yet.
func newTap(ctx context.Context, next http.RoundTripper) *tap {
	return &tap{ctx: ctx, next: next, sent: make(chan passed, 8), received: make(chan passed, 8)}
}

// RoundTrip implements [http.RoundTripper].
func (t *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	request, r := seeRequest(r)
	put(t.ctx, t.sent, request)
	response, err := t.next.RoundTrip(r)
	if err != nil {
		put(t.ctx, t.received, passed{err: err})
		return nil, err
	}
	put(t.ctx, t.received, t.seeResponse(response))
	return response, nil
}

// seeRequest returns what a request is, and one like it that can still be sent.
func seeRequest(r *http.Request) (passed, *http.Request) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body) // of the client's own, from memory
		r.Body.Close()
	}
	again := func() *http.Request {
		c := r.Clone(r.Context())
		if r.Body != nil {
			c.Body = io.NopCloser(bytes.NewReader(body))
		}
		return c
	}
	var wire strings.Builder
	_ = again().Write(&wire) // to memory
	return passed{wire: wire.String(), body: body}, again()
}

// seeResponse returns what a response is, whose body can still be read after that.
func (t *tap) seeResponse(r *http.Response) passed {
	var wire strings.Builder // the fields of the head are sorted by name
	fmt.Fprintf(&wire, "%s %s\r\n", r.Proto, r.Status)
	_ = r.Header.Write(&wire) // to memory
	wire.WriteString("\r\n")
	seen := passed{code: r.StatusCode, status: r.Status}
	if r.Header.Get("Content-Type") == "text/event-stream" {
		teeBody(r, &t.stream)
	} else {
		seen.body, seen.err = io.ReadAll(io.LimitReader(r.Body, bodyLimit))
		r.Body.Close()
		r.Body = io.NopCloser(bytes.NewReader(seen.body))
		wire.Write(seen.body)
	}
	seen.wire = wire.String()
	return seen
}

// teeBody has the body of a response copied to w as it is read.
func teeBody(r *http.Response, w io.Writer) {
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(r.Body, w), r.Body}
}

// frames is what was read of an event stream and is not on show yet. It is safe
// for concurrent use.
type frames struct {
	mu   sync.Mutex // guards text
	text []byte
}

// Write implements [io.Writer], and never fails.
func (f *frames) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text = append(f.text, p...)
	return len(p), nil
}

// next returns the frame of the next event, and the comments before it.
func (f *frames) next() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	end := 0
	for frame := range bytes.SplitAfterSeq(f.text, []byte("\n\n")) {
		end += len(frame)
		if bytes.HasPrefix(frame, []byte("data:")) || bytes.Contains(frame, []byte("\ndata:")) {
			break
		}
	}
	text := string(f.text[:end])
	f.text = f.text[end:]
	return text
}

// put sends v, unless ctx ends.
func put[T any](ctx context.Context, to chan<- T, v T) {
	select {
	case to <- v:
	case <-ctx.Done():
	}
}

// take receives a value, unless ctx ends.
func take[T any](ctx context.Context, from <-chan T) (v T, err error) {
	select {
	case v = <-from:
		return v, nil
	case <-ctx.Done():
		return v, fmt.Errorf("nothing came: %w", context.Cause(ctx))
	}
}
