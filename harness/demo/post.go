package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// postJSON posts v as JSON. The caller closes the answer's body.
func postJSON(ctx context.Context, c *http.Client, url string, v any) (*http.Response, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	return c.Do(r)
}

// detail returns what a problem says of itself; of anything else, nothing.
func detail(r *http.Response) string {
	var problem sessions.Problem
	if r.Header.Get("Content-Type") != "application/problem+json" || json.NewDecoder(r.Body).Decode(&problem) != nil {
		return ""
	}
	return problem.Detail
}
