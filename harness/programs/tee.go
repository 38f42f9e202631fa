package programs

import (
	"io"
	"net/http"
)

// A tee is a transport that copies the body of each response to w, at the moment
// that it is read.
type tee struct {
	next http.RoundTripper
	w    io.Writer
}

// teeing returns a client like c whose response bodies are copied to w.
func teeing(c *http.Client, w io.Writer) *http.Client {
	copied := *c
	copied.Transport = tee{c.Transport, w}
	return &copied
}

// RoundTrip implements [http.RoundTripper].
func (t tee) RoundTrip(r *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body := response.Body
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(body, t.w), body}
	return response, nil
}
