package home

import (
	"net"
	"net/http"
	"strings"
)

// policy lets a page load this server's own scripts and styles and nothing else,
// talk to this server alone, and stand in no other page. (CSP Level 3)
const policy = "default-src 'none'; " +
	"script-src 'self'; " +
	"style-src 'self'; " +
	"connect-src 'self'; " +
	"img-src 'self' data:; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard lets in what is meant for a page of this machine. A request for another
// host is refused: a name that some other site has bound to 127.0.0.1 would let
// its scripts read the workbook (DNS rebinding). Nothing here changes anything, so
// only GET and HEAD are answered.
func guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "the home page only shows things: it answers GET and HEAD", http.StatusMethodNotAllowed)
		case !isLocal(hostOf(r.Host)):
			http.Error(w, "the home page is for this machine alone: open it by the name localhost", http.StatusMisdirectedRequest)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// hostOf returns the host in "host:port" or in "host".
func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// isLocal reports whether host means this machine, and nobody else can mean it.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
