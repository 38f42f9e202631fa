package flushing_test

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	flushing "example.com/sseworkbook/lessons/02-flushing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 1: it leaves the server.

// A browser's EventSource gives up for good on anything but text/event-stream.
func TestTheResponseIsAnEventStream(t *testing.T) {
	defer step.Begin(t)()
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		flushing.Open(w, r)
	}))
	response := p.Get("/events")
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	step.Equal(t, "the response's status and Content-Type: with any other, a browser's EventSource gives up for good",
		"200 text/event-stream", fmt.Sprint(response.Status, " ", mediaType))
}

// The headers wait in a buffer too. A page whose stream has no news yet would not
// even know that it is connected.
func TestTheClientSeesTheHeadersBeforeAnyEvent(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			flushing.Open(w, r)
			quiet(r, time.Hour) // no news for an hour
		}))
		asked := time.Now()
		p.Open("/events")
		step.Equal(t, "Open returned, but the client waited for its status line until the handler ended: in a browser, onopen does not fire",
			0, time.Since(asked))
	})
}

// net/http keeps what you write in a buffer of some KiB until it is full or the handler returns.
func TestAnEventArrivesWhileTheHandlerStillRuns(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var err error
		client := visit(t, func(s *flushing.Stream) {
			err = s.Send(framing.Event{ID: "7", Type: "greeting", Data: "hello"})
		})
		step.Equal(t, "Send returned and the handler still runs: what the client has understood by now", "hello", heard(client))
		e := events(client.Received())[0]
		step.Equal(t, "the event came without its type or its ID", "greeting 7", e.Type+" "+e.ID)
		step.Equal(t, "Send returned an error for an event that has arrived", nil, err)
	})
}

// A comment keeps a quiet connection alive, if it leaves the server.
func TestACommentArrivesTheSameWay(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var err error
		client := visit(t, func(s *flushing.Stream) { err = s.Comment("ping") })
		if !hasComment(client.Received(), "ping") {
			step.Fail(t, `Comment("ping") returned and the handler still runs: the comment is not among the bytes that the client has`,
				fmt.Sprintf("got  %q", client.Received()), `want ": ping\n"`)
		}
		step.Equal(t, "a comment came out as an event", "", heard(client))
		step.Equal(t, "Comment returned an error for a comment that has arrived", nil, err)
	})
}

// Each flush is a system call and a packet, for every client.
func TestEventsSentTogetherLeaveTogether(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		client := visit(t, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "one"}, framing.Event{Data: "two"})
			s.SendFrames([]byte("data: three\n\n"), []byte("data: four\n\n"))
		})
		step.Equal(t, "two events in one Send, two in one SendFrames: what the client understood, in [ ] for each flush of the server",
			"[one two] [three four]", heardAtEachFlush(client))
	})
}

// What cannot be framed must not cost the client anything: no half Send, no broken stream.
func TestARefusedEventLeavesTheStreamWhole(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var refused, after error
		client := visit(t, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "first"})
			refused = s.Send(framing.Event{Data: "second"}, framing.Event{ID: "7\ndata: forged", Data: "third"})
			after = s.Send(framing.Event{Data: "fourth"})
		})
		step.Equal(t, "second and third went into one Send, and the third has a line break in its ID: neither may leave, and fourth must arrive",
			"first fourth", heard(client))
		if _, ok := errors.AsType[*framing.FieldError](refused); !ok || errors.Is(refused, flushing.ErrClientLeft) {
			step.Fail(t, "Send has not sent an event, and its error does not say why: the event cannot be framed, and the client is still there",
				fmt.Sprintf("got  %v", refused), "want the *framing.FieldError of AppendText, and no ErrClientLeft")
		}
		step.Equal(t, "fourth arrived, but Send returned an error for it", nil, after)
	})
}

// nginx collects what a server sends, 4 KiB and more, unless the response tells it not to.
func TestABufferingProxyLetsTheStreamThrough(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		client := visit(t, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "one"})
			s.Send(framing.Event{Data: "two"})
		}, pair.BufferingProxy())
		step.Equal(t, "a proxy that buffers unless the response has X-Accel-Buffering: no: what the client behind it has understood by now",
			"one two", heard(client))
		control := client.Header().Get("Cache-Control")
		if !strings.Contains(control, "no-cache") && !strings.Contains(control, "no-store") {
			step.Fail(t, "nothing tells a cache on the way that old events are of no use: it may keep them and serve them again",
				fmt.Sprintf("got  Cache-Control: %s", control), "want Cache-Control: no-cache, or no-store")
		}
	})
}
