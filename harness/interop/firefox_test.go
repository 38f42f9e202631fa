package interop_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
)

// firefoxAtMost is how long a Firefox may run, and stopAtMost how long it may then
// take to end. Nothing waits for them to pass.
const firefoxAtMost, stopAtMost = 3 * time.Minute, 15 * time.Second

// A firefox is a Firefox with one page. It is for the one goroutine of its test.
type firefox struct {
	t        *testing.T
	commands io.Writer
	answers  *bufio.Scanner
}

// startFirefox starts a Firefox with a home of its own; both are gone after the test.
func startFirefox(t *testing.T) *firefox {
	program := find(t, "node")
	path, err := exec.LookPath("firefox-esr")
	if err != nil {
		path = find(t, "firefox")
	}
	if _, err := os.Stat("node/node_modules/puppeteer-core"); err != nil {
		missing(t, "the npm package puppeteer-core is not installed; to try the page in Firefox: npm ci --prefix harness/interop/node")
	}
	home := t.TempDir()
	ctx, stop := context.WithTimeout(context.Background(), firefoxAtMost)
	cmd := exec.CommandContext(ctx, program, "node/firefox.mjs", path, home)
	cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+home)
	cmd.Stderr = t.Output()
	cmd.WaitDelay = stopAtMost
	commands, err := cmd.StdinPipe()
	require.NoError(t, err)
	answers, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Cancel = commands.Close // with its input, the browser ends
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // the test's context has ended it
	})
	return &firefox{t, commands, bufio.NewScanner(answers)}
}

// do has the Firefox carry out a command of node/firefox.mjs.
func (f *firefox) do(value any, name string, args ...any) {
	f.t.Helper()
	line, err := json.Marshal(map[string]any{"name": name, "args": args})
	require.NoError(f.t, err)
	_, err = f.commands.Write(append(line, '\n'))
	require.NoError(f.t, err)
	require.True(f.t, f.answers.Scan(), "Firefox has ended, or took longer than %s, at: %s %v", firefoxAtMost, name, args)
	var answer struct {
		Value json.RawMessage
		Error string
	}
	require.NoError(f.t, json.Unmarshal(f.answers.Bytes(), &answer))
	require.Empty(f.t, answer.Error, "%s %v", name, args)
	if value != nil {
		require.NoError(f.t, json.Unmarshal(answer.Value, value))
	}
}

// until waits until a condition, a JavaScript expression, is true. sentence says
// what a person should see by then.
func (f *firefox) until(sentence, condition string) {
	f.t.Helper()
	f.t.Log("until " + sentence)
	f.do(nil, "value", browser.When(condition))
}

// shows waits until the element with the id shows the text.
func (f *firefox) shows(id, text string) {
	f.t.Helper()
	f.until(id+" shows "+text, fmt.Sprintf(`document.getElementById(%q).innerText.replace(/\s+/g, ' ').includes(%q)`, id, text))
}

// connect opens the page of the server at base and connects. Up to then the page is idle.
func (f *firefox) connect(base string) {
	f.t.Helper()
	f.do(nil, "open", base+"/web/sse-test.html", 1280)
	f.shows("state-word", "Idle")
	f.do(nil, "click", "#connect")
	f.shows("state-word", "Live")
}

// quiet sees to it that the console has had nothing to complain about.
func (f *firefox) quiet() {
	f.t.Helper()
	var complaints []string
	f.do(&complaints, "complaints")
	require.Empty(f.t, complaints)
}

// serveAt serves h at an address, and returns it as it is when the port was free to
// choose. stop cuts all connections; it may be called twice.
func serveAt(t *testing.T, address string, h http.Handler) (at string, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: h}}
	server.Start()
	stop = func() {
		server.CloseClientConnections()
		server.Close()
	}
	t.Cleanup(stop)
	return listener.Addr().String(), stop
}

func TestThePageInAFirefox(t *testing.T) {
	f := startFirefox(t)
	t.Run("on the basic server", func(t *testing.T) { f.on(t).followsTheBasicServer() })
	t.Run("on the bidirectional server", func(t *testing.T) { f.on(t).answersTheTwoWayServer() })
}

// on is the Firefox in a test of its own.
func (f *firefox) on(t *testing.T) *firefox { return &firefox{t, f.commands, f.answers} }

func (f *firefox) followsTheBasicServer() {
	address, stop := serveAt(f.t, "127.0.0.1:0", basicServer())
	f.connect("http://" + address)
	f.shows("events", `tick id 1 {"n":1,`)
	f.shows("bytes", "event: tickLF id: 1LF")
	f.quiet()
	stop()
	f.shows("events", "will send Last-Event-ID: 1")
	serveAt(f.t, address, basicServer())
	f.shows("events", "reconnected with Last-Event-ID: 1")
	f.shows("state-word", "Live")
	f.shows("count-reconnects", "1")
}

func (f *firefox) answersTheTwoWayServer() {
	address, stop := serveAt(f.t, "127.0.0.1:0", twoWayServer())
	f.connect("http://" + address)
	f.answersARequest(address)
	f.quiet()
	stop()
	f.shows("session", "none")
	serveAt(f.t, address, twoWayServer())
	f.answersARequest(address)
}

// answersARequest waits for a session, has its server ask, and answers.
func (f *firefox) answersARequest(address string) {
	f.t.Helper()
	f.until("there is a session", `document.getElementById('session').textContent !== 'none'`)
	outcome := trigger(f.t, "http://"+address, `{"method":"approve","params":{"amount":120}}`)
	f.shows("open-requests", `approve id 1 open`)
	f.do(nil, "click", "#open-requests .answer")
	f.shows("settled-requests", "Sent the result: 202 Accepted")
	require.JSONEq(f.t, `[{"result":{"approved":true}}]`, <-outcome)
}
