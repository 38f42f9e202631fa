package reconnection_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	reconnection "example.com/sseworkbook/lessons/08-reconnection"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// Part 1, the client connects again.

// A Reconnector reads no stream itself. It connects, and calls follow with the stream.
func TestFollowGetsTheStream(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, stays("data: hello\n\n"))
		s.run()
		step.Equal(t, "the server sent an event: the function follow must read it from the source that Run passes to it", "hello", s.data())
		step.Equal(t, "the stream is still open: Run must wait for follow", false, s.ended())
		step.Equal(t, "the stream is still open: Run must not connect again", "0s", s.times())
		s.leave(errors.New("enough"))
		s.end()
		step.Equal(t, "Run returned: the body of the response must be closed", 0, s.open.Load())
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, stays("data: hello\n\n"))
		previous := http.DefaultClient
		defer func() { http.DefaultClient = previous }()
		http.DefaultClient, s.client.Client = s.client.Client, nil
		s.run()
		step.Equal(t, "Client is nil: Run must use http.DefaultClient", "hello", s.data())
		s.leave(nil)
		s.end()
	})
	step.Bubble(t, func(t *testing.T) {
		type key struct{}
		var asked, followed bool
		s := newScene(t, stays(""))
		s.client.Request = func(ctx context.Context) (*http.Request, error) {
			asked = ctx.Value(key{}) == "a value"
			return http.NewRequest("GET", s.client.URL, nil) // without ctx
		}
		ctx, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "a value"))
		s.follow = func(ctx context.Context, source *parsing.Source, _ func(framing.Event)) error {
			followed = ctx.Value(key{}) == "a value"
			leave()
			_, err := source.Decode()
			return err
		}
		s.client.Run(ctx, s.follow)
		step.Equal(t, "Run was called with a context that has a value: Request and follow must get the value", "Request true, follow true",
			fmt.Sprintf("Request %t, follow %t", asked, followed))
	})
}

// A stream can end in three ways: the server ends it, the connection breaks, or there
// was no connection to begin with. All three are a loss, and the client connects again.
func TestALostStreamIsConnectedAgain(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, ends("data: one\n\n"), breaks("data: two\n\n"), stays("data: three\n\n"))
		s.after(time.Hour)
		step.Equal(t, "the first stream ended and the second broke: follow must get the events of all three streams", "one, two, three", s.data())
		step.Equal(t, "the server named no reconnection time: each wait must be DefaultReconnectionTime", "0s, 3s, 6s", s.times())
		step.Equal(t, "three connections were made: only one may be open at a time", 1, s.most.Load())
		enough := errors.New("enough")
		s.leave(enough)
		step.ErrorIs(t, "Run's context ended: Run must return its cause", enough, s.end())
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, stays("data: back\n\n"))
		s.client.Client.Transport = failing{s.client.Client.Transport, 2, new(int)}
		s.after(time.Hour)
		step.Equal(t, "the first two attempts did not reach the server: Run must try again", "back", s.data())
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, stays("data: one\n\ndata: two\n\n"))
		s.follow = func(_ context.Context, source *parsing.Source, _ func(framing.Event)) error {
			event, err := source.Decode()
			s.events.Add(event)
			if len(s.events.All()) > 3 {
				source.Decode()
				_, err = source.Decode()
				return err
			}
			return errors.Join(err, errors.New("I want another stream"))
		}
		s.after(time.Hour)
		step.Equal(t, "follow returned an error while its stream was open: Run must close that stream, and connect again",
			"one, one, one, one · at most 1 open", s.data()+fmt.Sprintf(" · at most %d open", s.most.Load()))
	})
}

// failing is a RoundTripper that fails the first times.
type failing struct {
	http.RoundTripper
	times int
	n     *int
}

func (f failing) RoundTrip(r *http.Request) (*http.Response, error) {
	if *f.n++; *f.n <= f.times {
		return nil, io.ErrUnexpectedEOF
	}
	return f.RoundTripper.RoundTrip(r)
}

