package programs_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/sseworkbook/harness/programs"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet returns a server whose second event is an hour away.
func quiet() *programs.BasicServer {
	return &programs.BasicServer{Interval: time.Hour, Log: log.New(io.Discard, "", 0)}
}

// open opens the stream at url, after the event with the id lastID.
func open(t *testing.T, url, lastID string) *parsing.Source {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	source, err := parsing.Connect(&http.Client{Transport: transport}, r)
	require.NoError(t, err)
	t.Cleanup(func() { source.Close() })
	return source
}

// serve serves h, and cuts what is still open at the end of the test.
func serve(t *testing.T, h http.Handler) (url string) {
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

func TestTheFirstEventComesAtOnce(t *testing.T) {
	source := open(t, serve(t, quiet().Handler())+"/events", "")
	event, err := source.Decode()
	require.NoError(t, err)
	require.Equal(t, "tick", event.Type)
	require.Equal(t, "1", event.ID)
	wait, said := source.ReconnectionTime()
	require.True(t, said)
	require.Equal(t, 2*time.Second, wait)

	var data struct {
		N    int
		Time time.Time
	}
	require.NoError(t, json.Unmarshal([]byte(event.Data), &data))
	require.Equal(t, 1, data.N)
	require.False(t, data.Time.IsZero())
}

func TestEventsAreCounted(t *testing.T) {
	server := quiet()
	server.Interval = time.Millisecond
	source := open(t, serve(t, server.Handler())+"/events", "")
	for _, want := range []string{"1", "2", "3"} {
		event, err := source.Decode()
		require.NoError(t, err)
		require.Equal(t, want, event.ID)
	}
}

func TestAStreamGoesOnAfterTheLastEventID(t *testing.T) {
	url := serve(t, quiet().Handler()) + "/events"
	for lastID, want := range map[string]string{
		"41":                   "42",
		"0":                    "1",
		"-1":                   "1",
		"+1":                   "1",
		"1e3":                  "1",
		"forged":               "1",
		"18446744073709551615": "1", // one more would be 0
		strings.Repeat("9", 9): "1000000000",
	} {
		event, err := open(t, url, lastID).Decode()
		require.NoError(t, err)
		require.Equal(t, want, event.ID, "after Last-Event-ID %q", lastID)
	}
}

func TestHeartbeatsAreComments(t *testing.T) {
	server := quiet()
	server.Heartbeat = time.Millisecond
	response, err := http.Get(serve(t, server.Handler()) + "/events")
	require.NoError(t, err)
	defer response.Body.Close()
	lines := bufio.NewReader(response.Body)
	for line := ""; line != ": \n"; {
		line, err = lines.ReadString('\n')
		require.NoError(t, err)
	}
}

func TestTheServerHasThePage(t *testing.T) {
	url := serve(t, quiet().Handler())
	response, err := http.Get(url) // goes on to the page
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "/web/sse-test.html", response.Request.URL.Path)

	missing, err := http.Get(url + "/nothing")
	require.NoError(t, err)
	defer missing.Body.Close()
	require.Equal(t, http.StatusNotFound, missing.StatusCode)
}

func TestServeEndsOpenStreamsWhenItIsToldTo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- quiet().Serve(ctx, programs.Address{Listen: "127.0.0.1:0"}, w) }()

	line, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err)
	require.Regexp(t, `^listening on (http://127\.0\.0\.1:\d+) · page: http://127\.0\.0\.1:\d+/web/sse-test\.html · Ctrl-C stops\n$`, line)
	source := open(t, strings.Fields(line)[2]+"/events", "")
	_, err = source.Decode()
	require.NoError(t, err)

	cancel()
	require.NoError(t, <-served)
	_, err = source.Decode()
	require.Equal(t, io.EOF, err, "the stream ends as it should, it does not break")
}
