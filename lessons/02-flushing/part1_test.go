package flushing_test

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
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
	step.Equal(t, "Open must answer 200 with Content-Type text/event-stream: on anything else, a browser's EventSource gives up for good",
		"200 text/event-stream", fmt.Sprint(response.Status, " ", mediaType))

	p = pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json") // by middleware, for all responses
		w.Header().Set("Access-Control-Allow-Origin", "*")
		flushing.Open(w, r)
	}))
	header := p.Get("/events").Header
	if types := header.Values("Content-Type"); len(types) != 1 || !strings.HasPrefix(types[0], "text/event-stream") {
		step.Fail(t, "middleware had set Content-Type application/json before Open came, and the response is not simply an event stream: clients may refuse it",
			fmt.Sprintf("got  Content-Type %q", types), `want Content-Type ["text/event-stream"]`)
	}
	step.Equal(t, "middleware had set Access-Control-Allow-Origin, and Open took it away: a page of another site may not read the stream",
		"*", header.Get("Access-Control-Allow-Origin"))
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
			"waited 0s", fmt.Sprint("waited ", time.Since(asked)))
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
		step.Equal(t, "Send returned and the handler still runs: the client must have the event by now", "hello", heard(client))
		e := events(client.Received())[0]
		step.Equal(t, "the event came without its type or its ID", "greeting 7", e.Type+" "+e.ID)
		step.Equal(t, "the event arrived, but Send returned an error for it", nil, err)
	})
}

// A comment keeps a quiet connection alive, if it leaves the server.
func TestACommentArrivesTheSameWay(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var err error
		client := visit(t, func(s *flushing.Stream) {
			err = errors.Join(s.Comment("ping"), s.Comment("pong\ndata: forged\n\n"), s.Comment("pong\rdata: forged\r\r"))
		})
		if !hasComment(client.Received(), "ping") {
			step.Fail(t, `Comment("ping") returned and the handler still runs: the comment is not among the bytes that the client has`,
				fmt.Sprintf("got  %q", client.Received()), `want ": ping\n"`)
		}
		step.Equal(t, "the client must read past a comment, but it read an event", "", heard(client))
		step.Equal(t, "the comment arrived, but Comment returned an error for it", nil, err)
	})
	step.Bubble(t, func(t *testing.T) {
		client := visit(t, func(s *flushing.Stream) { s.Comment("") })
		if !hasComment(client.Received(), "") {
			step.Fail(t, `Comment("") returned and no comment came: a colon alone is one too, and keeps a quiet connection alive`,
				fmt.Sprintf("got  %q", client.Received()), `want ": \n"`)
		}
	})
}

// Each flush is a system call and a packet, for every client.
func TestEventsSentTogetherLeaveTogether(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		const three, and, four = "data: three\n\n", "data: and\n\n", "data: four\n\n"
		shared := []byte(three + and + four) // as a broadcast is, by all of its streams
		frames := [][]byte{shared[:len(three)], shared[len(three+and):]}
		client := visit(t, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "one"}, framing.Event{Data: "two"})
			s.SendFrames(frames...)
		})
		step.Equal(t, "one Send and one SendFrames must each make one flush, however many events they get: what came with one flush is in [ ]",
			"[one two] [three four]", heardAtEachFlush(client))
		step.Equal(t, "SendFrames changed the bytes behind its first frame: they belong to the caller, and other streams may be sending them",
			three+and+four, string(shared))
		step.Equal(t, "SendFrames changed the list of frames that it got: it belongs to the caller, and the next stream would be sent what is left of it",
			three+" "+four, string(bytes.Join(frames, []byte(" "))))
	})
}

// An event that cannot be framed stops its own Send and nothing else: the client gets no part of
// that Send, and the stream goes on.
func TestARefusedEventLeavesTheStreamWhole(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		good, bad := framing.Event{Data: "good"}, framing.Event{ID: "7\ndata: forged", Data: "bad"}
		var badLast, badFirst, after error
		client := visit(t, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "first"})
			s.Send() // no events at all
			badLast = s.Send(good, bad)
			badFirst = s.Send(bad, good)
			after = s.Send(framing.Event{Data: "second"})
		})
		step.Equal(t, "between first and second, two Sends each got a good event and a bad one, with a line break in its ID: neither event may leave, and second must arrive",
			"first second", heard(client))
		for _, refused := range []error{badLast, badFirst} {
			if e, ok := errors.AsType[*framing.FieldError](refused); !ok || e.Field != "id" || errors.Is(refused, flushing.ErrClientLeft) {
				step.Fail(t, "an event's ID cannot be framed, and the client is still there: Send must return the error of AppendText, which says so",
					fmt.Sprintf("got  %v", refused), "want an error that wraps AppendText's *framing.FieldError, and not flushing.ErrClientLeft")
			}
		}
		step.Equal(t, "second arrived, but Send returned an error for it", nil, after)
	})
}

// nginx collects what a server sends, 4 KiB and more, unless the response tells it not to.
func TestABufferingProxyLetsTheStreamThrough(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		client := visitThrough(t, cachedByMiddleware, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "one"})
			s.Send(framing.Event{Data: "two"})
		}, pair.BufferingProxy())
		step.Equal(t, "behind a proxy that buffers unless the response has X-Accel-Buffering: no, the client must have both events by now",
			"one two", heard(client))
		control := list(client.Header(), "Cache-Control")
		if !slices.Contains(control, "no-cache") && !slices.Contains(control, "no-store") {
			step.Fail(t, "nothing tells a cache on the way that old events are of no use: it may keep them and serve them again",
				"got  Cache-Control: "+strings.Join(control, ", "), "want Cache-Control: no-cache, or no-store")
		}
		if slices.Contains(control, "public") {
			step.Fail(t, "middleware had set Cache-Control before Open came, and it is there beside yours: a cache may go by either",
				"got  Cache-Control: "+strings.Join(control, ", "), "want yours alone")
		}
	})
}

// cachedByMiddleware has its responses cached, unless the handler says otherwise.
func cachedByMiddleware(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		h.ServeHTTP(w, r)
	})
}
