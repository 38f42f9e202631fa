package demo_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// A server, or a proxy, may close an idle connection at the very moment at which
// an answer is sent on it. The answer is sent again, on another one.
func TestAnAnswerIsNotLostWithTheConnectionThatWasIdle(t *testing.T) {
	var posts atomic.Int64
	answered := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		stream, err := flushing.Open(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		stream.Send(framing.Event{Type: "endpoint", Data: "answers"})
		for _, id := range []string{"1", "2"} {
			stream.Send(correlation.Request{JSONRPC: "2.0", ID: id, Method: "approve"}.Event())
			<-answered
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
		answered <- struct{}{}
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	client := cleanup.Client{
		URL:         server.URL + "/events",
		HTTP:        server.Client(),
		Handle:      func(context.Context, string, json.RawMessage) (any, error) { return true, nil },
		Undelivered: func(_ correlation.Response, err error) { t.Error(err); answered <- struct{}{} },
	}
	require.NoError(t, client.Run(t.Context()))
	require.EqualValues(t, 3, posts.Load())
}
