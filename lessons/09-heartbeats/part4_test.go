package heartbeats_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	heartbeats "example.com/sseworkbook/lessons/09-heartbeats"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// Part 4, whatever comes. There is nothing new to write.

// Heartbeats are for a day of silence, and a day is long.
func TestNothingIsLeftBehind(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		p := pair.Memory(t, heartbeats.Handler(stays(func(*flushing.Stream) {}), interval))
		client := *p.Client
		client.Transport = &heartbeats.Transport{Base: p.Client.Transport, Limit: limit}
		before, _ := step.Goroutines()
		held := step.HeldContexts(20, func(ctx context.Context) {
			ctx, leave := context.WithCancel(ctx)
			r, _ := http.NewRequestWithContext(ctx, "GET", p.URL, nil)
			resp, err := client.Do(r)
			step.Equal(t, "a client with a Transport connected to a Handler: it must get its stream", nil, err)
			body := read(resp.Body)
			step.Advance(time.Hour)
			step.Equal(t, "a stream with heartbeats every 15 s was quiet for an hour, and Limit is 40 s: it must stay open", "still open", body.state())
			step.Equal(t, "a stream with heartbeats every 15 s was quiet for an hour: the client must get 240 heartbeats", 240, beats(*body.text.Load()))
			leave()
			<-body.ended
			resp.Body.Close()
			synctest.Wait()
		})
		step.Equal(t, "20 clients came and left: cancel each context that you derive, or it stays in memory (shown: how many did)", 0, held())
		p.Client.CloseIdleConnections()
		synctest.Wait()
		if after, most := step.Goroutines(); after > before {
			step.Fail(t, "20 clients came and left: no goroutine may still be running", fmt.Sprintf("got  %d more", after-before), "most of them are at "+most)
		}
		start := time.Now()
		step.Advance(time.Second)
		step.Equal(t, "20 clients came and left: no timer may be left running", time.Second, time.Since(start))
	})
	step.Bubble(t, func(t *testing.T) {
		p := &peer{}
		resp := open(t, t.Context(), p)
		resp.Body.Close()
		step.Equal(t, "the response's body was closed: Base's body must be closed, too", true, p.closed.Load())
	})
	wantReleased(t)
}

// wantReleased sends requests that fail, all with one context, as the attempts of a client
// have it.
func wantReleased(t *testing.T) {
	t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	transport := &heartbeats.Transport{Base: &peer{fails: io.ErrUnexpectedEOF}, Limit: limit}
	attempts := func(n int) (objects int) {
		for range n {
			r, _ := http.NewRequestWithContext(ctx, "GET", "http://sse.test/events", nil)
			transport.RoundTrip(r)
		}
		objects, _ = step.Memory()
		return objects
	}
	before := attempts(10)
	if more := attempts(1000) - before; more > 500 {
		step.Fail(t, "Base failed a thousand times, and the caller's context has not ended: RoundTrip must cancel each context that it derived",
			fmt.Sprintf("got  %d more objects in memory", more))
	}
	downloads := func(n int) (objects int) {
		for range n {
			r, _ := http.NewRequestWithContext(ctx, "GET", "http://sse.test/file", nil)
			resp, _ := (&heartbeats.Transport{Base: roundTripper(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("zip")), Request: r}, nil
			}), Limit: limit}).RoundTrip(r)
			resp.Body.Close()
		}
		objects, _ = step.Memory()
		return objects
	}
	before = downloads(10)
	if more := downloads(1000) - before; more > 500 {
		step.Fail(t, "a thousand downloads were closed, and the caller's context has not ended: each context that RoundTrip derived must be cancelled",
			fmt.Sprintf("got  %d more objects in memory", more))
	}
	h := heartbeats.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		http.NewResponseController(w).Flush()
	}), interval)
	served := func(n int) (objects int) {
		for range n {
			r, _ := http.NewRequestWithContext(ctx, "GET", "/", nil)
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
		objects, _ = step.Memory()
		return objects
	}
	before = served(10)
	if more := served(1000) - before; more > 500 {
		step.Fail(t, "a thousand short streams were served, and their parent context has not ended: Handler must cancel each derived context, and stop each timer",
			fmt.Sprintf("got  %d more objects in memory", more))
	}
	step.Bubble(t, func(t *testing.T) {
		var s *flushing.Stream
		l := newLink()
		l.serve(t, stays(func(opened *flushing.Stream) { s = opened }))
		before, _ := step.Memory()
		for range 1000 {
			s.SendFrames([]byte(":\n"))
		}
		if after, _ := step.Memory(); after > before+500 {
			step.Fail(t, "a thousand frames were sent on a stream: its timer must be made once, not at each flush", fmt.Sprintf("got  %d more objects in memory", after-before))
		}
	})
}

