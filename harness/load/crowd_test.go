package load

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// A client whose stream the server ends has fallen off.
func TestAClientThatFallsOffIsALoss(t *testing.T) {
	server := httptest.NewServer(Handler())
	defer server.Close()
	l := newLosses()
	c := newCrowd(server.URL, 3, l, func(string, json.RawMessage) {}, func(json.RawMessage, string) {})
	require.True(t, c.connect(t.Context()))
	require.Len(t, c.present(), 3)
	require.EqualValues(t, 3, c.in.Load())
	server.CloseClientConnections()
	c.running.Wait()
	require.Zero(t, c.in.Load())
	require.Len(t, l.list(), 1)
	require.Equal(t, fellOff, l.list()[0].What)
	require.EqualValues(t, 3, l.list()[0].Count)
	c.close()
}

// Clients that leave because the run is over have not fallen off.
func TestAClientThatLeavesIsNoLoss(t *testing.T) {
	server := httptest.NewServer(Handler())
	defer server.Close()
	l := newLosses()
	c := newCrowd(server.URL, 3, l, func(string, json.RawMessage) {}, func(json.RawMessage, string) {})
	require.True(t, c.connect(t.Context()))
	c.close()
	require.Zero(t, c.in.Load(), "it waits until they have left")
	require.Empty(t, l.list())
}
