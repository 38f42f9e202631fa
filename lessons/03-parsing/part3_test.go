package parsing_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/lessons/03-parsing"
)

// Part 3, the connection.

// A browser takes status 200 with text/event-stream, and gives up for good on
// anything else. A login page is no event stream, and will never give an event.
func TestConnectTakesNothingButAnEventStream(t *testing.T) {
	defer step.Begin(t)()
	wantTaken(t, "text/event-stream")
	wantTaken(t, "text/event-stream; charset=utf-8")
	wantTaken(t, "Text/Event-Stream")
	wantRefusal(t, "a login page is no event stream: a decoder for it would never give an event", 200, "text/html; charset=utf-8")
	wantRefusal(t, "a type that only begins like it is no event stream", 200, "text/event-stream-not")
	wantRefusal(t, "204 is how a server tells a browser not to come back", 204, "text/event-stream")
	wantRefusal(t, "an error is no event stream, whatever its content type says", 500, "text/event-stream")

	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := connect(gone, t, &answer{}); !errors.Is(err, context.Canceled) {
		step.Fail(t, "the request was cancelled, and Connect does not say so", fmt.Sprintf("got  %v", err), "want an error that wraps context canceled")
	}

	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://sse.test/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, accept := range []string{"", "text/event-stream, application/problem+json"} {
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		a := &answer{status: http.StatusOK, contentType: "text/event-stream"}
		if source, err := parsing.Connect(&http.Client{Transport: a}, r); err == nil {
			source.Close()
		}
		step.Equal(t, "the request is its caller's, who may send it again: its Accept header after Connect", accept, r.Header.Get("Accept"))
		step.Equal(t, "a request with an Accept header of its own knows what it asks for: what was sent", cmp.Or(accept, "text/event-stream"), a.accept)
	}
}

// Whatever the bytes are, and wherever they are cut, the events are the same.
func FuzzEveryCutGivesTheSameEvents(f *testing.F) {
	defer step.Begin(f)()
	wantData(f, "the bytes that the fuzzing starts from have events", "\uFEFFdata: a\r\n\r\ndata: b\r\r", "a", "b")
	f.Add("\uFEFFdata: a\r\n\r\ndata: b\r\r", uint(2))
	f.Add("id: 5\r\ndata: a\r\ndata: \xe2\x82\xac\r\n\r\n", uint(6))
	f.Add("\uFEFF\r\nevent: e\n\rretry: 10\r\r\ndata", uint(4))
	f.Fuzz(func(t *testing.T, wire string, at uint) {
		defer step.Begin(t)()
		whole := read(t, strings.NewReader(wire))
		at %= uint(len(wire)) + 1
		step.Equal(t, "in two pieces the same bytes are other events"+wireLine(wire[:at], wire[at:]), whole, read(t, cut(wire, int(at))))
		step.Equal(t, "one at a time the same bytes are other events"+wireLine(wire), whole, read(t, iotest.OneByteReader(strings.NewReader(wire))))
	})
}
