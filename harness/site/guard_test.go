package site_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// A name that somebody else has bound to this machine would make its pages theirs.
func TestAnotherHostIsRefused(t *testing.T) {
	d := newDesk(t)
	for host, status := range map[string]int{
		"localhost:8090":      http.StatusOK,
		"LOCALHOST":           http.StatusOK,
		"127.0.0.1:8090":      http.StatusOK,
		"[::1]:8090":          http.StatusOK,
		"[::1]":               http.StatusOK,
		"evil.example:8090":   http.StatusForbidden,
		"localhost.evil:8090": http.StatusForbidden,
		"127.0.0.1.evil:8090": http.StatusForbidden,
		"192.168.1.7:8090":    http.StatusForbidden,
		"localhost@evil:8090": http.StatusForbidden,
		"":                    http.StatusForbidden,
	} {
		for _, path := range []string{"/", "/lessons/01-greeting", "/web/home/home.css"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = host
			require.Equal(t, status, d.ask(r).StatusCode, "%s%s", host, path)
		}
	}
}

func TestOnlyGETIsAnswered(t *testing.T) {
	d := newDesk(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		response := d.ask(httptest.NewRequest(method, "http://localhost/lessons/01-greeting", nil))
		require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
		require.Equal(t, "GET, HEAD", response.Header.Get("Allow"))
	}
	for _, path := range []string{"/", "/events"} { // a HEAD of a stream ends
		require.Equal(t, http.StatusOK, d.ask(httptest.NewRequest(http.MethodHead, "http://localhost"+path, nil)).StatusCode)
	}
}

// No page loads or runs anything but this server's own, and none is shown in
// another site's frame.
func TestThePolicyOfThePages(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{"/", "/lessons/01-greeting", "/lessons/01-greeting/diff?show", "/readme", "/nothing"} {
		response := d.get(path)
		require.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "+
			"base-uri 'none'; form-action 'self'; frame-ancestors 'none'", response.Header.Get("Content-Security-Policy"))
		require.Equal(t, "same-origin", response.Header.Get("Cross-Origin-Resource-Policy"))
		require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NotContains(t, string(body), " style=")
		require.NotContains(t, string(body), " onclick=")
	}
}

func TestTheServerIsForThisMachineAlone(t *testing.T) {
	d := newDesk(t)
	for _, addr := range []string{":8090", "0.0.0.0:8090", "[::]:8090", "192.168.1.7:8090", "example.com:8090"} {
		require.ErrorContains(t, d.pages.Run(t.Context(), addr, io.Discard), "who reaches it could read your files")
	}
	require.ErrorContains(t, d.pages.Run(t.Context(), "8090", io.Discard), "an address is host:port")

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	require.ErrorContains(t, d.pages.Run(t.Context(), taken.Addr().String(), io.Discard), "is taken: another program listens there")
}

// run runs the pages at addr until the test, or what it returns, ends them.
func (d *desk) run(addr string) (url string, stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- d.pages.Run(ctx, addr, w) }()
	line, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(d.t, err)
	require.Regexp(d.t, `^listening on http://localhost:\d+ · Ctrl-C stops\n$`, line)
	stopped := false
	stop = func() error {
		cancel()
		if stopped {
			return nil
		}
		stopped = true
		return <-ended
	}
	d.t.Cleanup(func() { require.NoError(d.t, stop()) })
	return strings.Fields(line)[2], stop
}

// stream opens the stream of the server at url.
func stream(t *testing.T, url string) *parsing.Source {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/events", nil)
	require.NoError(t, err)
	source, err := parsing.Connect(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, r)
	require.NoError(t, err)
	t.Cleanup(func() { source.Close() })
	return source
}

// The stream says at once where things stand, then each change, and ends with the
// server as a stream should.
func TestTheStreamTellsOfEachUpdate(t *testing.T) {
	d := newDesk(t)
	url, stop := d.run("localhost:0")
	source := stream(t, url)
	first, err := source.Decode()
	require.NoError(t, err)
	require.Equal(t, "update", first.Type)
	require.JSONEq(t, `{"running":false,"lesson":"","passed":0,"steps":4}`, first.Data)

	d.ran(1)
	second, err := source.Decode()
	require.NoError(t, err)
	require.JSONEq(t, `{"running":false,"lesson":"01-greeting","passed":1,"steps":4}`, second.Data)
	require.NotEqual(t, first.ID, second.ID)
	require.Contains(t, d.page("/"), `data-version="`+second.ID+`"`, "a page says which update it shows")

	require.NoError(t, stop())
	_, err = source.Decode()
	require.Equal(t, io.EOF, err)
}

// A page of another site gets nothing, and takes no stream.
func TestAnotherSitesPageIsRefused(t *testing.T) {
	d := newDesk(t)
	for name, value := range map[string]string{"Origin": "http://localhost:3000", "Sec-Fetch-Site": "cross-site"} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost:8090/events", nil)
		r.Header.Set(name, value)
		require.Equal(t, http.StatusForbidden, d.ask(r).StatusCode, name)
	}
}

// However many pages there are, where things stand is worked out once for each
// update, and no more streams are open than there is room for.
func TestManyStreamsAreBounded(t *testing.T) {
	d := newDesk(t)
	url, stop := d.run("localhost:0")
	var open []*parsing.Source
	var first string
	for {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/events", nil)
		require.NoError(t, err)
		source, err := parsing.Connect(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, r)
		if full, ok := errors.AsType[*parsing.ResponseError](err); ok {
			require.Equal(t, http.StatusServiceUnavailable, full.StatusCode)
			require.NotEmpty(t, full.Header.Get("Retry-After"))
			break
		}
		require.NoError(t, err)
		defer source.Close()
		open = append(open, source)
		require.LessOrEqual(t, len(open), 100)
		event, err := source.Decode()
		require.NoError(t, err)
		first = event.ID
		d.write("lessons/02-parting/parting_test.go", "package parting_test\n") // its steps would be missing
	}
	require.Greater(t, len(open), 50)
	require.Contains(t, d.page("/"), `data-version="`+first+`"`)
	require.Contains(t, d.page("/"), "4 steps", "the page works out nothing anew")

	d.ran(1)
	for _, source := range open {
		event, err := source.Decode()
		require.NoError(t, err)
		require.Contains(t, event.Data, `"passed":1`)
	}
	require.NoError(t, stop())
}
