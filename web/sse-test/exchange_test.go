package ssetest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
	"example.com/sseworkbook/web"
)

// exchange is the two-way server of lesson 07, beside the page. It is mounted
// below /below/ a second time, as behind a proxy.
type exchange struct {
	t       *testing.T
	server  *cleanup.Server
	http    *httptest.Server
	callers sync.WaitGroup // of triggers; they end with the server at the latest
}

// newExchange starts an exchange on a free port of the loopback.
func newExchange(t *testing.T) *exchange {
	x := &exchange{t: t, server: cleanup.NewServer()}
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
	x.callers.Wait()
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

// onlySessions waits until no other sessions than these are open.
func (x *exchange) onlySessions(ids ...string) {
	x.t.Helper()
	for _, s := range x.server.Sessions.All() {
		if slices.Contains(ids, s.ID()) {
			continue
		}
		select {
		case <-s.Done():
		case <-time.After(patience):
			x.t.Fatal("a session is open that nobody answers: the page has closed no second connection")
		}
	}
}

// An answer is what the caller of a trigger got.
type answer struct {
	status int
	body   string
}

// fire has the server ask, as an outside system would. The answer comes later.
func (x *exchange) fire(t cleanup.Trigger) <-chan answer {
	x.t.Helper()
	return x.fireUntil(context.Background(), t)
}

// fireUntil is fire by a caller that leaves when ctx ends. The channel is closed
// when the caller is through, with an answer or without.
func (x *exchange) fireUntil(ctx context.Context, t cleanup.Trigger) <-chan answer {
	x.t.Helper()
	body, err := json.Marshal(t)
	require.NoError(x.t, err)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, x.http.URL+"/trigger", bytes.NewReader(body))
	require.NoError(x.t, err)
	r.Header.Set("Content-Type", "application/json")
	got := make(chan answer, 1)
	x.callers.Go(func() {
		defer close(got)
		resp, err := x.http.Client().Do(r)
		if err != nil {
			return
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		got <- answer{resp.StatusCode, strings.TrimSpace(string(text))}
	})
	return got
}
