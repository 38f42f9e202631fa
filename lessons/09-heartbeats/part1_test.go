package heartbeats_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	heartbeats "example.com/sseworkbook/lessons/09-heartbeats"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// Part 1, the heartbeat.

// A proxy closes a connection on which nothing has come for a while. A comment is
// something, and the client skips it.
func TestAQuietStreamGetsAComment(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, over string, opts []pair.Option) {
		stream := visit(t, stays(func(s *flushing.Stream) { s.Send(framing.Event{Data: "hello"}) }), opts...)
		step.Advance(interval - time.Millisecond)
		step.Equal(t, over+": the interval has not passed yet: the client must not get a heartbeat", "data: hello\n\n", stream.Received())
		step.Advance(time.Millisecond)
		step.Equal(t, over+": the stream was quiet for the interval: the client must get one empty comment", "data: hello\n\n: \n", stream.Received())
		step.Advance(10 * interval)
		step.Equal(t, over+": the stream was quiet for ten more intervals: the client must get ten more heartbeats", 11, beats(stream.Received()))
	})
	step.Bubble(t, func(t *testing.T) {
		stream := visit(t, stays(func(*flushing.Stream) {}))
		step.Advance(interval)
		step.Equal(t, "a stream was opened, but nothing was sent: it must still get a heartbeat", 1, beats(stream.Received()))
		stream.Leave()
		stream.WaitHandler("the client left: the context that the handler got must end")
	})
	h := http.NewServeMux()
	for _, none := range []time.Duration{0, -1} {
		step.Equal(t, fmt.Sprintf("the interval is %v, so there are no heartbeats: Handler must return h itself", none), http.Handler(h), heartbeats.Handler(h, none))
	}
	if heartbeats.Handler(h, 1) == http.Handler(h) {
		step.Fail(t, "the interval is a nanosecond, which is more than zero: Handler must not return h itself")
	}
}

// Whoever gets an event knows that the server is there. A heartbeat is only for a
// stream that is quiet.
func TestAnEventPutsTheHeartbeatOff(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var s *flushing.Stream
		stream := visit(t, stays(func(opened *flushing.Stream) { s = opened }))
		for range 100 {
			step.Advance(interval - time.Millisecond)
			s.Send(framing.Event{Data: "x"})
		}
		synctest.Wait()
		step.Equal(t, "an event was sent shortly before each heartbeat was due: there must be no heartbeat", 0, beats(stream.Received()))
		step.Advance(interval - time.Millisecond)
		step.Equal(t, "the last event was sent nearly an interval ago: there must be no heartbeat yet", 0, beats(stream.Received()))
		step.Advance(time.Millisecond)
		step.Equal(t, "the last event was sent an interval ago: there must be a heartbeat", 1, beats(stream.Received()))
		step.Advance(interval / 2)
		s.Comment("hello")
		step.Advance(interval - time.Millisecond)
		step.Equal(t, "the handler sent its own comment: the next heartbeat must not come sooner than an interval later", 1, beats(stream.Received()))
		step.Advance(time.Millisecond)
		step.Equal(t, "the handler sent its own comment: the next heartbeat must come an interval later", 2, beats(stream.Received()))
	})
}

