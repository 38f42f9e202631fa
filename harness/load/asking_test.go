package load

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// slow answers each trigger as its client would, after a while.
type slow struct {
	asking *asking
	takes  time.Duration
}

func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var trigger cleanup.Trigger
	if err := json.Unmarshal(text, &trigger); err != nil {
		return nil, err
	}
	time.Sleep(s.takes)
	s.asking.hear("S", trigger.Params)
	return &http.Response{
		Status: "200 OK",
		Body:   io.NopCloser(strings.NewReader(`{"result":` + string(trigger.Params) + `}`)),
	}, nil
}

// askSlow asks one client of a server that takes so long for each answer, and
// returns how long that took.
func askSlow(t *testing.T, o Options, takes time.Duration) (*asking, time.Duration) {
	a := newAsking("http://server.test", o, newLosses())
	a.http = &http.Client{Transport: &slow{a, takes}}
	return a, a.run(t.Context(), []string{"S"})
}

// A server that takes 50 ms for each of 256 at once manages 5,120 a second, so that
// of 10,000 requests in a second the last waits for almost another one.
func TestASlowServerIsTimeAndNotALowerRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, took := askSlow(t, Options{Rate: 10_000, For: time.Second, Patience: DefaultPatience}, 50*time.Millisecond)
		h := a.answers()
		require.EqualValues(t, 10_000, h.n)
		require.InDelta(t, 2*time.Second, took, float64(10*time.Millisecond))
		require.Greater(t, h.max, 950*time.Millisecond)
		require.InDelta(t, 500*time.Millisecond, h.quantile(0.5), float64(50*time.Millisecond))
		require.Empty(t, a.losses.list())
	})
}

// What cannot even be asked within its patience is a loss of its own.
func TestARequestThatNeverGetsItsTurnIsALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, took := askSlow(t, Options{Rate: 10_000, For: time.Second, Patience: 200 * time.Millisecond}, 50*time.Millisecond)
		lost := a.losses.list()
		require.Len(t, lost, 1)
		require.Equal(t, notAsked, lost[0].What)
		require.Equal(t, "it waited 200ms for its turn: the rate is too high for this machine", lost[0].Why)
		require.EqualValues(t, 10_000, lost[0].Count+a.answers().n)
		require.Equal(t, a.sent.Load(), a.answers().n)
		require.LessOrEqual(t, took, 1300*time.Millisecond)
	})
}

// A server that keeps up is asked at the rate, evenly.
func TestRequestsAreSpreadOverTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, took := askSlow(t, Options{Rate: 100, For: 10 * time.Second, Patience: DefaultPatience}, time.Millisecond)
		h := a.answers()
		require.EqualValues(t, 1000, h.n)
		require.Equal(t, time.Millisecond, h.max)
		require.Equal(t, 9_991*time.Millisecond, took)
	})
}

func TestWhatCameOfARequest(t *testing.T) {
	for _, test := range []struct{ status, text, want string }{
		{"200 OK", `{"result":{"n":7}}`, ""},
		{"200 OK", `{"result":{"n":8}}`, "another request's answer came in its place"},
		{"200 OK", `{"result":{}}`, "a message without a number"},
		{"200 OK", `{`, "reading the outcome: unexpected end of JSON input"},
		{"200 OK", `{"error":{"code":-32000,"message":"no"}}`, "no (code -32000)"},
		{"504 Gateway Timeout", `{"status":504,"detail":"too slow"}`, "504 Gateway Timeout: too slow"},
		{"502 Bad Gateway", `<p>`, "502 Bad Gateway"},
	} {
		err := check(test.status, []byte(test.text), 7)
		if test.want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, test.want)
	}
}

func TestARequestThatComesTwiceOrElsewhere(t *testing.T) {
	f := inFlight{requests: map[int64]*request{}}
	f.start(1, "A")
	f.start(2, "B")
	require.Equal(t, "a request meant for another client", f.hear(1, "B"))
	require.Equal(t, "", f.hear(1, "A"))
	require.Equal(t, "the same request again", f.hear(1, "A"))
	f.refused(1, "418")
	f.refused(3, "nobody asked")
	heard, why := f.end(1)
	require.True(t, heard)
	require.Equal(t, "418", why)
	heard, why = f.end(2)
	require.False(t, heard)
	require.Empty(t, why)
	require.Equal(t, "a request that no one is waiting for", f.hear(2, "B"))

	a := newAsking("", Options{}, newLosses())
	a.hear("A", json.RawMessage(`{"n":1}`))
	a.hear("A", json.RawMessage(`[]`))
	require.Equal(t, []Loss{{foreign, 1, "a message without a number"}, {foreign, 1, "a request that no one is waiting for"}}, a.losses.list())
}
