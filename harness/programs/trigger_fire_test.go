package programs_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/programs"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// A bouncer has no room for the first triggers, and notes when it was asked, and for
// how long each was to wait.
type bouncer struct {
	refusals   int
	retryAfter string
	start      time.Time
	asked      []time.Duration
	timeouts   []int64
}

func (b *bouncer) RoundTrip(r *http.Request) (*http.Response, error) {
	var trigger cleanup.Trigger
	if err := json.NewDecoder(r.Body).Decode(&trigger); err != nil {
		return nil, err
	}
	b.asked = append(b.asked, time.Since(b.start))
	b.timeouts = append(b.timeouts, trigger.Timeout)
	if len(b.asked) <= b.refusals {
		response, err := respond(503, "application/problem+json", `{"status":503,"detail":"too much is in flight"}`)()
		if b.retryAfter != "" {
			response.Header.Set("Retry-After", b.retryAfter)
		}
		return response, err
	}
	return respond(200, "application/json", `{"result":"in"}`)()
}

// A server that has no room says when it will have some, and is asked again then, as
// long as the trigger's time lasts.
func TestTheTriggerClientAsksAgainWhenThereIsRoom(t *testing.T) {
	never := 1 << 20
	second := time.Second
	for name, test := range map[string]struct {
		bouncer  bouncer
		timeout  int64
		asked    []time.Duration
		timeouts []int64
		out      string
	}{
		"room after a while":        {bouncer{refusals: 2, retryAfter: "2"}, 0, []time.Duration{0, 2 * second, 4 * second}, []int64{0, 0, 0}, `4s  "in"`},
		"less time each time":       {bouncer{refusals: 1, retryAfter: "1"}, 2500, []time.Duration{0, second}, []int64{2500, 1500}, `1s  "in"`},
		"no room in time":           {bouncer{refusals: never, retryAfter: "1"}, 2500, []time.Duration{0, second, 2 * second}, []int64{2500, 1500, 500}, "503 Service Unavailable: too much is in flight"},
		"no room within the usual":  {bouncer{refusals: never, retryAfter: "14"}, 0, []time.Duration{0, 14 * second, 28 * second}, []int64{0, 0, 0}, "503 Service Unavailable: too much is in flight"},
		"a time of the day":         {bouncer{refusals: 1, retryAfter: "Sat, 01 Jan 2000 00:00:05 GMT"}, 0, []time.Duration{0, 5 * second}, []int64{0, 0}, `5s  "in"`},
		"nothing said of a return":  {bouncer{refusals: 1}, 0, []time.Duration{0}, []int64{0}, "503 Service Unavailable"},
		"what is no time":           {bouncer{refusals: 1, retryAfter: "soon"}, 0, []time.Duration{0}, []int64{0}, "503 Service Unavailable"},
		"at once is not a hot loop": {bouncer{refusals: 1, retryAfter: "0"}, 0, []time.Duration{0, second / 10}, []int64{0, 0}, `"in"`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				b := &test.bouncer
				b.start = time.Now()
				asker := &programs.TriggerClient{URL: "http://server.test/trigger", HTTP: &http.Client{Transport: b}, Count: 1, Out: &out,
					Trigger: cleanup.Trigger{Session: "S", Method: "approve", Timeout: test.timeout}}
				err := asker.Run(t.Context())
				require.Equal(t, strings.Contains(test.out, "503"), err != nil)
				require.Contains(t, out.String(), test.out)
				require.Equal(t, test.asked, b.asked)
				require.Equal(t, test.timeouts, b.timeouts)
			})
		})
	}
}

// A thousand triggers take no more connections than there are triggers under way.
func TestManyTriggersUseFewConnections(t *testing.T) {
	var connections, now, most atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for n, m := now.Add(1), most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		defer now.Add(-1)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{\"result\":1}\n")
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	var out strings.Builder
	asker := &programs.TriggerClient{URL: server.URL, Trigger: cleanup.Trigger{Session: "S", Method: "m"}, Count: 1000, Out: &out}
	require.NoError(t, asker.Run(t.Context()))
	require.Contains(t, out.String(), "1000 asked · 1000 answered · 0 failed")
	require.LessOrEqual(t, most.Load(), int64(programs.AskedAtOnce))
	require.LessOrEqual(t, connections.Load(), int64(programs.AskedAtOnce))
}

// A server that dies in the middle: what came back is summed up, and what did not is
// counted.
func TestTheTriggerClientSumsUpWhenTheServerDies(t *testing.T) {
	const answered = 400
	var asked atomic.Int64
	var dying sync.Once
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if asked.Add(1) > answered {
			dying.Do(func() { server.Listener.Close() })
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"result":1}`)
	}))
	defer server.Close()
	var out strings.Builder
	asker := &programs.TriggerClient{URL: server.URL, Trigger: cleanup.Trigger{Session: "S", Method: "m"}, Count: 1000, Out: &out}
	err := asker.Run(t.Context())
	require.Regexp(t, `\n\d+ asked · \d+ answered · 0 failed · round trip \S+ to \S+\n$`, out.String())
	require.ErrorContains(t, err, "asking "+server.URL+": ")
	require.Regexp(t, ` \(of 1000 triggers: \d+ without a reply, \d+ not sent\)$`, err.Error())
}

// A server that says that it shuts down, and then is gone, has said why.
func TestTheLastWordOfAServerThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		transport := roundTrip(func(*http.Request) (*http.Response, error) {
			if !first {
				return refuse()
			}
			first = false
			response, err := respond(503, "application/problem+json", `{"status":503,"detail":"the server is shutting down"}`)()
			response.Header.Set("Retry-After", "1")
			return response, err
		})
		var out strings.Builder
		asker := &programs.TriggerClient{URL: "http://server.test/trigger", HTTP: &http.Client{Transport: transport}, Count: 1, Out: &out,
			Trigger: cleanup.Trigger{Session: "S", Method: "approve"}}
		require.EqualError(t, asker.Run(t.Context()), "1 of 1 did not answer with a result")
		require.Contains(t, out.String(), "503 Service Unavailable: the server is shutting down\n")
	})
}

// roundTrip is a transport that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
