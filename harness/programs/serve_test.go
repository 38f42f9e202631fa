package programs_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
	"example.com/sseworkbook/harness/httpserve"
	"example.com/sseworkbook/harness/programs"
)

// listening serves a server at an address until the test ends, and returns its URL.
func listening(t *testing.T, addr programs.Address, server *programs.BidirectionalServer) (url string) {
	ctx, stop := context.WithCancel(context.Background())
	r, w := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, addr, w) }()
	line, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err)
	go io.Copy(io.Discard, r)
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-served)
		w.Close()
	})
	return strings.Fields(line)[2]
}

// A page whose site has bound its name to this machine, and one of another origin,
// get nothing, and leave nothing behind: no session that never answers.
func TestAnotherSitesPageGetsNothingOfAServer(t *testing.T) {
	server := twoWay(0, io.Discard)
	url := listening(t, programs.Address{Listen: "127.0.0.1:0"}, server)
	p := join(t, url)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, page := range []struct{ host, origin, site string }{
		{"evil.example", "", ""},
		{"evil.example", "http://evil.example", "same-origin"},
		{"", "http://evil.example", "cross-site"},
		{"", "http://127.0.0.1:1", "same-site"},
		{"", "", "cross-site"},
	} {
		for _, what := range []string{"GET /healthz", "GET /events", "GET /web/sse-test.html", "POST /trigger", "POST /responses?session=" + p.session} {
			method, path, _ := strings.Cut(what, " ")
			r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(`{"method":"approve"}`))
			require.NoError(t, err)
			r.Host = page.host
			r.Header.Set("Content-Type", "application/json")
			for name, value := range map[string]string{"Origin": page.origin, "Sec-Fetch-Site": page.site} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			response, err := client.Do(r)
			require.NoError(t, err)
			response.Body.Close()
			require.Equal(t, http.StatusForbidden, response.StatusCode, "%s for %+v", what, page)
		}
	}
	require.Equal(t, 1, server.Sessions.Len(), "the client's own")
	require.Zero(t, server.Caller.Len())
}

func TestWhatCannotBeAllowedIsSaidBeforeItListens(t *testing.T) {
	for _, allow := range []httpserve.Allow{{Hosts: []string{"*"}}, {Origins: []string{"*"}}} {
		err := quiet().Serve(t.Context(), programs.Address{Listen: "127.0.0.1:0", Allow: allow}, io.Discard)
		require.ErrorContains(t, err, `(got "*")`)
	}
}

// visitor is a page that tries what another origin's page may try.
const visitor = `<!doctype html><title>visitor</title><script>
const at = new URLSearchParams(location.search).get('at');
const seen = document.documentElement.dataset;
const source = new EventSource(at + '/events');
source.addEventListener('endpoint', () => { seen.stream = 'open'; });
source.addEventListener('error', () => { seen.stream = 'refused'; source.close(); });
const trigger = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"session":"none","method":"approve"}' };
fetch(at + '/trigger', trigger).then((r) => { seen.trigger = r.status; }, () => { seen.trigger = 'refused'; });
new Image().src = at + '/events';
</script>`

// A browser keeps to it: the page of another origin is kept out, and let in where
// its origin is allowed.
func TestAPageOfAnotherOriginInABrowser(t *testing.T) {
	b := browser.Start(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, visitor)
	}))
	defer page.Close()
	for _, test := range []struct {
		origins         []string
		stream, trigger string
		sessions        int
	}{
		{nil, "refused", "refused", 0},
		{[]string{page.URL}, "open", "404", 1},
	} {
		server := twoWay(0, io.Discard)
		url := listening(t, programs.Address{Listen: "127.0.0.1:0", Allow: httpserve.Allow{Origins: test.origins}}, server)
		tab := b.Open(t, page.URL+"/?at="+url, 800)
		tab.Until("the page has tried both", `document.documentElement.dataset.stream && document.documentElement.dataset.trigger`)
		require.Equal(t, test.stream, browser.Value[string](tab, `document.documentElement.dataset.stream`))
		require.Equal(t, test.trigger, browser.Value[string](tab, `document.documentElement.dataset.trigger`))
		require.Equal(t, test.sessions, server.Sessions.Len())
		tab.Close()
	}
}
