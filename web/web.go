// Package web holds the pages that the servers show to a browser, and serves
// them from memory. Nothing is built, and nothing is loaded from elsewhere: what
// you read in these folders is what runs.
//
//   - sse-test: the test page. It shows what a real browser receives from an event
//     stream next to the stream's bytes. On a two-way server it is a client: it shows
//     the requests, and answers them. Its tests are in the same folder.
//   - sequence: the sequence diagram, for the demo's page and a trace's page; harness/site
//     and harness/trace write these pages and have their tests.
//   - home: the script and the style of the home page; harness/site is its
//     server and has its tests.
//   - shared: what all of them use.
package web

import (
	"bytes"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed */*.html */*.css */*.js
var files embed.FS

// contentTypes are spelt out, because the mime package asks the operating system,
// and some systems report a script as plain text.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
}

// policy allows a page to load only this folder's own scripts and styles, and to
// connect only to its own server or to one on this machine. It also stops any
// markup that a stream might smuggle in. (CSP Level 3)
const policy = "default-src 'none'; " +
	"script-src 'self'; " +
	"style-src 'self'; " +
	"img-src 'self' data:; " +
	"connect-src 'self' http://localhost:* http://127.0.0.1:*; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Handler serves the pages directly below /web/, whatever their folder, so that their
// addresses are short: the test page is at /web/sse-test.html. Scripts and styles are
// at their own paths, such as /web/shared/base.css.
// It answers GET and HEAD, and refuses other methods with 405 and other paths with 404.
// It is safe for concurrent use.
func Handler() http.Handler {
	mux := http.NewServeMux()
	names, err := fs.Glob(files, "*/*")
	if err != nil {
		panic(err) // the pattern is a good one
	}
	for _, name := range names {
		mux.Handle("GET /web/"+address(name), page(name))
	}
	return mux
}

// address returns where a file is found below /web/.
func address(name string) string {
	if path.Ext(name) == ".html" {
		return path.Base(name)
	}
	return name
}

// page serves one of the embedded files.
func page(name string) http.Handler {
	body := []byte(file(name))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentTypes[path.Ext(name)])
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		// A page that changed with the workbook must not come from the cache.
		h.Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	})
}

// file returns one of the embedded files.
func file(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // a test names each of them
	}
	return string(text)
}
