package tour

import (
	"cmp"
	"encoding/json"
	"net/http"

	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// A postLog is a two-way client's transport. It tells of each response that the
// client posts: before it goes, and when the server has said something to it.
// Both are called from several goroutines at once, and either may be nil.
type postLog struct {
	next  http.RoundTripper // nil: the default one
	going func(correlation.Response)
	taken func(correlation.Response, *http.Response)
}

// RoundTrip implements [http.RoundTripper].
func (c *postLog) RoundTrip(r *http.Request) (*http.Response, error) {
	next := cmp.Or(c.next, http.DefaultTransport)
	if r.Method != http.MethodPost {
		return next.RoundTrip(r)
	}
	letter, err := read(r)
	if err != nil {
		return nil, err
	}
	if c.going != nil {
		c.going(letter)
	}
	answer, err := next.RoundTrip(r)
	if err == nil && c.taken != nil {
		c.taken(letter, answer)
	}
	return answer, err
}

// read returns the response that r is to deliver, and leaves r as it was.
func read(r *http.Request) (letter correlation.Response, err error) {
	body, err := r.GetBody()
	if err != nil {
		return letter, err
	}
	defer body.Close()
	return letter, json.NewDecoder(body).Decode(&letter)
}
