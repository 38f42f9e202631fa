package interop_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// An event is what the EventSource under Node has made of one.
type event struct{ Type, ID, Data string }

// node runs the EventSource under Node on the stream at url.
func node(t *testing.T, url string) *bufio.Scanner {
	program := find(t, "node")
	if _, err := os.Stat("node/node_modules/eventsource"); err != nil {
		missing(t, "the npm package eventsource is not installed; to try the servers with it: npm ci --prefix harness/interop/node")
	}
	return run(t, program, "node/client.mjs", url)
}

// next returns the next event.
func next(t *testing.T, lines *bufio.Scanner) (e event) {
	require.True(t, lines.Scan(), "the client has ended: %v", lines.Err())
	require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
	return e
}

func TestNodeReadsTheBasicServer(t *testing.T) {
	got := next(t, node(t, serve(t, basicServer())+"/events"))
	require.Equal(t, "tick", got.Type)
	require.Equal(t, "1", got.ID)
	require.Contains(t, got.Data, `{"n":1,`)
}

func TestNodeReadsWhatWasSentAndComesBack(t *testing.T) {
	lines := node(t, serve(t, http.HandlerFunc(story)))
	require.Equal(t, event{"tick", "no. 7", hostile}, next(t, lines))
	require.Equal(t, event{"message", "no. 8", "welcome back after no. 7"}, next(t, lines))
}

func TestNodeAnswersTheTwoWayServer(t *testing.T) {
	url := serve(t, twoWayServer())
	lines := node(t, url+"/events")
	require.Equal(t, "endpoint", next(t, lines).Type)
	outcome := trigger(t, url, `{"method":"approve","params":{"amount":120}}`)
	require.Equal(t, "request", next(t, lines).Type)
	require.Equal(t, event{"answered", "1", "202"}, next(t, lines))
	require.JSONEq(t, `[{"result":{"by":"node","method":"approve","params":{"amount":120}}}]`, <-outcome)
}
