package heartbeats_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	heartbeats "example.com/sseworkbook/lessons/09-heartbeats"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// Part 2, two writers.

// Now there are two writers, the handler and the heartbeat, and one ResponseWriter,
// which is for one at a time.
func TestAHeartbeatAndAnEventDoNotInterleave(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		l := newLink()
		l.serve(t, stays(func(s *flushing.Stream) {
			for range 200 {
				time.Sleep(interval) // just when the heartbeat is due
				s.Send(framing.Event{Data: "x"})
			}
		}))
		step.Advance(300 * interval)
		step.Equal(t, "events were sent just when heartbeats were due: the ResponseWriter must be used by one goroutine at a time", int32(1), l.most.Load())
		for frame := range strings.SplitAfterSeq(strings.ReplaceAll(l.received(), ": \n", ""), "\n\n") {
			if frame != "" && frame != "data: x\n\n" {
				step.Fail(t, "events were sent just when heartbeats were due: every event must arrive whole", fmt.Sprintf("got  %q", frame))
			}
		}
	})
	for _, c := range []struct {
		deadline time.Duration
		want     string
	}{{time.Hour, "1h0m0s, 10s, 59m45s"}, {18 * time.Second, "18s, 10s, 3s"}} {
		step.Bubble(t, func(t *testing.T) {
			var set error
			l := newLink()
			leave := l.serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				rc := http.NewResponseController(w)
				rc.Flush()
				set = rc.SetWriteDeadline(time.Now().Add(c.deadline))
				<-r.Context().Done()
			})
			step.Advance(interval + time.Second)
			leave()
			step.Equal(t, fmt.Sprintf("the handler set a write deadline in %v, and then a heartbeat was sent: the heartbeat must have its own deadline, in ten seconds, and then the handler's must be set again (shown: each deadline that was set)", c.deadline),
				"<nil>: "+c.want, fmt.Sprintf("%v: ", set)+l.deadlines())
		})
	}
	step.Bubble(t, wantNoDeadlineNeeded)
	step.Bubble(t, wantDeadlineUndisturbed)
	step.Bubble(t, func(t *testing.T) {
		l := newLink()
		leave := l.serve(t, stays(func(*flushing.Stream) {}))
		step.Advance(interval + time.Second)
		leave()
		if all := l.deadlines(); !strings.HasSuffix(all, "10s, none") {
			step.Fail(t, "the handler has no write deadline, and a heartbeat was sent: the heartbeat's deadline must be removed afterwards (shown: each deadline that was set)", "got  "+all, "want …, 10s, none")
		}
	})
}

// wantNoDeadlineNeeded has a ResponseWriter without write deadlines.
func wantNoDeadlineNeeded(t *testing.T) {
	l, ended := newLink(), false
	ctx, leave := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(ctx, "GET", "/events", nil)
	var streams sync.WaitGroup
	streams.Go(func() {
		heartbeats.Handler(stays(func(*flushing.Stream) {}), interval).ServeHTTP(struct{ flusher }{l}, r)
	})
	step.Advance(4*interval + time.Second)
	ended = beats(l.received()) != 4
	leave()
	streams.Wait()
	step.Equal(t, "the ResponseWriter does not support write deadlines: it must still get its heartbeats (shown: how many in four intervals)", "4, false", fmt.Sprintf("%d, %t", beats(l.received()), ended))
}

// A flusher is a ResponseWriter that can flush, and no more.
type flusher interface {
	http.ResponseWriter
	FlushError() error
}

// wantDeadlineUndisturbed sets a write deadline while a heartbeat is being written.
func wantDeadlineUndisturbed(t *testing.T) {
	l := newLink()
	var rc *http.ResponseController
	l.serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		rc = http.NewResponseController(w)
		rc.Flush()
		<-r.Context().Done()
	})
	l.stuck.Store(true)
	step.Advance(interval + time.Second)
	before := l.deadlines()
	var setting sync.WaitGroup
	setting.Go(func() { rc.SetWriteDeadline(time.Time{}) })
	step.Pass(0)
	during := l.deadlines()
	close(l.freed)
	setting.Wait()
	step.Equal(t, "the handler set a write deadline while a heartbeat was being written: the deadline of the heartbeat must not change (shown: each deadline that was set)", before, during)
}

