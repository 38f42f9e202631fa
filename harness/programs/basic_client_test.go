package programs_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/programs"
	"example.com/sseworkbook/harness/step"
)

// An answer is what a server does with one request.
type answer func() (*http.Response, error)

// stream answers with an event stream that ends after these bytes.
func stream(bytes string) answer { return respond(http.StatusOK, "text/event-stream", bytes) }

// respond answers with any response.
func respond(status int, contentType, body string) answer {
	return func() (*http.Response, error) {
		return &http.Response{
			StatusCode: status,
			Header:     http.Header{"Content-Type": {contentType}},
			Body:       &openBody{strings.NewReader(body)},
		}, nil
	}
}

// An openBody is the body of a response, until it is closed.
type openBody struct{ io.Reader }

func (b *openBody) Close() error {
	b.Reader = nil
	return nil
}

// refuse is the answer of a host where nobody listens.
func refuse() (*http.Response, error) { return nil, syscall.ECONNREFUSED }

// A script is a transport that gives one answer after the other, and notes when
// it was asked, and for what.
type script struct {
	answers []answer
	asked   []time.Time
	lastIDs []string
	bodies  []*openBody
}

// RoundTrip implements [http.RoundTripper].
func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = append(s.asked, time.Now())
	s.lastIDs = append(s.lastIDs, r.Header.Get("Last-Event-ID"))
	if len(s.answers) == 0 {
		return nil, errors.New("the script has no more answers")
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	response, err := next()
	if err == nil {
		s.bodies = append(s.bodies, response.Body.(*openBody))
	}
	return response, err
}

// waits returns the times from each request to the next.
func (s *script) waits() []time.Duration {
	var waits []time.Duration
	for i := 1; i < len(s.asked); i++ {
		waits = append(waits, s.asked[i].Sub(s.asked[i-1]))
	}
	return waits
}

// run runs a client on the script, which is to be done in virtual time.
func (s *script) run(t *testing.T, c *programs.BasicClient) (events, status string, err error) {
	var out, log strings.Builder
	c.URL, c.HTTP, c.Events, c.Status = "http://server.test/events", &http.Client{Transport: s}, &out, &log
	err = c.Run(t.Context())
	for i, body := range s.bodies {
		require.Nil(t, body.Reader, "answer %d was not closed", i+1)
	}
	return out.String(), log.String(), err
}

func TestTheClientComesBackAfterTheServersTimeWithItsLastEventID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{
			stream("retry: 1500\nevent: tick\nid: 7\ndata: a\n\n"),
			stream("data: b\n\n"),
			stream("data: c\n\n"),
		}}
		events, status, err := s.run(t, &programs.BasicClient{Limit: 3})
		require.NoError(t, err)
		require.Equal(t, "tick · id 7 · a\nmessage · id 7 · b\nmessage · id 7 · c\n", events)
		require.Equal(t, []string{"", "7", "7"}, s.lastIDs, "an event without an id must not make the client forget")
		for _, wait := range s.waits() {
			require.GreaterOrEqual(t, wait, 1500*time.Millisecond)
			require.Less(t, wait, 3*time.Second)
		}
		require.Regexp(t, `the server ended the stream; reconnecting in [1-3](\.\d)?s with Last-Event-ID: "7"`, status)
		require.Contains(t, status, "reconnected")
	})
}

func TestTheClientNeverHammersTheServer(t *testing.T) {
	for retry, least := range map[string]time.Duration{
		"":           3 * time.Second, // the server named none
		"retry: 0\n": 0,
		"retry: 1\n": time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{answers: []answer{stream(retry + "data: a\n\n"), stream("data: b\n\n")}}
			_, _, err := s.run(t, &programs.BasicClient{Limit: 2})
			require.NoError(t, err)
			require.Len(t, s.waits(), 1)
			require.GreaterOrEqual(t, s.waits()[0], least, "after %q", retry)
			require.Less(t, s.waits()[0], least+max(least, time.Second), "after %q", retry)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{stream("retry: 0\ndata: a\n\n")}}
		for range 100 {
			s.answers = append(s.answers, stream("")) // accepted, and dropped
		}
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
		defer stop()
		c := &programs.BasicClient{URL: "http://server.test", HTTP: &http.Client{Transport: s}, Events: io.Discard, Status: io.Discard}
		require.NoError(t, c.Run(ctx))
		require.Less(t, len(s.asked), 60)
	})
}

func TestAServerThatIsAwayForAWhileIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{
			stream("data: a\n\n"),
			refuse,
			respond(http.StatusServiceUnavailable, "text/plain", "busy"),
			respond(http.StatusTooManyRequests, "text/plain", "slowly"),
			stream("data: b\n\n"),
		}}
		events, status, err := s.run(t, &programs.BasicClient{Limit: 2})
		require.NoError(t, err)
		require.Equal(t, "message · a\nmessage · b\n", events)
		require.Contains(t, status, "nothing listens there")
	})
}

// A server that hangs sends no heartbeats.
func TestAServerThatIsTooQuietIsConnectedAgain(t *testing.T) {
	step.Bubble(t, func(t *testing.T) {
		next := make(chan string, 2)
		next <- "data: a\n\n"
		next <- "data: b\n\n"
		p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, <-next)
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}))
		var events, status strings.Builder
		c := &programs.BasicClient{URL: p.URL, HTTP: p.Client, Events: &events, Status: &status, Limit: 2, Idle: 40 * time.Second}
		require.NoError(t, c.Run(t.Context()))
		require.Equal(t, "message · a\nmessage · b\n", events.String())
		require.Contains(t, status.String(), "nothing came for 40s: the server or the connection is gone; reconnecting in ")
	})
}

func TestTheClientStopsForGood(t *testing.T) {
	for name, test := range map[string]struct {
		last answer
		want string // in the error; "" for a stop that is none
	}{
		"no content":         {respond(http.StatusNoContent, "", ""), ""},
		"not found":          {respond(http.StatusNotFound, "text/plain", ""), "404 Not Found"},
		"wrong content type": {respond(http.StatusOK, "text/html", "<p>log in"), `"text/html", not with text/event-stream`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: []answer{stream("data: a\n\n"), test.last}}
				events, _, err := s.run(t, &programs.BasicClient{})
				require.Equal(t, "message · a\n", events)
				require.Len(t, s.asked, 2)
				if test.want == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, test.want)
			})
		})
	}
}

func TestAServerThatWasNeverThereIsAnError(t *testing.T) {
	for want, first := range map[string]answer{
		"nothing listens there":           refuse,
		"503 Service Unavailable":         respond(http.StatusServiceUnavailable, "text/plain", ""),
		"not with text/event-stream":      respond(http.StatusOK, "application/json", "{}"),
		"the script has no more answers":  nil,
		"http://server.test/events: the ": respond(http.StatusOK, "", ""),
	} {
		s := &script{}
		if first != nil {
			s.answers = []answer{first}
		}
		_, _, err := s.run(t, &programs.BasicClient{})
		require.ErrorContains(t, err, want)
		require.Len(t, s.asked, 1, "nobody waits for a server that may not exist")
		require.NotContains(t, err.Error(), "Get ", "the URL is said once")
	}
}

func TestRawPrintsTheBytesAsTheyCame(t *testing.T) {
	const bytes = ": hi\r\nid: 1\ndata:x\n\ndata: y\n\n"
	s := &script{answers: []answer{stream(bytes)}}
	events, _, err := s.run(t, &programs.BasicClient{Raw: true, Limit: 2})
	require.NoError(t, err)
	require.Equal(t, bytes, events)
}

func TestControlCharactersDoNotReachTheTerminal(t *testing.T) {
	s := &script{answers: []answer{stream("event: \x1b[2J\nid: \a\ndata: one\ndata: \x1b]0;two\u009b\n\n")}}
	events, _, err := s.run(t, &programs.BasicClient{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, "␛[2J · id ␇ · one\n    ␛]0;two\uFFFD\n", events)
}

func TestTheClientStopsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &script{answers: []answer{stream("retry: 3600000\ndata: a\n\n")}}
		c := &programs.BasicClient{URL: "http://server.test", HTTP: &http.Client{Transport: s}, Events: io.Discard, Status: io.Discard}
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait() // it waits for its hour
		cancel()
		require.NoError(t, <-done)
		require.Len(t, s.asked, 1)
	})
}
