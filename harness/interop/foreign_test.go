package interop_test

import (
	"bufio"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/sseworkbook/harness/programs"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// missing skips a test whose foreign client is not there; in CI it has to be.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// find returns the path of a program.
func find(t *testing.T, name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name+" is not installed, so nothing is tried with it")
	}
	return path
}

// run starts a program until the end of the test, and returns what it prints.
func run(t *testing.T, name string, args ...string) *bufio.Scanner {
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stderr = t.Output()
	cmd.WaitDelay = time.Second
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() }) // it was killed with the test's context
	return bufio.NewScanner(output)
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

// basicServer is the one-way server, whose second event is an hour away.
func basicServer() http.Handler {
	return (&programs.BasicServer{Interval: time.Hour, Log: log.New(io.Discard, "", 0)}).Handler()
}

// twoWayServer is the bidirectional server.
func twoWayServer() http.Handler {
	return (&programs.BidirectionalServer{Server: cleanup.NewServer(), Log: log.New(io.Discard, "", 0)}).Handler()
}

// hostile is what an event may carry, and what must come out as it went in.
var hostile = "a: b\n\nevent: forged\ndata: x\n : y\n\u2028\U0001F600 end "

// story sends a client the hostile event and ends; when the client comes back, it
// is told what it has said was its last event.
func story(w http.ResponseWriter, r *http.Request) {
	stream, err := flushing.Open(w, r)
	if err != nil {
		return
	}
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		_ = stream.Send(framing.Event{ID: "no. 8", Data: "welcome back after " + last})
		<-r.Context().Done()
		return
	}
	_ = stream.Comment("hello")
	_ = stream.Send(framing.Event{Type: "tick", ID: "no. 7", Data: hostile, Retry: 10 * time.Millisecond})
}

// trigger fires a trigger at the server at base, and goes on; the outcome comes
// later, and is empty if there is none.
func trigger(t *testing.T, base, body string) <-chan string {
	outcome := make(chan string, 1)
	var firing sync.WaitGroup
	firing.Go(func() {
		defer close(outcome)
		response, err := http.Post(base+"/trigger", "application/json", strings.NewReader(body))
		if err != nil {
			t.Errorf("firing a trigger: %v", err)
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		outcome <- string(text)
	})
	t.Cleanup(firing.Wait)
	return outcome
}
