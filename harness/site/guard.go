package site

import (
	"net/http"

	"example.com/sseworkbook/harness/httpserve"
)

// policy lets a page load this server's own scripts and styles and nothing else,
// talk to this server alone, and stand in no other page. (CSP Level 3)
const policy = "default-src 'none'; " +
	"script-src 'self'; " +
	"style-src 'self'; " +
	"connect-src 'self'; " +
	"img-src 'self' data:; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard keeps out what other sites' pages send, as an [httpserve.Guard] does, and
// has the browser keep to this server's own scripts and styles. Nothing here changes anything, so only GET and HEAD
// are answered.
func guard(h http.Handler) http.Handler {
	h = httpserve.LocalGuard().Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "the home page is read-only: it answers only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		h.ServeHTTP(w, r)
	})
}
