package flushing_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	flushing "example.com/sseworkbook/lessons/02-flushing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 2: other people's requests and ResponseWriters.

// In a ServeMux, "GET /events" matches HEAD as well. What a handler writes to a HEAD goes
// nowhere, without an error, so a stream for one never ends by a failed Send. On HTTP/1.1
// it holds the connection, too: the next request on it, a proxy's perhaps for another
// client, waits until the handler returns.
func TestAHeadRequestGetsTheHeadersAlone(t *testing.T) {
	defer step.Begin(t)()
	for _, protocol := range []struct {
		name string
		opts []pair.Option
	}{{"HTTP/1.1", nil}, {"HTTP/2", []pair.Option{pair.HTTP2()}}} {
		opened := make(chan error, 4) // what Open returned
		p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, err := flushing.Open(w, r)
			opened <- err
			if err == nil {
				s.Send(framing.Event{Data: "to " + r.RemoteAddr})
			}
		}), protocol.opts...)
		first := p.Get("/events")
		step.Equal(t, protocol.name+", GET: Open returned an error", nil, <-opened)

		request, err := http.NewRequest(http.MethodHead, p.URL+"/events", nil)
		step.Equal(t, "the test made a request that is not one", nil, err)
		response, err := p.Do(request), <-opened
		if err == nil {
			step.Fail(t, protocol.name+", HEAD: Open returned a Stream. Nothing sent on it arrives or fails, and its connection's next request waits for the handler",
				"got  nil", "want an error that wraps http.ErrBodyNotAllowed")
		}
		wantRefused(t, protocol.name+", HEAD: Open's error must say that a HEAD gets no body (http.ErrBodyNotAllowed)", http.ErrBodyNotAllowed, err)
		step.Equal(t, protocol.name+", HEAD: the client asked for the headers that a GET gets, but these differ",
			headers(first), headers(response))
		step.Equal(t, protocol.name+", a GET after the HEAD, on the same connection: it must be answered like the one before",
			first.Body, p.Get("/events").Body)
		step.Equal(t, protocol.name+", a POST on the same connection, as MCP's clients open their streams: it must be answered like a GET",
			first.Body, p.Post("/events", "application/json", "{}").Body)
	}
}

// Middleware wraps the ResponseWriter. The type assertion w.(http.Flusher) then looks
// at the wrapper, which cannot flush, and no further.
func TestAWrappedResponseWriterStillFlushes(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		client := visitThrough(t, pair.Logging, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "hello"})
		})
		step.Equal(t, "behind logging middleware, whose ResponseWriter has Unwrap and no Flush, the client must get a 200 and the event",
			"200 hello", fmt.Sprint(client.Status(), " ", heard(client)))
	})
}

// A stream that stays silent looks like a stream without news. An error can be seen.
func TestAWriterThatCannotFlushGetsA500(t *testing.T) {
	defer step.Begin(t)()
	var err error
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, err = flushing.Open(w, r) })

	status := pair.TCP(t, handler).Get("/events").Status
	step.Equal(t, "a ResponseWriter that can flush must get a 200, and Open no error", "200 <nil>", fmt.Sprint(status, " ", err))
	p := pair.TCP(t, pair.HideFlusher(handler))
	if response := p.Get("/events"); response.Status != http.StatusInternalServerError {
		step.Fail(t, "a ResponseWriter that cannot flush: the client must get a 500, not a 200 without a stream",
			fmt.Sprintf("got    %d, and the body %q", response.Status, response.Body), "want   500",
			"server "+cmp.Or(strings.TrimSpace(p.ServerLog()), "has logged nothing"))
	}
	wantRefused(t, "the client got its 500, but Open's error does not tell the handler that the writer cannot stream (http.ErrNotSupported): the handler may go on sending",
		http.ErrNotSupported, err)
}