// deadlines returns what the write deadlines were set to.
func (l *link) deadlines() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for _, d := range l.set {
		if d < 0 {
			all = append(all, "none")
		} else {
			all = append(all, d.Round(time.Second).String())
		}
	}
	return strings.Join(all, ", ")
}

// A laptop is closed, and no packet says so. The server's writes go into buffers, until
// these are full. Then a write waits, and only a deadline ends it.
func TestAClientThatTakesNothingIsGone(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		l := newLink()
		var cause error
		var at time.Duration
		start := time.Now()
		l.serve(t, func(w http.ResponseWriter, r *http.Request) {
			stays(func(*flushing.Stream) { l.stuck.Store(true) })(w, r)
			cause, at = context.Cause(r.Context()), time.Since(start)
		})
		step.Advance(time.Hour)
		step.Equal(t, "a client stopped reading: the request's context must end once a heartbeat has waited for ten seconds (shown: when it ended)", "25s",
			strings.Replace(at.Round(time.Second).String(), "0s", "never", map[bool]int{true: 1}[at == 0]))
		wantCause(t, "a client did not take a heartbeat", os.ErrDeadlineExceeded, cause)
		step.Equal(t, "a client did not take a heartbeat: no write may still be waiting", int32(0), l.using.Load())
	})
	for call, fail := range map[string]func(*link, error){"write": (*link).fail, "flush": (*link).failFlush} {
		step.Bubble(t, func(t *testing.T) {
			l, broken := newLink(), errors.New("the connection broke")
			var cause error
			l.serve(t, func(w http.ResponseWriter, r *http.Request) {
				stays(func(*flushing.Stream) { fail(l, broken) })(w, r)
				cause = context.Cause(r.Context())
				time.Sleep(10 * interval)
			})
			step.Advance(interval + time.Second)
			wantCause(t, "the "+call+" of a heartbeat failed", broken, cause)
			step.Advance(9 * interval)
			step.Equal(t, "the "+call+" of a heartbeat failed, but the handler is still running: there must be no further heartbeat (shown: writes)", int32(1), l.writes.Load())
		})
	}
	step.Bubble(t, func(t *testing.T) {
		h := heartbeats.Handler(stays(func(*flushing.Stream) {}), interval)
		stuck, other := newLink(), newLink()
		ctx, leave := context.WithCancel(context.Background())
		var streams sync.WaitGroup
		for _, l := range []*link{stuck, other} {
			r, _ := http.NewRequestWithContext(ctx, "GET", "/events", nil)
			streams.Go(func() { h.ServeHTTP(l, r) })
			step.Advance(time.Second)
		}
		stuck.stuck.Store(true)
		step.Advance(interval)
		step.Equal(t, "one of two clients stopped reading, so its heartbeat is still being written: the other must get its own heartbeat", 1, beats(other.received()))
		leave()
		close(stuck.freed)
		streams.Wait()
	})
	step.Bubble(t, func(t *testing.T) {
		start, ended := time.Now(), time.Duration(0)
		stream := visit(t, func(w http.ResponseWriter, r *http.Request) {
			stays(func(*flushing.Stream) {})(w, r)
			ended = time.Since(start)
		}, pair.BufferSize(256))
		stream.Pause()
		step.Advance(24 * time.Hour)
		if ended == 0 || ended > time.Hour {
			step.Fail(t, "the client stopped reading, and the buffers in between hold 256 bytes each: the request's context must end within an hour",
				fmt.Sprintf("got  it ended after %v (0s: never)", ended))
		}
	})
}

func wantCause(t *testing.T, sentence string, want, cause error) {
	t.Helper()
	step.ErrorIs(t, sentence+": the cause of the request's context must wrap flushing.ErrClientLeft", flushing.ErrClientLeft, cause)
	step.ErrorIs(t, sentence+": the cause of the request's context must wrap the error of the write", want, cause)
}

