package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/web"
)

func serve(method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	web.Handler().ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestEachFileHasItsContentType(t *testing.T) {
	for path, want := range map[string]string{
		"/web/sse-test.html":         "text/html; charset=utf-8",
		"/web/sse-test/two-way.css":  "text/css; charset=utf-8",
		"/web/sse-test/rawstream.js": "text/javascript; charset=utf-8",
		"/web/sequence/sequence.js":  "text/javascript; charset=utf-8",
		"/web/home/home.css":         "text/css; charset=utf-8",
		"/web/home/home.js":          "text/javascript; charset=utf-8",
		"/web/shared/base.css":       "text/css; charset=utf-8",
	} {
		w := serve(http.MethodGet, path)
		require.Equal(t, http.StatusOK, w.Code, path)
		require.Equal(t, want, w.Header().Get("Content-Type"), "a browser does not run a script, nor apply a style, of another type: %s", path)
		require.NotEmpty(t, w.Body.String(), path)
	}
}

func TestAPageMayLoadNothingFromElsewhereAndIsNotCached(t *testing.T) {
	h := serve(http.MethodGet, "/web/sse-test.html").Header()
	require.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
		"connect-src 'self' http://localhost:* http://127.0.0.1:*; "+
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'", h.Get("Content-Security-Policy"))
	require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
	require.Equal(t, "no-cache", h.Get("Cache-Control"))
}

func TestHeadHasTheHeadersAndNoBody(t *testing.T) {
	w := serve(http.MethodHead, "/web/sse-test.html")
	require.Equal(t, http.StatusOK, w.Code)
	require.NotEmpty(t, w.Header().Get("Content-Length"))
	require.Empty(t, w.Body.String())
}

func TestOtherPathsAreNotThere(t *testing.T) {
	for _, path := range []string{"/", "/web", "/web/", "/web/web.go", "/web/none.html", "/web/sse-test/", "/web/sse-test/sse-test.html", "/web/sse-test/doc.go", "/web/sse-test.html/", "/sse-test.html"} {
		require.Equal(t, http.StatusNotFound, serve(http.MethodGet, path).Code, path)
	}
}

func TestOtherMethodsAreNotAllowed(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		w := serve(method, "/web/sse-test.html")
		require.Equal(t, http.StatusMethodNotAllowed, w.Code, method)
		require.Equal(t, "GET, HEAD", w.Header().Get("Allow"), method)
	}
}
