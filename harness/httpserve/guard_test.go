package httpserve_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/httpserve"
)

// A door is a guard with a handler behind it that lets everything pass.
type door struct {
	t *testing.T
	http.Handler
}

// guarded returns a server that was told to listen at asked and listens at got.
func guarded(t *testing.T, asked, got string, allow httpserve.Allow) door {
	addr, err := net.ResolveTCPAddr("tcp", got)
	require.NoError(t, err)
	guard, err := httpserve.NewGuard(asked, addr, allow)
	require.NoError(t, err)
	return door{t, guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "in") }))}
}

// ask sends a request with these headers, "Name: value", and returns the answer.
func (d door) ask(method, path, host string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "http://server.test"+path, nil)
	r.Host = host
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result()
}

// lets fails unless the request passes, or is refused, as it should.
func (d door) lets(pass bool, method, path, host string, headers ...string) {
	d.t.Helper()
	response := d.ask(method, path, host, headers...)
	body, err := io.ReadAll(response.Body)
	require.NoError(d.t, err)
	if pass {
		require.Equal(d.t, "in", string(body), "%s %s of %s with %q", method, path, host, headers)
		return
	}
	require.Equal(d.t, http.StatusForbidden, response.StatusCode, "%s %s of %s with %q", method, path, host, headers)
	require.Equal(d.t, "application/problem+json", response.Header.Get("Content-Type"))
	require.Contains(d.t, string(body), `"status":403`)
	require.Empty(d.t, response.Header.Get("Access-Control-Allow-Origin"))
}

// A name that some other site has bound to this address would make its pages the
// server's own.
func TestTheNamesOfAServerOnLoopback(t *testing.T) {
	for _, got := range []string{"127.0.0.1:8080", "[::1]:8080"} {
		d := guarded(t, "localhost:8080", got, httpserve.Allow{Hosts: []string{"Box.example"}})
		for host, pass := range map[string]bool{
			"localhost:8080": true, "LOCALHOST": true, "localhost.": true, "app.localhost:8080": true, "localhost:9000": true,
			"127.0.0.1:8080": true, "127.8.9.10": true, "[::1]:8080": true, "[::1]": true, "[::ffff:127.0.0.1]:8080": true,
			"box.example:8080": true, "BOX.EXAMPLE.": true,
			"evil.example:8080": false, "localhost.evil:8080": false, "127.0.0.1.evil:8080": false, "evillocalhost": false,
			"192.168.1.7:8080": false, "0.0.0.0:8080": false, "[fe80::1]:8080": false, "localhost@evil:8080": false,
			"": false, ":8080": false, "a.box.example": false, "2130706433": false,
		} {
			d.lets(pass, http.MethodGet, "/events", host)
		}
	}
}

// On the network, a literal address can be no name of another site's.
func TestTheNamesOfAServerOnTheNetwork(t *testing.T) {
	for _, got := range []string{"0.0.0.0:8080", "[::]:8080", "192.168.1.7:8080"} {
		d := guarded(t, "studio.example:8080", got, httpserve.Allow{Hosts: []string{"box.example"}})
		for host, pass := range map[string]bool{
			"localhost:8080": true, "127.0.0.1:8080": true, "192.168.1.7:8080": true, "[fe80::1]:8080": true,
			"box.example:8080": true, "studio.example": true,
			"evil.example:8080": false, "192.168.1.7.evil": false, "": false,
		} {
			d.lets(pass, http.MethodPost, "/trigger", host)
		}
	}
	guarded(t, ":8080", "[::]:8080", httpserve.Allow{}).lets(false, http.MethodGet, "/", "")
}

// Another port of localhost is another program, whose pages are not the server's.
func TestThePagesThatMayUseAServer(t *testing.T) {
	d := guarded(t, "localhost:8080", "127.0.0.1:8080", httpserve.Allow{Origins: []string{"https://App.example:443/", "http://localhost:3000"}})
	for origin, pass := range map[string]bool{
		"http://localhost:8080": true, "https://localhost:8080": true, "http://LOCALHOST:8080": true,
		"https://app.example": true, "http://localhost:3000": true,
		"http://localhost:8090": false, "http://localhost": false, "http://127.0.0.1:8080": false, "https://localhost:3000": false,
		"http://app.example": false, "https://app.example:8443": false, "https://evil.example": false, "https://app.example.evil": false,
		"null": false, "file://": false, "localhost:8080": false, "http://localhost:8080/": false, "http://localhost:8080@evil": false,
	} {
		d.lets(pass, http.MethodPost, "/trigger", "localhost:8080", "Origin: "+origin)
		d.lets(pass, http.MethodGet, "/events", "localhost:8080", "Origin: "+origin, "Sec-Fetch-Site: cross-site")
	}
	d.lets(true, http.MethodGet, "/", "localhost", "Origin: http://localhost")
	d.lets(true, http.MethodGet, "/", "localhost:80", "Origin: http://localhost")
	d.lets(false, http.MethodGet, "/", "evil.example", "Origin: http://evil.example")
}

