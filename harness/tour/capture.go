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

// bodyLimit is how much of a body a capture holds. The bodies of the second act
// are much smaller.
const bodyLimit = 64 << 10

// A capture is the transport of one party of the second act. It hands on the
// bytes of each request, and of each response that is no event stream; of one
// that is, the head, and the body as it is read.
type capture struct {
	next           http.RoundTripper
	sent, received func(wire string)
	stream         io.Writer
}

// RoundTrip implements [http.RoundTripper].
func (t *capture) RoundTrip(r *http.Request) (*http.Response, error) {
	t.sent(requestText(r))
	response, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if response.Header.Get("Content-Type") == "text/event-stream" {
		t.received(headText(response))
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(response.Body, t.stream), response.Body}
		return response, nil
	}
	text, err := wholeText(response)
	t.received(text)
	return response, err
}

// requestText returns the bytes of a request, with its body where that can be
// read a second time.
func requestText(r *http.Request) string {
	var wire bytes.Buffer
	c := r.Clone(context.Background())
	c.Body, c.ContentLength = nil, 0
	if r.GetBody != nil {
		if body, err := r.GetBody(); err == nil {
			c.Body, c.ContentLength = body, r.ContentLength
		}
	}
	_ = c.Write(&wire) // to memory
	return wire.String()
}

// headText returns the bytes of a response's head, its fields sorted by name.
func headText(r *http.Response) string {
	var wire strings.Builder
	fmt.Fprintf(&wire, "%s %s\r\n", r.Proto, r.Status)
	_ = r.Header.Write(&wire) // to memory
	wire.WriteString("\r\n")
	return wire.String()
}

// wholeText returns the bytes of a response, whose body can still be read after that.
func wholeText(r *http.Response) (string, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit))
	r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	return headText(r) + string(body), err
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