// Heartbeats belong into an event stream, and nowhere else: two bytes in the middle of
// a picture are a broken picture.
func TestOnlyAnEventStreamGetsHeartbeats(t *testing.T) {
	defer step.Begin(t)()
	for _, c := range []struct {
		what, contentType, encoding string
		flushes                     bool
		want                        int
	}{
		{"an event stream", "text/event-stream", "", true, 4},
		{"an event stream with a parameter, in capitals", "Text/Event-Stream; charset=utf-8", "", true, 4},
		{"an event stream with the encoding identity", "text/event-stream", "identity", true, 4},
		{"a compressed event stream, whose bytes a comment would corrupt", "text/event-stream", "gzip", true, 0},
		{"JSON", "application/json", "", true, 0},
		{"a type that begins like an event stream", "text/event-stream-not", "", true, 0},
		{"a response without a type", "", "", true, 0},
		{"an event stream that was not flushed, so that its status and header can still change", "text/event-stream", "", false, 0},
	} {
		step.Bubble(t, func(t *testing.T) {
			l := newLink()
			l.serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", c.contentType)
				if c.encoding != "" {
					w.Header().Set("Content-Encoding", c.encoding)
				}
				if c.flushes {
					http.NewResponseController(w).Flush()
				}
				<-r.Context().Done()
			})
			step.Advance(4*interval + time.Second)
			step.Equal(t, fmt.Sprintf("four intervals passed, and the response is %s: it must get %d heartbeats", c.what, c.want), c.want, beats(l.received()))
		})
	}
	step.Bubble(t, func(t *testing.T) {
		var err error
		ended := false
		p := pair.Memory(t, pair.HideFlusher(heartbeats.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			err = http.NewResponseController(w).Flush()
			time.Sleep(time.Hour)
			ended = r.Context().Err() != nil
		}), interval)))
		response := p.Get("/events")
		step.ErrorIs(t, "the ResponseWriter cannot flush: Flush must return an error that wraps http.ErrNotSupported", http.ErrNotSupported, err)
		step.Equal(t, "the ResponseWriter cannot flush: Handler must send no heartbeat, and must not end the request's context (shown: heartbeats, whether it ended)",
			"0, false", fmt.Sprintf("%d, %t", beats(response.Body), ended))
	})
	step.Bubble(t, func(t *testing.T) {
		var inside http.ResponseWriter
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inside = w
			w.Header().Set("Content-Type", "text/event-stream")
			w.WriteHeader(200)
			http.NewResponseController(w).Flush()
			time.Sleep(4 * interval)
		})
		w := newLink()
		heartbeats.Handler(h, interval).ServeHTTP(w, &http.Request{Method: "HEAD"})
		step.Equal(t, "the response to HEAD has no body: the handler must get the ResponseWriter itself, and no heartbeat may be written", "itself, \"\"",
			fmt.Sprintf("%s, %q", map[bool]string{true: "itself", false: "another"}[inside == http.ResponseWriter(w)], w.received()))
	})
}

// The bytes of a frame belong together, even if its handler sends them in two halves.
func TestNoHeartbeatBreaksAFrame(t *testing.T) {
	defer step.Begin(t)()
	for _, c := range []struct{ first, second string }{
		{"data: half", " and half\n\n"},
		{"data: one\n", "data: two\n\n"},
		{"data: one\ndata: two\n", "\n"},
		{"event: x\r\n", "data: y\r\n\r\n"},
		{"id: 1\r", "data: y\r\r"},
		{":a comment", " and more\n"},
		{"data: one\n\ndata: two", "\n\n"},
		{"data: one\n:comment\n", "data: two\n\n"},
	} {
		step.Bubble(t, func(t *testing.T) {
			stream := visit(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				io.WriteString(w, c.first)
				http.NewResponseController(w).Flush()
				time.Sleep(4*interval + 7*time.Second)
				io.WriteString(w, c.second)
				http.NewResponseController(w).Flush()
				<-r.Context().Done()
			})
			step.Advance(4*interval + 8*time.Second)
			step.Equal(t, fmt.Sprintf("the handler sent %q, waited for more than four intervals, and sent %q: there must be no heartbeat in between", c.first, c.second), c.first+c.second, stream.Received())
			step.Advance(2 * interval)
			step.Equal(t, fmt.Sprintf("the frame %q is complete, and two intervals have passed: there must be heartbeats again", c.first+c.second), 2, beats(stream.Received())-beats(c.first+c.second))
		})
	}
	step.Bubble(t, func(t *testing.T) {
		stream := visit(t, stays(func(s *flushing.Stream) { s.Comment("a comment has no blank line") }))
		step.Advance(3 * interval)
		step.Equal(t, "the handler sent a comment, which needs no blank line: there must still be heartbeats", 3, beats(stream.Received()))
	})
	step.Bubble(t, func(t *testing.T) {
		l := newLink()
		l.serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			http.NewResponseController(w).Flush()
			l.takeOnly(6)
			io.WriteString(w, "data: x\n\n")
			<-r.Context().Done()
		})
		step.Advance(4 * interval)
		step.Equal(t, "a Write failed after part of a frame: there must be no heartbeat inside that frame", "data: ", l.received())
	})
}
