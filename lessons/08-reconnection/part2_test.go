package reconnection_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	reconnection "example.com/sseworkbook/lessons/08-reconnection"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// Part 2, the wait.

// The server may name the reconnection time. It is for the connections that come, not
// only for the one after this stream.
func TestTheReconnectionTimeOutlivesItsStream(t *testing.T) {
	defer step.Begin(t)()
	for _, c := range []struct {
		sentence string
		wires    []string
		want     string
	}{
		{"the server sent retry: 10000: the client must wait 10 s", []string{"retry: 10000\n\n"}, "0s, 10s"},
		{"the second stream named no reconnection time: the client must wait 10 s again", []string{"retry: 10000\n\n", "data\n\n"}, "0s, 10s, 20s"},
		{"the second stream named a different reconnection time: the client must use that one from then on", []string{"retry: 10000\n\n", "retry: 7\n\n", ""}, "0s, 10s, 10.007s, 10.014s"},
		{"the server sent retry: 0: the client must not wait at all", []string{"retry: 0\n\n", ""}, "0s, 0s, 0s"},
		{"the server sent a retry that is not a number: the client must wait DefaultReconnectionTime", []string{"retry: soon\n\n"}, "0s, 3s"},
	} {
		step.Bubble(t, func(t *testing.T) {
			var answers []answer
			for _, wire := range c.wires {
				answers = append(answers, ends(wire))
			}
			s := newScene(t, append(answers, stays(""))...)
			s.after(time.Hour)
			step.Equal(t, c.sentence+" (shown: when each request came)", c.want, s.times())
		})
	}
}

