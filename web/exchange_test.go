package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
	"example.com/sseworkbook/web"
)

// exchange is the two-way server of lesson 07, beside the page. It is mounted
// below /below/ a second time, as behind a proxy.
type exchange struct {
	t      *testing.T
	server *cleanup.Server
	http   *httptest.Server
}

// newExchange starts an exchange on a free port of the loopback.
func newExchange(t *testing.T) *exchange {
	x := &exchange{t: t, server: cleanup.NewServer(0, 0)}
	mux := http.NewServeMux()
	mux.Handle("/web/", web.Handler())
	mux.Handle("/below/", http.StripPrefix("/below", x.server))
	mux.Handle("/", x.server)
	x.http = httptest.NewServer(mux)
	t.Cleanup(x.stop)
	return x
}

// stop ends all streams and waits, and closes the port.
func (x *exchange) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(x.t, x.server.Shutdown(ctx))
	x.http.Close()
}

// connected opens the page in a tab and connects to the server.
func (x *exchange) connected(b *browser.Browser) *browser.Tab {
	x.t.Helper()
	tab := b.Open(x.t, x.http.URL+"/web/sse-test.html", wide)
	tab.Click("connect")
	tab.Until("the endpoint makes the page a client of a two-way server", `!document.getElementById('two-way').hidden`)
	return tab
}

// session is the id of the tab's session, as its page shows it.
func session(tab *browser.Tab) string {
	return browser.Value[string](tab, `document.getElementById('session').textContent`)
}

// An answer is what the caller of a trigger got.
type answer struct {
	status int
	body   string
}

// fire has the server ask, as an outside system would. The answer comes later.
func (x *exchange) fire(t cleanup.Trigger) <-chan answer {
	x.t.Helper()
	body, err := json.Marshal(t)
	require.NoError(x.t, err)
	got := make(chan answer, 1)
	go func() { // ends with the answer, at the latest when the server shuts down
		defer close(got)
		resp, err := http.Post(x.http.URL+"/trigger", "application/json", strings.NewReader(string(body)))
		if err != nil {
			return
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		got <- answer{resp.StatusCode, strings.TrimSpace(string(text))}
	}()
	return got
}
