package flushing_test

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	flushing "example.com/sseworkbook/lessons/02-flushing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 2: other people's ResponseWriters.

// Middleware wraps the ResponseWriter. The type assertion w.(http.Flusher) then looks
// at the wrapper, which cannot flush, and no further.
func TestAWrappedResponseWriterStillFlushes(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		client := visitThrough(t, pair.Logging, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "hello"})
		})
		step.Equal(t, "behind logging middleware, whose ResponseWriter has Unwrap and no Flush: the status, and what the client has understood by now",
			"200 hello", fmt.Sprint(client.Status(), " ", heard(client)))
	})
}

// A stream that is silent for ever looks like a stream without news. An error can be seen.
func TestAWriterThatCannotFlushGetsA500(t *testing.T) {
	defer step.Begin(t)()
	var err error
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, err = flushing.Open(w, r) })

	status := pair.TCP(t, handler).Get("/events").Status
	step.Equal(t, "a ResponseWriter that can flush: its status, and Open's error", "200 <nil>", fmt.Sprint(status, " ", err))
	p := pair.TCP(t, pair.Opaque(handler))
	if response := p.Get("/events"); response.Status != http.StatusInternalServerError {
		step.Fail(t, "a ResponseWriter that cannot flush: with a 200, the client waits for news that cannot come",
			fmt.Sprintf("got    %d, and the body %q", response.Status, response.Body), "want   500",
			"server "+cmp.Or(strings.TrimSpace(p.ServerLog()), "has logged nothing"))
	}
	if !errors.Is(err, http.ErrNotSupported) {
		step.Fail(t, "the client has its 500, and Open's error does not tell the handler why: it may go on, and send to nobody",
			fmt.Sprintf("got  %v", err), "want an error that wraps http.ErrNotSupported")
	}
}
