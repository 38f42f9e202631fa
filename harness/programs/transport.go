package programs

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"time"

	correlation "example.com/sseworkbook/solutions/05-correlation"
	heartbeats "example.com/sseworkbook/solutions/09-heartbeats"
)

// A transport is a [http.RoundTripper] that is a function.
type transport func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// around returns a client like c that sends each request by send, which gets the
// transport of c.
func around(c *http.Client, send func(r *http.Request, next http.RoundTripper) (*http.Response, error)) *http.Client {
	copied := *c
	next := cmp.Or(c.Transport, http.DefaultTransport)
	copied.Transport = transport(func(r *http.Request) (*http.Response, error) { return send(r, next) })
	return &copied
}

// limited returns a client like c that gives up a stream on which nothing comes for so
// long. With zero, it is c.
func limited(c *http.Client, idle time.Duration) *http.Client {
	if idle == 0 {
		return c
	}
	copied := *c
	copied.Transport = &heartbeats.Transport{Base: c.Transport, Limit: idle}
	return &copied
}

// teeing returns a client like c whose response bodies are copied to w, at the
// moment that they are read.
func teeing(c *http.Client, w io.Writer) *http.Client {
	return around(c, func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(response.Body, w), response.Body}
		return response, nil
	})
}

// telling returns a client like c that tells of each response to a request that was
// posted and accepted. It calls accepted from several goroutines at once.
func telling(c *http.Client, accepted func(correlation.Response)) *http.Client {
	return around(c, func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		var posted correlation.Response
		if r.Method == http.MethodPost {
			body, err := r.GetBody()
			if err != nil {
				return nil, err
			}
			defer body.Close()
			if err := json.NewDecoder(body).Decode(&posted); err != nil {
				return nil, err
			}
		}
		answer, err := next.RoundTrip(r)
		if err == nil && answer.StatusCode == http.StatusAccepted {
			accepted(posted)
		}
		return answer, err
	})
}