// When a server restarts, all its clients are lost in the same instant. If they wait
// equally long, they come back in the same instant, too, so a random part of a window comes on top.
// Each loss doubles the window, until there is progress. An accepted connection is
// none: a proxy in front of a dead server accepts connections all day.
func TestARandomPartOfAGrowingWindowIsAdded(t *testing.T) {
	defer step.Begin(t)()
	spreadOverTheWindow(t)
	lost, event := says(503), ends("data\n\n")
	for _, c := range []struct {
		sentence         string
		min, max         time.Duration
		answers          []answer
		reconnectionTime string
		want             string
	}{
		{"the server kept answering 503: each loss must double the window, up to DefaultMaxWindow, 30 s", 0, 0,
			[]answer{lost, lost, lost, lost, lost}, "3000", "4.5s, 6s, 9s, 15s, 18s, 18s"},
		{"MinWindow is 8 s and MaxWindow 20 s: the windows must be 8, 16, 20 and 20 s", 8 * time.Second, 20 * time.Second,
			[]answer{lost, lost, lost}, "0", "4s, 8s, 10s, 10s"},
		{"the reconnection time is longer than MinWindow: the first window must be as long as the reconnection time", 0, 0,
			[]answer{lost}, "4000", "6s, 8s"},
		{"the reconnection time is longer than MaxWindow: every window must be MaxWindow", 0, 2 * time.Second,
			[]answer{lost}, "4000", "5s, 5s"},
		{"the fourth response was a stream with an event: the window must start over after it", 0, 0,
			[]answer{lost, lost, event, lost}, "3000", "4.5s, 6s, 9s, 4.5s, 6s"},
		{"the streams had no event: the window must keep growing, because accepting a connection is no progress", 0, 0,
			[]answer{ends(""), ends(":hello\n\n"), ends("id: 1\n\n"), breaks("data: half")}, "3000", "4.5s, 6s, 9s, 15s, 18s"},
		{"the streams had only the events that open a stream, which are no progress: the window must keep growing", 0, 0,
			[]answer{ends("event: endpoint\ndata\n\n"), ends("event: start\ndata\n\n"), ends("event: reset\ndata\n\n"), lost}, "3000", "4.5s, 6s, 9s, 15s, 18s"},
		{"each stream had an endpoint event and then an event of the application: the window must not grow", 0, 0,
			[]answer{ends("event: endpoint\ndata\n\ndata\n\n"), breaks("event: endpoint\ndata\n\ndata\n\n")}, "3000", "4.5s, 4.5s, 4.5s"},
	} {
		step.Bubble(t, func(t *testing.T) {
			first := ends("retry: " + c.reconnectionTime + "\ndata\n\n")
			s := newScene(t, append(append([]answer{first}, c.answers...), stays(""))...)
			s.client.MinWindow, s.client.MaxWindow = c.min, c.max
			s.client.Random = func() float64 { return 0.5 }
			s.after(time.Hour)
			step.Equal(t, c.sentence+" (Random returns 0.5; shown: the wait after each loss)", c.want, s.waits())
		})
	}
	step.Bubble(t, func(t *testing.T) {
		var refused atomic.Int32
		s := newScene(t, ends("retry: 0\ndata\n\n"), func(w http.ResponseWriter, r *http.Request) {
			if refused.Add(1) > 1000 { // far too many
				<-r.Context().Done()
			}
			w.WriteHeader(503)
		})
		s.client.Random = func() float64 { return 0.5 }
		s.after(2 * time.Hour)
		if last := s.lastLoss(); last.Wait != 15*time.Second {
			step.Fail(t, "the server was away for two hours: the window must neither exceed MaxWindow, 30 s, nor become zero (Random returns 0.5)",
				fmt.Sprintf("got  a wait of %v after loss %d in a row", last.Wait, last.Losses), "want 15s")
		}
	})
	step.Bubble(t, func(t *testing.T) {
		var refused atomic.Int32
		s := newScene(t, ends("retry: 0\ndata\n\n"), func(w http.ResponseWriter, r *http.Request) {
			if refused.Add(1) > 100 {
				<-r.Context().Done()
			}
			w.WriteHeader(503)
		})
		s.client.MaxWindow = 1<<63 - 1
		s.client.Random = func() float64 { return 1e-9 }
		s.after(time.Hour)
		first := joined(s.losses.All()[:min(4, len(s.losses.All()))], func(l reconnection.Loss) string { return l.Wait.String() })
		step.Equal(t, "MaxWindow is the largest time.Duration, and Random returns 1e-9: the first windows must still be 1, 2, 4 and 8 s (shown: the first waits)", "1ns, 2ns, 4ns, 8ns", first)
		if last := s.lastLoss(); last.Losses != 101 || last.Wait != 9223372036*time.Nanosecond {
			step.Fail(t, "MaxWindow is the longest time.Duration, and the server answered 503 a hundred times: the window must stop doubling at MaxWindow, and never become negative (Random returns 1e-9)",
				fmt.Sprintf("got  a wait of %v after loss %d in a row", last.Wait, last.Losses), "want a wait of 9.223372036s after loss 101")
		}
	})
	for _, retry := range []string{"9223372036854", "9223372036000"} { // milliseconds: nearly 292 years, the longest time.Duration
		step.Bubble(t, func(t *testing.T) {
			s := newScene(t, ends("retry: "+retry+"\n\n"), stays(""))
			s.client.Random = func() float64 { return 0.99 }
			s.after(time.Hour)
			step.Equal(t, "the server sent retry: "+retry+", and adding the random part overflows: the wait must not become negative", "0s", s.times())
		})
	}
}

// lastLoss returns the last loss that was reported, if any was.
func (s *scene) lastLoss() reconnection.Loss {
	all := append([]reconnection.Loss{{}}, s.losses.All()...)
	return all[len(all)-1]
}

// lastTime returns when the last request came.
func (s *scene) lastTime() string {
	times := strings.Split(s.times(), ", ")
	return times[len(times)-1]
}

// waits returns the time from each request to the next. Every stream of such a script
// ends at once.
func (s *scene) waits() string {
	all := s.requests.All()
	var waits []time.Duration
	for i := 1; i < len(all); i++ {
		waits = append(waits, all[i].at-all[i-1].at)
	}
	return joined(waits, time.Duration.String)
}

