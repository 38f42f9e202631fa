package trace_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/sseworkbook/harness/trace"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

func TestTheDemoIsToldOverAnEventStream(t *testing.T) {
	before := goleak.IgnoreCurrent()
	server := httptest.NewServer(trace.NewDemo(0, nil))
	request, err := http.NewRequest(http.MethodGet, server.URL+"", nil)
	require.NoError(t, err)
	source, err := parsing.Connect(server.Client(), request)
	require.NoError(t, err)
	types := map[string]int{}
	for event, err := range source.Events() {
		if err != nil {
			break
		}
		types[event.Type]++
		if event.Type == "message" {
			require.Contains(t, event.Data, `"from":`)
		}
	}
	require.Equal(t, 1, types["lanes"])
	require.Equal(t, 1, types["end"])
	require.Greater(t, types["message"], 20)
	source.Close()
	server.Close()
	goleak.VerifyNone(t, before)
}

// Whoever leaves takes the conversation along: with its server nothing of it is left.
func TestADemoEndsWithItsReader(t *testing.T) {
	before := goleak.IgnoreCurrent()
	server := httptest.NewServer(trace.NewDemo(0, nil))
	resp, err := server.Client().Get(server.URL + "")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	server.Close() // waits for its handlers
	goleak.VerifyNone(t, before)
}

func TestOnlySoManyDemosRunAtOnce(t *testing.T) {
	server := httptest.NewServer(trace.NewDemo(1<<40, nil)) // each stays at its first rest
	defer server.Close()
	for range 4 {
		resp, err := server.Client().Get(server.URL + "")
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}
	resp, err := server.Client().Get(server.URL + "")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
}