// Whatever a handler sends, and whenever, its stream has heartbeats exactly where a model
// of a few lines says.
func TestWhateverTheHandlerSends(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		step.Whatever(t, 300, drawPieces, func(tb testing.TB, pieces []piece) {
			l := newLink()
			r, _ := http.NewRequest("GET", "/events", nil)
			heartbeats.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				rc := http.NewResponseController(w)
				rc.Flush()
				for _, p := range pieces {
					time.Sleep(p.wait)
					io.WriteString(w, p.text)
					if p.flush {
						rc.Flush()
					}
				}
			}), interval).ServeHTTP(l, r)
			want, free := model(pieces)
			got := strings.ReplaceAll(l.received(), ": \n", "♥")
			if free {
				want, got = strings.ReplaceAll(want, "♥", ""), strings.ReplaceAll(got, "♥", "")
			}
			step.Equal(tb, fmt.Sprintf("the interval is 15 s, and a handler sent %v: there must be a heartbeat (♥) whenever it was quiet for 15 s between two frames", pieces), want, got)
		})
	})
}

// A piece is what a handler sends after a wait, and whether it flushes then.
type piece struct {
	wait  time.Duration
	text  string
	flush bool
}

func (p piece) String() string {
	s := fmt.Sprintf("%q after %v", p.text, p.wait)
	if !p.flush {
		s += " (no flush)"
	}
	return s
}

func drawPieces(d *step.Dice) []piece {
	return step.Some(d, 8, func(d *step.Dice) piece {
		return piece{
			wait:  time.Duration(step.Of(d, 1001, 7003, 14017, 16033, 29057, 31099, 50123)) * time.Millisecond, // never just when one is due
			text:  step.Of(d, "data: a\n\n", "data: b\n", "\n", ":c\n", "", "data: d\r\n\r\n", "event: e\r"),
			flush: step.Of(d, true, true, true, false),
		}
	})
}

// model returns what pieces must look like on the wire, with a ♥ for each heartbeat. If
// one was due in the middle of a frame, it is free when the next ones come.
func model(pieces []piece) (_ string, free bool) {
	var wire strings.Builder
	var text string  // without the heartbeats
	next := interval // when the next heartbeat is due
	var now time.Duration
	for _, p := range pieces {
		for now += p.wait; next <= now; next += interval {
			if whole(text) {
				wire.WriteString("♥")
			} else {
				free = true
			}
		}
		wire.WriteString(p.text)
		text += p.text
		if p.flush {
			next = now + interval
		}
	}
	return wire.String(), free
}

// whole reports whether text ends between two frames.
func whole(text string) bool {
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
	open := false
	for _, line := range lines[:len(lines)-1] {
		switch {
		case line == "":
			open = false
		case line[0] != ':':
			open = true
		}
	}
	return !open && lines[len(lines)-1] == ""
}

// A stream of events and heartbeats is still a stream of events.
func TestADayOfSilence(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, over string, opts []pair.Option) {
		var s *flushing.Stream
		p := pair.Memory(t, heartbeats.Handler(stays(func(opened *flushing.Stream) { s = opened }), interval), opts...)
		client := *p.Client
		client.Transport = &heartbeats.Transport{Base: p.Client.Transport, Limit: limit}
		resp, err := client.Get(p.URL)
		step.Equal(t, over+": a client connected: it must get its stream", nil, err)
		body := read(resp.Body)
		step.Advance(24 * time.Hour)
		s.Send(framing.Event{Data: "good morning"})
		step.Equal(t, over+": a stream was quiet for a day: it must still be open", "still open", body.state())
		step.Equal(t, over+": a stream was quiet for a day, and then an event was sent: the client must get all heartbeats and the event", strings.Repeat(": \n", 24*60*4)+"data: good morning\n\n", *body.text.Load())
		resp.Body.Close()
	})
}