// A server that is overloaded may say when to come back. That is the least to wait,
// this time only.
func TestRetryAfterIsTheLeast(t *testing.T) {
	defer step.Begin(t)()
	for _, c := range []struct {
		sentence string
		answers  []answer
		want     string
	}{
		{"the server answered 503 with Retry-After: 20", []answer{says(503, "Retry-After", "20")}, "20s"},
		{"the server answered 429 with Retry-After: 20", []answer{says(429, "Retry-After", "20")}, "20s"},
		{"the server answered 503 with Retry-After: 1, less than the reconnection time", []answer{says(503, "Retry-After", "1")}, "3s"},
		{"Retry-After is a date, in 60 s", []answer{in60}, "60s"},
		{"Retry-After is a word, not a time", []answer{says(503, "Retry-After", "soon")}, "3s"},
		{"the next response was a 503 without Retry-After", []answer{says(503, "Retry-After", "20"), says(503)}, "20s, 3s"},
		{"a stream had a Retry-After header, which counts only in a refusal", []answer{func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "20")
			send(w, "")
		}}, "3s"},
	} {
		step.Bubble(t, func(t *testing.T) {
			s := newScene(t, append(c.answers, stays(""))...)
			s.after(time.Hour)
			step.Equal(t, c.sentence+": each wait must be the reconnection time, or Retry-After if that is longer (shown: the waits)", strings.ReplaceAll(c.want, "60s", "1m0s"), s.waits())
		})
	}
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, says(503, "Retry-After", "20"), says(503, "Retry-After", "20"), stays(""))
		s.client.Random = func() float64 { return 0.5 }
		s.after(time.Hour)
		step.Equal(t, "the server asked twice for a wait of 20 s, and Random returns 0.5: the random part must be added to the 20 s, or all clients come back at once",
			"21.5s, 23s", s.waits())
	})
}

// in60 answers 503, and names the time in 60 s.
func in60(w http.ResponseWriter, r *http.Request) {
	says(503, "Retry-After", time.Now().Add(60*time.Second).UTC().Format(http.TimeFormat))(w, r)
}

// A wait is not a sleep: whoever stops the client does not want to wait for it.
func TestAWaitEndsEarly(t *testing.T) {
	defer step.Begin(t)()
	enough := errors.New("enough")
	for _, c := range []struct {
		when   string
		delay  time.Duration
		answer answer
	}{
		{"Run was waiting to connect again", 0, says(503, "Retry-After", "3600")},
		{"Run was waiting for Delay", time.Hour, stays("")},
		{"the stream was open", 0, stays("id: 7\ndata\n\n")},
		{"the server had not answered yet", 0, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	} {
		step.Bubble(t, func(t *testing.T) {
			s := newScene(t, c.answer)
			s.client.Delay = c.delay
			s.after(time.Second)
			s.leave(enough)
			step.Equal(t, c.when+" when Run's context ended: Run must return at once", true, s.ended())
			step.ErrorIs(t, c.when+" when Run's context ended: Run must return the context's cause", enough, s.end())
		})
		step.Bubble(t, func(t *testing.T) {
			s := newScene(t, c.answer, stays("id: 1\ndata: back\n\n"))
			s.client.Delay = c.delay
			s.after(time.Second)
			before := len(s.losses.All())
			s.client.Restart()
			step.Advance(time.Second)
			step.Equal(t, c.when+" when Restart was called: Run must connect at once (shown: when the last request came)", "1s", s.lastTime())
			step.Equal(t, "Restart was called: exactly one connection must be open", int32(1), s.open.Load())
			if c.when == "the stream was open" {
				step.Equal(t, "the open stream had sent id 7 when Restart was called: the next request must have Last-Event-ID: 7", `none, "7"`, s.ids())
			}
			step.Equal(t, "Restart was called, which is not a loss: OnLost must not be called", before, len(s.losses.All()))
		})
	}
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, ends(""), stays(""))
		s.client.Delay = 5 * time.Second
		s.after(time.Hour)
		step.Equal(t, "Delay is 5 s: Run must wait that long before the first connection only", "5s, 8s", s.times())
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, stays(""))
		s.client.Request = func(ctx context.Context) (*http.Request, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		s.run().leave(enough)
		step.ErrorIs(t, "Request returned an error because Run's context ended: Run must return the context's cause", enough, s.end())
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, ends(""), stays(""))
		s.client.OnLost = func(reconnection.Loss) { s.client.Restart() }
		s.after(time.Second)
		step.Equal(t, "OnLost called Restart: the wait that follows must end at once", "0s, 0s", s.times())
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, says(503), says(503), stays(""), says(503), stays(""))
		s.after(10 * time.Second)
		s.client.Restart()
		step.Advance(time.Minute)
		step.Equal(t, "Restart ended a stream without an event, after two losses and before a third: Restart must not reset the count (shown: losses in a row)", "1, 2, 3",
			joined(s.losses.All(), func(l reconnection.Loss) string { return fmt.Sprint(l.Losses) }))
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, stays("data\n\n"))
		s.client.Restart() // without a Run
		ctx, leave := context.WithCancelCause(t.Context())
		leave(enough)
		step.ErrorIs(t, "Run's context had already ended: Run must return the context's cause", enough, s.client.Run(ctx, s.follow))
		step.Equal(t, "Run's context had already ended: Run must not connect", "nothing", s.times())
	})
}