// The last event ID is the client's bookmark. It outlives the connection that brought
// it, and also the next one, which may bring no event at all. Each connection has a
// request of its own: a body can be read only once.
func TestTheLastEventIDOutlivesItsStream(t *testing.T) {
	defer step.Begin(t)()
	for _, c := range []struct {
		sentence string
		first    string // LastEventID
		wires    []string
		want     string
	}{
		{"the first stream sent id 7: the second request must have Last-Event-ID: 7", "", []string{"id: 7\ndata\n\n"}, `none, "7"`},
		{"the second stream ended without an event: the third request must still have Last-Event-ID: 7", "", []string{"id: 7\ndata\n\n", ""}, `none, "7", "7"`},
		{"the second stream sent an event without an id: the third request must still have Last-Event-ID: 7", "", []string{"id: 7\ndata\n\n", "data\n\n"}, `none, "7", "7"`},
		{"the second stream sent an empty id, which clears it: the third request must have no Last-Event-ID", "", []string{"id: 7\ndata\n\n", "id\ndata\n\n"}, `none, "7", none`},
		{"the stream sent an id without data: Run must keep this id, as a browser does, although there was no event", "", []string{"id: 8\n\n"}, `none, "8"`},
		{"the stream ended inside the event with id 9: Run must ignore that id, as a browser does", "", []string{"id: 7\ndata\n\nid: 9\ndata: half"}, `none, "7"`},
		{"LastEventID is 5: even the first request must have Last-Event-ID: 5", "5", []string{""}, `"5", "5"`},
		{"LastEventID is 5 and the stream sent an empty id: the second request must have no Last-Event-ID", "5", []string{"id\n\n"}, `"5", none`},
	} {
		step.Bubble(t, func(t *testing.T) {
			var answers []answer
			for _, wire := range c.wires {
				answers = append(answers, ends(wire))
			}
			s := newScene(t, append(answers, stays(""))...)
			s.client.LastEventID = c.first
			s.after(time.Hour)
			step.Equal(t, c.sentence, c.want, s.ids())
		})
	}
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, ends("id: 7\ndata: a\n\n"), stays("data: b\n\n"))
		s.after(time.Hour)
		step.Equal(t, "the second stream sent an event without an id: that event must still have ID 7", "a 7, b 7",
			joined(s.events.All(), func(e framing.Event) string { return e.Data + " " + e.ID }))
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, ends("id: a\x01b\ndata: a\n\n"), ends("data: b\n\n"), stays("id: 2\ndata: c\n\n"))
		s.after(time.Hour)
		step.Equal(t, "an id has a byte that no header can hold: Run must send the request without this id, or it can never reconnect", "none, none, none · a, b, c", s.ids()+" · "+s.data())
		step.Equal(t, "an id has a byte that no header can hold: after the reconnect, events must still have this ID until the server sends a new one", `"a\x01b", "a\x01b", "2"`,
			joined(s.events.All(), func(e framing.Event) string { return fmt.Sprintf("%q", e.ID) }))
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, ends("id: 1\ndata\n\n"), ends(""), stays(""))
		s.client.Request = func(ctx context.Context) (*http.Request, error) {
			r, err := http.NewRequestWithContext(ctx, "POST", s.client.URL, strings.NewReader("a question"))
			r.Header.Set("Authorization", fmt.Sprintf("Bearer %d", len(s.requests.All())))
			return r, err
		}
		s.after(time.Hour)
		step.Equal(t, "Request makes a POST with a body: every connection must send the whole body",
			"POST Bearer 0 a question, POST Bearer 1 a question, POST Bearer 2 a question",
			joined(s.requests.All(), func(r request) string { return r.method + " " + r.header.Get("Authorization") + " " + r.body }))
		step.Equal(t, "Request makes a POST: Run must add Last-Event-ID to it, too", `none, "1", "1"`, s.ids())
	})
}

