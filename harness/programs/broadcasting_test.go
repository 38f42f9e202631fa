package programs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/programs"
	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// told waits for the next notification, and returns its method and the event's ID.
func (p *peer) told(t *testing.T) (method, id string) {
	event, err := p.Decode()
	require.NoError(t, err)
	require.Equal(t, "notification", event.Type)
	var notification correlation.Request
	require.NoError(t, json.Unmarshal([]byte(event.Data), &notification))
	require.Empty(t, notification.ID)
	return notification.Method, event.ID
}

func TestANotificationReachesAllClientsAndIsKeptForOneThatComesBack(t *testing.T) {
	url := serve(t, twoWay(0, io.Discard).Handler())
	notify := func(body string) answered { return post(t, url+"/notify", "application/json", body) }
	alice, bob := join(t, url), join(t, url)
	require.Equal(t, http.StatusAccepted, notify(`{"method":"one","params":{"n":1}}`).status)
	for _, p := range []*peer{alice, bob} {
		method, _ := p.told(t)
		require.Equal(t, "one", method)
	}
	alice.Close()
	last := alice.LastEventID()
	for _, method := range []string{"two", "three"} {
		require.Equal(t, http.StatusAccepted, notify(`{"method":"`+method+`"}`).status)
	}
	back := &peer{Source: open(t, url+"/events", last)}
	event, err := back.Decode()
	require.NoError(t, err)
	require.Equal(t, "endpoint", event.Type)
	for _, want := range []string{"two", "three"} {
		method, id := back.told(t)
		require.Equal(t, want, method)
		require.NotEqual(t, last, id)
	}
}

func TestANotificationThatCannotBeSentIsAProblem(t *testing.T) {
	url := serve(t, twoWay(0, io.Discard).Handler())
	for _, c := range []struct {
		contentType, body string
		status            int
	}{
		{"application/json", `{"method":""}`, http.StatusBadRequest},
		{"application/json", `{"method":"x","id":"7"}`, http.StatusBadRequest},
		{"application/json", `{"method":`, http.StatusBadRequest},
		{"application/json", `[]`, http.StatusBadRequest},
		{"text/plain", `{"method":"x"}`, http.StatusUnsupportedMediaType},
		{"application/json", `{"method":"` + strings.Repeat("x", correlation.MaxBody) + `"}`, http.StatusRequestEntityTooLarge},
	} {
		got := post(t, url+"/notify", c.contentType, c.body)
		require.Equal(t, c.status, got.status, got.body)
		require.Equal(t, "application/problem+json", got.header.Get("Content-Type"))
	}
}

// status returns the status of a GET.
func status(t *testing.T, url string) int {
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	return response.StatusCode
}

func TestNotifyHasTheServerNotify(t *testing.T) {
	url := serve(t, twoWay(0, io.Discard).Handler())
	p := join(t, url)
	require.NoError(t, programs.Notify(t.Context(), url+"/notify", correlation.Request{Method: "news"}, 2, io.Discard))
	for range 2 {
		method, _ := p.told(t)
		require.Equal(t, "news", method)
	}
	require.ErrorContains(t, programs.Notify(t.Context(), url+"/notify", correlation.Request{}, 1, io.Discard), "400 Bad Request: a notification needs a method")
	require.ErrorContains(t, programs.Notify(t.Context(), serve(t, quiet().Handler())+"/notify", correlation.Request{Method: "x"}, 1, io.Discard), "404 Not Found, so this is not a bidirectional server")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, programs.Notify(ctx, url+"/notify", correlation.Request{Method: "x"}, 1, io.Discard), context.Canceled)
}

// A client reads nothing while there is far more to say than may wait for it.
func TestASlowClientMissesWhatItsQueueSays(t *testing.T) {
	for _, c := range []struct {
		queue, last string // the last events that the client gets
		count       string // in /healthz
	}{
		{"refuse", `gap`, "dropped"},
		{"oldest", `n1999`, "dropped"},
		{"latest", `n1999`, "replaced"},
		{"disconnect", ``, "disconnected"},
		{"", ``, "disconnected"},
	} {
		t.Run(c.queue, func(t *testing.T) { step.Bubble(t, func(t *testing.T) { playSlow(t, c.queue, c.last, c.count) }) })
	}
}

func playSlow(t *testing.T, queue, last, count string) {
	server := twoWay(0, io.Discard)
	server.Queue = queue
	p := pair.Memory(t, server.Handler(), pair.BufferSize(1<<10))
	slow := p.Open("/events")
	synctest.Wait()
	slow.Pause()
	for n := range 2000 {
		method := "news"
		if queue != "latest" {
			method = fmt.Sprint("n", n)
		}
		body := fmt.Sprintf(`{"method":%q,"params":{"text":"n%d %s"}}`, method, n, strings.Repeat("x", 100))
		require.Equal(t, http.StatusAccepted, p.Post("/notify", "application/json", body).Status)
	}
	slow.Resume()
	synctest.Wait()
	var health map[string]int
	require.NoError(t, json.Unmarshal([]byte(p.Get("/healthz").Body), &health))
	require.Positive(t, health[count], health)
	all := step.Values(parsing.NewDecoder(strings.NewReader(slow.Received())).Events())
	require.Contains(t, all[len(all)-1].Type+all[len(all)-1].Data, last)
	if last == "" {
		require.Zero(t, health["sessions"])
		require.Contains(t, slow.WaitEnd("the client was disconnected: its stream must end").Error(), "EOF")
	}
}

// counting starts a basic server that counts for all, and returns its URL.
func counting(t *testing.T, server *programs.BasicServer) (url string) {
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, programs.Address{Listen: "127.0.0.1:0"}, in) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-served)
	})
	var line [512]byte
	n, err := out.Read(line[:])
	require.NoError(t, err)
	return strings.Fields(string(line[:n]))[2]
}

func TestOneCountForAll(t *testing.T) {
	server := quiet()
	server.Interval, server.Replay = time.Millisecond, 100_000
	url := counting(t, server)
	next := func(source *parsing.Source) framing.Event {
		event, err := source.Decode()
		require.NoError(t, err)
		return event
	}
	a := open(t, url+"/events", "")
	require.Equal(t, "start", next(a).Type, "and no endpoint before it")
	first := next(a)
	require.Equal(t, "tick", first.Type)
	require.Equal(t, number(t, first)+1, number(t, next(a)))

	b := open(t, url+"/events", first.ID)
	require.Equal(t, number(t, first)+1, number(t, next(b)), "it gets what came after the event that it names")
	require.Equal(t, "reset", next(open(t, url+"/events", "17")).Type, "an id of another server's")
	require.Equal(t, http.StatusOK, status(t, url+"/healthz"))
}

// number returns the number in a tick.
func number(t *testing.T, event framing.Event) int {
	var tick struct{ N int }
	require.NoError(t, json.Unmarshal([]byte(event.Data), &tick))
	return tick.N
}

// What is missing is said in words.
func TestTheClientsSayWhatIsMissing(t *testing.T) {
	const wire = "event: reset\nid: x-7\ndata: \n\nevent: gap\ndata: 3\n\nid: x-11\ndata: on\n\n"
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, wire)
	}))
	var status strings.Builder
	client := &programs.BasicClient{URL: url, HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, Events: io.Discard, Status: &status, Limit: 3}
	require.NoError(t, client.Run(t.Context()))
	require.Contains(t, status.String(), "the server no longer has what came after the last event ID: events are missing here\n")
	require.Contains(t, status.String(), "this client was too slow: 3 events are missing here\n")
}