// A user wants to know why nothing comes. OnLost is told before the wait, so that it can
// say how long it will take.
func TestEachLossIsReported(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		broken := errors.New("follow failed")
		s := newScene(t, ends("id: 7\ndata\n\n"), breaks("id: 8\ndata\n\n"), says(503, "Retry-After", "9"), ends(""), stays(""))
		n := 0
		var at []time.Duration
		s.client.OnLost = func(l reconnection.Loss) {
			at = append(at, time.Since(s.start))
			s.losses.Add(l)
		}
		s.follow = func(ctx context.Context, source *parsing.Source, progress func(framing.Event)) error {
			if n++; n == 3 {
				return broken
			}
			return s.read(ctx, source, progress)
		}
		s.after(time.Hour)
		reason := func(err error) string {
			response, refused := errors.AsType[*parsing.ResponseError](err)
			switch {
			case refused:
				return fmt.Sprint(response.StatusCode)
			case errors.Is(err, broken):
				return "follow's error"
			case err == io.EOF || err == io.ErrUnexpectedEOF:
				return err.Error()
			}
			return fmt.Sprint(err)
		}
		step.Equal(t, "OnLost must be called once for each loss, with the reason, the wait, the number of losses since the last progress, and the last event ID",
			`EOF 3s 1 "7", unexpected EOF 3s 1 "8", 503 9s 2 "8", follow's error 3s 3 "8"`,
			joined(s.losses.All(), func(l reconnection.Loss) string {
				return fmt.Sprintf("%s %v %d %q", reason(l.Err), l.Wait, l.Losses, l.LastEventID)
			}))
		step.Equal(t, "OnLost must be called before the wait", "0s, 3s, 6s, 15s", joined(at, time.Duration.String))
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, ends(""), stays("data: back\n\n"))
		s.client.OnLost = nil
		s.after(time.Hour)
		step.Equal(t, "OnLost is nil: Run must still connect again", "back", cmp.Or(s.data(), "nothing"))
	})
}

// spreadOverTheWindow has clients wait with different random numbers.
func spreadOverTheWindow(t *testing.T) {
	t.Helper()
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, ends("retry: 1000\ndata\n\n"))
		s.client.MinWindow = 10 * time.Second
		numbers := []float64{0, 0.25, 0.5, 0.999}
		used := 0
		s.client.Random = func() float64 {
			used++
			return numbers[(used-1)%len(numbers)]
		}
		s.answers = []answer{ends("retry: 1000\ndata\n\n"), ends("data\n\n"), ends("data\n\n"), ends("data\n\n"), stays("")}
		s.after(time.Hour)
		step.Equal(t, "MinWindow is 10 s, each lost stream had an event, and Random returned 0, 0.25, 0.5 and 0.999 in turn: each wait must be 1 s (the reconnection time) plus Random times the window",
			"1s, 3.5s, 6s, 10.99s", s.waits())
	})
	step.Bubble(t, func(t *testing.T) {
		const clients = 50
		at := map[time.Duration]int{}
		for range clients {
			s := newScene(t, ends("data\n\n"), stays(""))
			s.client.Random = nil
			s.after(7 * time.Second)
			if len(s.requests.All()) != 2 {
				step.Fail(t, "Random is nil, so the wait is from 3 to 6 s: after 7 s, the client must have connected again", "got  "+s.times())
			}
			at[s.requests.All()[1].at]++
		}
		if len(at) < clients/2 {
			step.Fail(t, "50 clients whose Random is nil lost their streams: they must come back at different times",
				fmt.Sprintf("got  %d different times", len(at)))
		}
	})
}
