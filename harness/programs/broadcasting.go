package programs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"

	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
	backpressure "example.com/sseworkbook/solutions/10-backpressure"
)

// Broadcasting is what a server does with the events that go to all its clients.
type Broadcasting struct {
	Replay int    // how many are kept for clients that come back; zero: see the server
	Queue  string // what happens if a client is too slow for them: one of Queues; "": disconnect
}

// Queues are the names of lesson 10's policies.
var Queues = []string{"refuse", "oldest", "latest", "disconnect"}

// A broadcaster sends events to all sessions of a server. It is safe for concurrent use.
type broadcaster struct {
	*reconnection.Log
	sessions *sessions.Registry
	limit    *backpressure.Limit
}

// over returns the broadcaster for the sessions in registry, none of which is open yet.
func (b Broadcasting) over(registry *sessions.Registry) *broadcaster {
	limit := &backpressure.Limit{Key: keyOf}
	policies := map[string]sessions.Policy{
		"refuse": limit.Refuse, "oldest": limit.DropOldest, "latest": limit.KeepLatest, "disconnect": limit.Disconnect,
	}
	registry.Policy = policies[cmp.Or(b.Queue, "disconnect")]
	return &broadcaster{reconnection.NewLog(registry, b.Replay), registry, limit}
}

// keyOf returns what the latest event of a kind replaces: of notifications those with the
// same method, of ticks any.
func keyOf(frame []byte) string {
	event, _ := parsing.NewDecoder(bytes.NewReader(frame)).Decode()
	var message struct{ Method string }
	_ = json.Unmarshal([]byte(event.Data), &message) // a tick has no method
	return event.Type + " " + message.Method
}

// health is what GET /healthz says of a server's sessions and broadcasts.
type health struct {
	Sessions     int   `json:"sessions"`
	Pending      *int  `json:"pending,omitempty"` // requests without an answer
	Dropped      int64 `json:"dropped"`
	Replaced     int64 `json:"replaced"`
	Disconnected int64 `json:"disconnected"`
}

// healthz says how the server is. Pending may be nil.
func (b *broadcaster) healthz(pending func() int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		counts := b.limit.Counts()
		now := health{b.sessions.Len(), nil, counts.Dropped, counts.Replaced, counts.Disconnected}
		if pending != nil {
			n := pending()
			now.Pending = &n
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(now) // a client that has left needs no answer
	}
}