// Some responses say that to come back is pointless. A browser gives up for good on
// every status but 200. A server that is overloaded or restarts answers with 429 or
// 5xx, so here the client comes back after these, too.
func TestSomeResponsesAreFinal(t *testing.T) {
	defer step.Begin(t)()
	html := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<h1>Log in</h1>")
	}
	for _, status := range []int{200, 201, 203, 205, 206, 301, 304, 308, 400, 401, 403, 404, 405, 408, 410, 418, 428, 430, 451, 499, 600, 999} {
		step.Bubble(t, func(t *testing.T) {
			last := says(status)
			if status == 200 {
				last = html
			}
			s := newScene(t, ends("data\n\n"), last)
			s.after(time.Hour)
			step.Equal(t, fmt.Sprintf("the second response was a %d, not an event stream: Run must not connect again", status), "0s, 3s", s.times())
			step.Equal(t, fmt.Sprintf("the second response was a %d, not an event stream: Run must return", status), true, s.ended())
			response, ok := errors.AsType[*parsing.ResponseError](s.end())
			if !ok {
				step.Fail(t, fmt.Sprintf("the second response was a %d: Run must return the *parsing.ResponseError", status), fmt.Sprintf("got  %v", s.err))
			}
			step.Equal(t, "Run returned a *parsing.ResponseError: its StatusCode must be that of the response", status, response.StatusCode)
		})
	}
	for _, status := range []int{429, 500, 502, 503, 504, 599} {
		step.Bubble(t, func(t *testing.T) {
			s := newScene(t, ends("id: 1\ndata: a\n\n"), says(status), stays("data: b\n\n"))
			s.after(time.Hour)
			step.Equal(t, fmt.Sprintf("the second response was a %d, which may be temporary: Run must connect again", status), "a, b", s.data())
			step.Equal(t, fmt.Sprintf("the second response was a %d: the third request must still have the last event ID", status), `none, "1", "1"`, s.ids())
		})
	}
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, says(503), says(204), stays(""))
		s.after(time.Hour)
		step.Equal(t, "the server answered 204: Run must not connect again", "0s, 3s", s.times())
		step.Equal(t, "the server answered 204: Run must return", true, s.ended())
		step.Equal(t, "the server answered 204, No Content, because it has nothing more to send: Run must return nil", nil, s.end())
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, ends("id: 7\ndata\n\n"), says(204), stays(""))
		s.client.LastEventID = "5"
		s.after(time.Minute)
		s.after(time.Minute)
		step.Equal(t, "Run returned after a 204, and was called again: its first request must have Last-Event-ID: 5 again", `"5", "7", "5"`, s.ids())
	})
	step.Bubble(t, wantFinal("an event was too large: the server would send it again, so Run must return the error", parsing.ErrEventTooLarge,
		func(_ context.Context, source *parsing.Source, _ func(framing.Event)) error {
			source.MaxEventSize = 2
			_, err := source.Decode()
			return err
		}))
	step.Bubble(t, func(t *testing.T) {
		broken := errors.New("no token")
		s := newScene(t, ends(""))
		s.client.Request = func(context.Context) (*http.Request, error) {
			if len(s.requests.All()) > 0 {
				return nil, broken
			}
			return http.NewRequest("GET", s.client.URL, nil)
		}
		s.run()
		step.Advance(time.Hour)
		step.Equal(t, "Request returned an error for the second connection: Run must return", true, s.ended())
		step.ErrorIs(t, "Request returned an error: Run must return it", broken, s.end())
	})
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, stays("data: hello\n\n"))
		broken := errors.New("broken")
		s.follow = func(context.Context, *parsing.Source, func(framing.Event)) error {
			s.client.Restart()
			return &reconnection.FinalError{Err: broken}
		}
		s.after(time.Hour)
		step.Equal(t, "follow called Restart, and then returned a FinalError: Run must not connect again", "0s", s.times())
		step.ErrorIs(t, "follow called Restart, and then returned a FinalError: Run must return the FinalError's Err", broken, s.end())
	})
	enough := errors.New("enough")
	step.Bubble(t, wantFinal("follow returned a FinalError: Run must return the FinalError's Err", enough,
		func(context.Context, *parsing.Source, func(framing.Event)) error {
			return fmt.Errorf("reading: %w", &reconnection.FinalError{Err: enough})
		}))
}

// wantFinal returns a scene in which follow ends Run.
func wantFinal(sentence string, want error, follow reconnection.Follow) func(t *testing.T) {
	return func(t *testing.T) {
		s := newScene(t, stays("data: hello\n\n"))
		s.follow = follow
		s.after(time.Hour)
		step.Equal(t, sentence+" (shown: when Run connected)", "0s", s.times())
		step.Equal(t, sentence+" (shown: whether Run has returned)", true, s.ended())
		step.ErrorIs(t, sentence, want, s.end())
	}
}
