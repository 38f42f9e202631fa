package programs_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// A server, or a proxy, may close an idle connection at the very moment at which
// an answer is sent on it. The answer is sent again, on another one.
func TestAnAnswerIsNotLostWithTheConnectionThatWasIdle(t *testing.T) {
	var posts atomic.Int64
	handled := make(chan struct{}, 1) // a value for each request that a Handle has
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		stream, err := flushing.Open(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		stream.Send(framing.Event{Type: "endpoint", Data: "answers"})
		for _, id := range []string{"1", "2", "last"} {
			request, err := correlation.Request{ID: id, Method: id}.Event()
			assert.NoError(t, err)
			stream.Send(request)
			<-handled
		}
	})
	mux.HandleFunc("POST /answers", func(w http.ResponseWriter, r *http.Request) {
		if posts.Add(1) == 2 { // the first one on a connection that was idle
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			conn.Close()
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	client := cleanup.Client{
		URL: server.URL + "/events",
		Answerer: timeouts.Answerer{
			Client: server.Client(),
			Limit:  1, // one answer at a time, delivered before the next request is handled
			Handle: func(_ context.Context, method string, _ json.RawMessage) (any, error) {
				if method == "last" {
					assert.EqualValues(t, 3, posts.Load(), "the first answer, and the second one twice")
				}
				handled <- struct{}{}
				return true, nil
			},
			OnUndelivered: func(response correlation.Response, err error) {
				if response.ID != "last" { // the stream may end before that one is sent
					t.Error(err)
				}
			},
		},
	}
	require.NoError(t, client.Run(t.Context()))
}
