package pair_test

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
)

func TestCurl(t *testing.T) {
	for _, test := range []struct {
		method, url, body string
		header            http.Header
		want              string
	}{
		{"GET", "http://127.0.0.1:1234/events", "", http.Header{"Accept": {"text/event-stream"}},
			`curl -N -H 'Accept: text/event-stream' 'http://127.0.0.1:1234/events'`},
		{"POST", "http://127.0.0.1:1/a?b=c&d", `{"it's":1}`, http.Header{"X-B": {"2"}, "X-A": {"1", "0"}},
			`curl -N -H 'X-A: 1' -H 'X-A: 0' -H 'X-B: 2' -d '{"it'\''s":1}' 'http://127.0.0.1:1/a?b=c&d'`},
		{"POST", "http://127.0.0.1:1/a", "", nil, `curl -N -X POST 'http://127.0.0.1:1/a'`},
		{"POST", "http://127.0.0.1:1/a", "@home", nil, `curl -N --data-raw '@home' 'http://127.0.0.1:1/a'`},
		{"PUT", "http://127.0.0.1:1/a", "x", nil, `curl -N -X PUT -d 'x' 'http://127.0.0.1:1/a'`},
		{"HEAD", "http://127.0.0.1:1/a", "", nil, `curl -N --head 'http://127.0.0.1:1/a'`},
		{"GET", "https://127.0.0.1:1/a", "", nil, `curl -N -k 'https://127.0.0.1:1/a'`},
		{"GET", "https://example.com/a", "", http.Header{"Accept-Encoding": {"gzip"}, "User-Agent": {"Go-http-client/1.1"}},
			`curl -N 'https://example.com/a'`},
	} {
		r, err := http.NewRequest(test.method, test.url, strings.NewReader(test.body))
		require.NoError(t, err)
		if test.header != nil {
			r.Header = test.header
		}
		require.Equal(t, test.want, pair.Curl(r))
	}
}

// The line is right when curl sends what Go's client sent, as a server sees it.
func TestCurlSendsTheSameRequest(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl on this machine")
	}
	seen := make(chan string, 1)
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		line := fmt.Sprint(r.Method, r.Host, r.URL, r.Header["X-A"], r.Header["Content-Type"], string(body))
		seen <- line
	}))
	r, err := http.NewRequest("POST", p.URL+"/a?b=c", strings.NewReader("it's $HOME\nand \"more\""))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "text/plain")
	r.Header["X-A"] = []string{"1", "a b"}
	r.Host = "elsewhere.example"
	p.Do(r)
	ours := <-seen
	require.NoError(t, exec.CommandContext(t.Context(), "sh", "-c", pair.Curl(r)).Run())
	require.Equal(t, ours, <-seen)
}
