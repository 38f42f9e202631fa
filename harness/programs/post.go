package programs

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
)

// PostJSON posts v as JSON. The caller closes the answer's body.
func PostJSON(ctx context.Context, c *http.Client, url string, v any) (*http.Response, error) {
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
