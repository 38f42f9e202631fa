package httpserve

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"example.com/sseworkbook/harness/visible"
)

// A Guard lets in what the server is there for, and refuses what a page of another
// site sends that is open in a browser on this machine, with a 403 that says why:
//
//   - A request has to call the server by a name that no other site can have bound
//     to this address (DNS rebinding). On a loopback address these are localhost and
//     the loopback addresses, elsewhere also every literal address and the name that
//     the server was told to listen at; and each of Allow.Hosts.
//   - A request with an Origin has to come from the server's own pages (an Origin
//     that is the Host), or from one of Allow.Origins, which gets the headers of
//     CORS. A page of another port of localhost is another program's.
//   - A request without an Origin that a browser says is another site's may open a
//     page in a tab, and nothing else.
//
// A program that is no browser sends no Origin, and passes. A Guard is safe for
// concurrent use.
type Guard struct {
	hosts    map[string]bool // names, in lower case, without a dot at the end
	literals bool            // whether every literal address is a name of the server's
	origins  map[string]bool
	closed   bool // there are no flags that let anybody else in
}

// NewGuard returns the guard of a server that was told to listen at asked and that
// listens at got.
func NewGuard(asked string, got net.Addr, allow Allow) (*Guard, error) {
	if err := allow.Check(); err != nil {
		return nil, err
	}
	g := &Guard{hosts: map[string]bool{}, literals: OnNetwork(got), origins: map[string]bool{}}
	if g.literals {
		g.hosts[plainName(hostOf(asked))] = true
	}
	for _, host := range allow.Hosts {
		g.hosts[plainName(host)] = true
	}
	for _, s := range allow.Origins {
		origin, _ := parseOrigin(strings.TrimSuffix(s, "/"))
		g.origins[origin.String()] = true
	}
	return g, nil
}

// LocalGuard returns the guard of a server that is for this machine alone.
func LocalGuard() *Guard { return &Guard{closed: true} }

// Handler returns next behind the guard.
func (g *Guard) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if why := g.refusal(r); why != "" {
			refuse(w, why)
			return
		}
		if g.share(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// refusal says in a sentence why r is refused, or "".
func (g *Guard) refusal(r *http.Request) string {
	origin := r.Header.Get("Origin")
	switch host := hostOf(r.Host); {
	case host == "":
		return "the request does not say which host it is for" + g.hint("; call the server localhost")
	case !g.named(host):
		return fmt.Sprintf("this server does not answer to the name %s, which another site could have bound to this address: call it localhost", visible.Quote(host)) +
			g.hint(", or start it with -host NAME")
	case origin == "null":
		return "a page without its own origin, because it was opened from a file or in a sandbox, may not use this server"
	case origin != "" && !g.own(r, origin) && !g.origins[origin]:
		return fmt.Sprintf("pages from %s may not use this server", visible.Quote(origin)) +
			g.hint("; to allow them, start it with -origin URL")
	case origin == "" && isForeign(r):
		return "a page from another origin sent this request, but may not use this server" +
			g.hint("; to allow it, start the server with -origin URL, and make the page use CORS")
	}
	return ""
}

// hint returns words about a flag, where there are such flags.
func (g *Guard) hint(words string) string {
	if g.closed {
		return ""
	}
	return words
}

// named reports whether host is one of the server's names.
func (g *Guard) named(host string) bool {
	if IsLocal(host) || g.hosts[plainName(host)] {
		return true
	}
	_, err := netip.ParseAddr(host)
	return g.literals && err == nil
}

// own reports whether origin is that of the server's own pages, as r calls it. The
// scheme is not compared: a proxy in front may be the one that speaks TLS.
func (g *Guard) own(r *http.Request, s string) bool {
	origin, ok := parseOrigin(s)
	return ok && origin.Host == plainHost(origin.Scheme, r.Host)
}

// isForeign reports whether a browser says that a page of another origin has sent
// r, which does not open a page in a tab. A stream is no page: it would hold a
// session that never answers. (Fetch Metadata)
func isForeign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	opens := r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	return !opens || strings.HasSuffix(r.URL.Path, "/events")
}

// share lets a page of an allowed origin read what comes back. It reports false if
// r only asked whether it may be sent (a preflight), which is answered then. (Fetch
// Standard, CORS protocol)
func (g *Guard) share(w http.ResponseWriter, r *http.Request) bool {
	if len(g.origins) == 0 {
		return true
	}
	header := w.Header()
	header.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !g.origins[origin] {
		return true
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "Retry-After")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return true
	}
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers", "Content-Type, Last-Event-ID, Cache-Control")
	header.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return false
}

// refuse answers with a problem. (RFC 9457)
func refuse(w http.ResponseWriter, why string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusForbidden)
	problem := struct {
		Status int    `json:"status"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}{http.StatusForbidden, http.StatusText(http.StatusForbidden), why}
	_ = json.NewEncoder(w).Encode(problem) // to a client that may have left
}

// hostOf returns the host in "host:port" or in "host".
func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// plainName returns a name in lower case, without a dot at its end.
func plainName(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }
