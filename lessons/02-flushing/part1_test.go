package flushing_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
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
	step.Equal(t, "no middleware set Access-Control-Allow-Origin: Open must not set it either, or pages on other sites can read the stream",
		"", response.Header.Get("Access-Control-Allow-Origin"))

	p = pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json") // by middleware, for all responses
		flushing.Open(w, r)
	}))
	if types := p.Get("/events").Header.Values("Content-Type"); len(types) != 1 || !strings.HasPrefix(types[0], "text/event-stream") {
		step.Fail(t, "middleware set Content-Type to application/json before Open: Open must replace it with text/event-stream, or clients may refuse the stream",
			fmt.Sprintf("got  Content-Type %q", types), `want Content-Type ["text/event-stream"]`)
	}
	others := http.Header{"Access-Control-Allow-Origin": {"https://shop.example"}, "Content-Encoding": {"gzip"}, "Etag": {`"7"`}, "Set-Cookie": {"a=1", "b=2"}, "Vary": {"Origin"}}
	w := httptest.NewRecorder()
	maps.Copy(w.Header(), others.Clone())
	shared := []string{"public"} // by all responses
	w.Header()["Cache-Control"] = shared
	flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
	for _, name := range slices.Sorted(maps.Keys(others)) {
		step.Equal(t, "middleware set "+name+" before Open: Open must keep it, with all its values",
			strings.Join(others[name], " and "), strings.Join(w.Header()[name], " and "))
	}
	step.Equal(t, "middleware shares one Cache-Control slice between all responses: Open must set a new slice, and leave the shared one unchanged",
		"public", shared[0])
	for range 2 {
		w := httptest.NewRecorder()
		flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
		for _, name := range []string{"Content-Type", "Cache-Control", "X-Accel-Buffering"} {
			step.Equal(t, "after Open, middleware adds a value to one header field after the other: a value must not appear in another field, or in a later response (shown: how often it did)", 0, strings.Count(strings.Join(w.Header().Values(name), " "), "added"))
			w.Header().Add(name, "added")
		}
	}
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
		step.Equal(t, "the client got its status line only when the handler ended: Open must send it at once, or a browser's onopen does not fire",
			"waited 0s", fmt.Sprint("waited ", time.Since(asked)))
	})
}

// net/http keeps what you write in a buffer of a few KiB until it is full or the handler returns.
func TestAnEventArrivesWhileTheHandlerStillRuns(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var err error
		client := visit(t, func(s *flushing.Stream) {
			err = s.Send(framing.Event{ID: "7", Type: "greeting", Data: "hello"})
		})
		step.Equal(t, "Send returned and the handler is still running: the client must have the event by now", "hello", heard(client))
		e := events(client.Received())[0]
		step.Equal(t, "the event arrived, but not with the right type and ID", "greeting 7", e.Type+" "+e.ID)
		step.Equal(t, "the event arrived, but Send returned an error", nil, err)
	})
}