// A browser sends no Origin with an image or a link, but says whose page it is of.
func TestAPageThatSendsNoOrigin(t *testing.T) {
	d := guarded(t, "localhost:8080", "127.0.0.1:8080", httpserve.Allow{})
	navigate := []string{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}
	for _, site := range []string{"none", "same-origin"} {
		d.lets(true, http.MethodGet, "/events", "localhost:8080", "Sec-Fetch-Site: "+site)
	}
	for _, site := range []string{"cross-site", "same-site"} {
		from := "Sec-Fetch-Site: " + site
		d.lets(false, http.MethodGet, "/events", "localhost:8080", from, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image")
		d.lets(false, http.MethodGet, "/healthz", "localhost:8080", from)
		d.lets(false, http.MethodGet, "/web/sse-test.html", "localhost:8080", from, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe")
		d.lets(true, http.MethodGet, "/web/sse-test.html", "localhost:8080", append(navigate, from)...)
		d.lets(false, http.MethodGet, "/events", "localhost:8080", append(navigate, from)...)
		d.lets(false, http.MethodPost, "/trigger", "localhost:8080", append(navigate, from)...)
	}
}

func TestAnAllowedPageMayReadWhatComesBack(t *testing.T) {
	d := guarded(t, "localhost:8080", "127.0.0.1:8080", httpserve.Allow{Origins: []string{"http://localhost:3000"}})
	read := d.ask(http.MethodGet, "/events", "localhost:8080", "Origin: http://localhost:3000")
	require.Equal(t, "http://localhost:3000", read.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "Origin", read.Header.Get("Vary"))

	preflight := d.ask(http.MethodOptions, "/trigger", "localhost:8080", "Origin: http://localhost:3000", "Access-Control-Request-Method: POST")
	require.Equal(t, http.StatusNoContent, preflight.StatusCode)
	require.Contains(t, preflight.Header.Get("Access-Control-Allow-Methods"), "POST")
	require.Contains(t, preflight.Header.Get("Access-Control-Allow-Headers"), "Content-Type")
	d.lets(false, http.MethodOptions, "/trigger", "localhost:8080", "Origin: http://localhost:3001", "Access-Control-Request-Method: POST")

	own := d.ask(http.MethodGet, "/events", "localhost:8080", "Origin: http://localhost:8080")
	require.Empty(t, own.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "Origin", own.Header.Get("Vary"), "what is cached for one is not for the other")
}

// A refusal says what to do, and repeats little of what a peer sends.
func TestARefusalNamesTheFlag(t *testing.T) {
	d := guarded(t, "localhost:8080", "127.0.0.1:8080", httpserve.Allow{})
	local := door{t, httpserve.LocalGuard().Handler(d)}
	for want, headers := range map[string][]string{"-host": nil, "-origin": {"Origin: https://evil.example"}} {
		host := map[string]string{"-host": strings.Repeat("e", 1<<20), "-origin": "localhost"}[want]
		body, err := io.ReadAll(d.ask(http.MethodGet, "/", host, headers...).Body)
		require.NoError(t, err)
		require.Contains(t, string(body), want)
		require.Less(t, len(body), 1000)
		body, err = io.ReadAll(local.ask(http.MethodGet, "/", host, headers...).Body)
		require.NoError(t, err)
		require.NotContains(t, string(body), want, "it has no such flag")
	}
	local.lets(true, http.MethodGet, "/", "localhost:8090")
	local.lets(false, http.MethodGet, "/", "192.168.1.7:8090")
}

func TestWhatMayBeAllowed(t *testing.T) {
	for _, host := range []string{"box", "box.example", "xn--bx-eka.example", "a_b.example.", "192.168.1.7"} {
		require.NoError(t, httpserve.Allow{Hosts: []string{host}}.Check(), host)
	}
	for _, host := range []string{"", "*", "*.example", "box.example:8080", "http://box.example", "bóx.example", "a b", "-a", "a..b", "[::1]", strings.Repeat("a", 254)} {
		require.ErrorContains(t, httpserve.Allow{Hosts: []string{"good.example", host}}.Check(), "-host must be a name without scheme or port, such as box.example", host)
	}
	for _, origin := range []string{"http://localhost:3000", "https://app.example", "https://app.example/", "HTTP://App.example:80", "http://[::1]:3000", "http://192.168.1.7"} {
		require.NoError(t, httpserve.Allow{Origins: []string{origin}}.Check(), origin)
	}
	for _, origin := range []string{"", "*", "null", "app.example", "localhost:3000", "ftp://app.example", "http://", "http://:3000", "http://a:", "http://a:99999",
		"http://a:b", "http://app.example/page", "http://app.example?q", "http://app.example#f", "http://me@app.example", "http://*.example", "http://a b", "http://a//"} {
		err := httpserve.Allow{Origins: []string{origin}}.Check()
		require.ErrorContains(t, err, "-origin must be scheme, host and", origin)
		_, err = httpserve.NewGuard("localhost:1", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, httpserve.Allow{Origins: []string{origin}})
		require.Error(t, err)
	}
}