// What the handler gets is still a ResponseWriter, and it is still the handler's: once
// it has returned, net/http gives it to the next request.
func TestTheResponseBelongsToTheHandler(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		l := newLink()
		leave := l.serve(t, stays(func(*flushing.Stream) {}))
		step.Advance(interval)
		leave()
		before := l.received()
		step.Advance(10 * interval)
		step.Equal(t, "the handler returned: no further heartbeat may be written", before, l.received())
	})
	step.Bubble(t, func(t *testing.T) {
		l := newLink()
		func() {
			defer func() { recover() }()
			r, _ := http.NewRequest("GET", "/events", nil)
			heartbeats.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				http.NewResponseController(w).Flush()
				panic("a handler's panic")
			}), interval).ServeHTTP(l, r)
		}()
		step.Advance(10 * interval)
		step.Equal(t, "the handler panicked: no further heartbeat may be written", "", l.received())
	})
	step.Bubble(t, func(t *testing.T) {
		l := newLink()
		l.serve(t, stays(func(*flushing.Stream) { l.stuck.Store(true) }))()
		step.Equal(t, "the handler returned while no heartbeat was due: ServeHTTP must return at once, and no longer use the ResponseWriter", int32(0), l.using.Load())
	})
	step.Bubble(t, func(t *testing.T) {
		l := newLink()
		release := make(chan struct{})
		var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			http.NewResponseController(w).Flush()
			l.stuck.Store(true)
			<-release
		})
		r, _ := http.NewRequest("GET", "/events", nil)
		done := make(chan struct{})
		go func() {
			defer close(done)
			heartbeats.Handler(h, interval).ServeHTTP(l, r)
		}()
		step.Advance(interval + time.Second)
		close(release)
		step.Pass(0)
		select {
		case <-done:
			step.Fail(t, "the handler returned while a heartbeat was being written: ServeHTTP must wait until that write ends, because net/http gives the ResponseWriter to the next request",
				"got  ServeHTTP returned")
		default:
		}
		close(l.freed)
		<-done
	})
	step.Bubble(t, func(t *testing.T) {
		type (
			key       struct{}
			unwrapper interface{ Unwrap() http.ResponseWriter }
		)
		var value any
		var unwrapped http.ResponseWriter
		l := newLink()
		h := heartbeats.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			value = r.Context().Value(key{})
			for u, ok := w.(unwrapper); ok; u, ok = unwrapped.(unwrapper) {
				unwrapped = u.Unwrap()
			}
			panic("a handler's panic")
		}), interval)
		r, _ := http.NewRequestWithContext(context.WithValue(t.Context(), key{}, "a value"), "POST", "/events", nil)
		before := *r
		p := func() (p any) {
			defer func() { p = recover() }()
			h.ServeHTTP(l, r)
			return nil
		}()
		step.Equal(t, "a handler panicked: Handler must let the panic through", any("a handler's panic"), p)
		step.Equal(t, "the request has a value in its context: the handler must find it", any("a value"), value)
		step.Equal(t, "an http.ResponseController needs the server's ResponseWriter: Unwrap must lead to it", http.ResponseWriter(l), unwrapped)
		step.Equal(t, "a request was served: Handler must not change the request itself, only a copy", true, before.Context() == r.Context())
	})
	step.Bubble(t, func(t *testing.T) {
		var both sync.WaitGroup
		h := heartbeats.Handler(stays(func(*flushing.Stream) {}), interval)
		links := []*link{newLink(), newLink()}
		ctx, leave := context.WithCancel(context.Background())
		for _, l := range links {
			r, _ := http.NewRequestWithContext(ctx, "GET", "/events", nil)
			both.Go(func() { h.ServeHTTP(l, r) })
			time.Sleep(interval / 3)
		}
		time.Sleep(10 * interval)
		leave()
		both.Wait()
		step.Equal(t, "two clients were connected for ten intervals: each must get its own heartbeats", "10, 10", fmt.Sprintf("%d, %d", beats(links[0].received()), beats(links[1].received())))
	})
}