// A comment keeps a quiet connection alive, if it leaves the server.
func TestACommentArrivesTheSameWay(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var err error
		client := visit(t, func(s *flushing.Stream) {
			err = errors.Join(s.Comment("ping"), s.Comment("pong\ndata: forged\n\n"), s.Comment("pong\rdata: forged\r\r"))
			time.Sleep(time.Hour)
			s.Send(framing.Event{Data: "hello"})
		})
		received := client.Received()
		step.Advance(time.Hour)
		if !hasComment(received, "ping") {
			if hasComment(client.Received(), "ping") {
				step.Fail(t, `Comment("ping") returned, but the comment left the server an hour later, with the next Send: Comment must flush, or a proxy closes the quiet connection`)
			}
			step.Fail(t, `Comment("ping") returned and the handler is still running: the client must have the comment by now`,
				fmt.Sprintf("got  %q", received), `want ": ping\n"`)
		}
		step.Equal(t, "Comment must send comment lines only, but the client read an event", "", data(received))
		step.Equal(t, "the comment arrived, but Comment returned an error", nil, err)
	})
	step.Bubble(t, func(t *testing.T) {
		client := visit(t, func(s *flushing.Stream) { s.Comment("") })
		if !hasComment(client.Received(), "") {
			step.Fail(t, `Comment("") returned, but no comment arrived: a colon alone is a comment too, and keeps a quiet connection alive`,
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
		step.Equal(t, "one Send and one SendFrames must each flush once, however many events they get (brackets show what arrived with each flush)",
			"[one two] [three four]", heardAtEachFlush(client))
		step.Equal(t, "SendFrames changed the array behind its frames: that array belongs to the caller, and other streams may be sending from it",
			three+and+four, string(shared))
		step.Equal(t, "SendFrames changed its slice of frames: that slice belongs to the caller, and the next stream would send the wrong frames",
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
		step.Equal(t, `two Sends each got an event with a line break in its ID: the client must get only "first" and "second", from the other two Sends`,
			"first second", heard(client))
		_, err := bad.AppendText(nil)
		want, _ := errors.AsType[*framing.FieldError](err)
		for _, refused := range []error{badLast, badFirst} {
			if e, ok := errors.AsType[*framing.FieldError](refused); !ok || *e != *want || errors.Is(refused, flushing.ErrClientLeft) {
				step.Fail(t, "Send got an event whose ID cannot be framed, and the client is still connected: Send must return AppendText's error",
					fmt.Sprintf("got  %v", refused), fmt.Sprintf("want an error that wraps AppendText's *framing.FieldError (%v), and not flushing.ErrClientLeft", err))
			}
		}
		step.Equal(t, "the event \"second\" arrived, but its Send returned an error", nil, after)
	})
}

// nginx buffers what a server sends, 4 KiB and more, unless the response tells it not to.
func TestABufferingProxyLetsTheStreamThrough(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		client := visitThrough(t, cachedByMiddleware, func(s *flushing.Stream) {
			s.Send(framing.Event{Data: "one"})
			s.Send(framing.Event{Data: "two"})
		}, pair.BufferingProxy())
		step.Equal(t, "a proxy in between holds events back unless Open sets X-Accel-Buffering to no: the client must have both events by now",
			"one two", heard(client))
		control := list(client.Header(), "Cache-Control")
		if !slices.Contains(control, "no-cache") && !slices.Contains(control, "no-store") {
			step.Fail(t, "Open must set Cache-Control to no-cache, or a cache in between may keep old events and serve them again",
				"got  Cache-Control: "+strings.Join(control, ", "), "want Cache-Control: no-cache (or no-store)")
		}
		if slices.Contains(control, "public") {
			step.Fail(t, "middleware set Cache-Control to public before Open: Open must replace that value, or a cache may obey it instead of your value",
				"got  Cache-Control: "+strings.Join(control, ", "), "want Cache-Control: no-cache (or no-store), and not public")
		}
	})
	w := httptest.NewRecorder()
	w.Header().Set("X-Accel-Buffering", "yes")
	flushing.Open(w, httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil))
	if lines := w.Header().Values("X-Accel-Buffering"); len(lines) != 1 || !strings.EqualFold(lines[0], "no") {
		step.Fail(t, "middleware set X-Accel-Buffering to yes before Open: Open must set it to no, or nginx buffers the stream",
			fmt.Sprintf("got  X-Accel-Buffering %q", lines), `want X-Accel-Buffering ["no"]`)
	}
}

// cachedByMiddleware lets caches keep the responses, unless the handler says otherwise.
func cachedByMiddleware(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		h.ServeHTTP(w, r)
	})
}

// heardAtEachFlush returns what the client has received so far, with brackets
// around what came with one flush.
func heardAtEachFlush(client *pair.Stream) string {
	wire, before := client.Received(), ""
	var all []string
	for _, flush := range client.Flushes() {
		now := data(wire[:min(flush.Bytes, len(wire))])
		if now != before {
			all = append(all, "["+strings.TrimSpace(strings.TrimPrefix(now, before))+"]")
		}
		before = now
	}
	return strings.Join(all, " ")
}

// wantBadEvent has an event refused by a stream that has ended.
func wantBadEvent(t *testing.T, ended string, s *flushing.Stream) {
	t.Helper()
	err := s.Send(framing.Event{ID: "7\n", Data: "bad"})
	if _, ok := errors.AsType[*framing.FieldError](err); !ok {
		step.Fail(t, ended+", and then Send got an event with a line break in its ID: Send must return AppendText's error, or the caller's mistake looks as if the client had left",
			fmt.Sprintf("got  %v", err), "want an error that wraps AppendText's *framing.FieldError")
	}
}

// ownLines counts the lines of wire that consist of text, and the others.
func ownLines(wire, text string) string {
	events, comments, others := 0, 0, 0
	for line := range strings.FieldsFuncSeq(wire, func(r rune) bool { return r == '\r' || r == '\n' }) {
		switch field, value, _ := strings.Cut(line, ":"); {
		case strings.TrimPrefix(value, " ") != text:
			others++
		case field == "data":
			events++
		case field == "":
			comments++
		}
	}
	return fmt.Sprintf("%d events, %d comments, %d other lines", events, comments, others)
}
