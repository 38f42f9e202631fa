// Package site is the workbook in the browser: the lessons with what is done and
// what is next, each lesson's text beside its steps, and one's own code beside the
// solution. A page that is open follows along while its reader saves. Only the
// command line uses it.
package site

import (
	"crypto/rand"
	"html/template"
	"net/http"
	"os"
	"sync"

	"example.com/sseworkbook/harness/catalog"
	learner "example.com/sseworkbook/harness/source"
	"example.com/sseworkbook/harness/watch"
	"example.com/sseworkbook/web"
)

// A Server shows a workbook to one browser on the same machine. It is safe for
// concurrent use; its fields are not to be changed once it serves.
type Server struct {
	// Demo is the event stream of the page /demo; nil: there is no such page.
	Demo http.Handler

	root    string
	lessons []catalog.Lesson
	source  Source
	pages   *template.Template
	process string        // tells the snapshots of this process from those of another
	streams chan struct{} // has an element for each stream that is open

	mu     sync.Mutex // guards latest
	latest *standing  // after the snapshot that was asked for last
}

// A Source says where the learner is, as a [watch.Watcher] does.
type Source interface {
	// Latest returns the latest snapshot, and a channel that is closed by the next.
	Latest() (watch.Snapshot, <-chan struct{})
}

// New returns the server for the workbook in root, with these lessons, in which
// source says how far they are. Its pages link to lines in the editor that the
// environment names.
func New(root string, lessons []catalog.Lesson, source Source) *Server {
	editor := ""
	if command := learner.Editor(os.Getenv); len(command) > 0 {
		editor = command[0]
	}
	return &Server{
		root: root, lessons: lessons, source: source, pages: newPages(root, lessons, editor),
		process: rand.Text()[:8], streams: make(chan struct{}, maxStreams),
	}
}

// Handler returns the pages. They are for this machine alone, which the handler
// sees to: see guard.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.front)
	mux.Handle("GET /lessons/{$}", http.RedirectHandler("/", http.StatusFound))
	mux.HandleFunc("GET /lessons/{name}", s.lesson)
	mux.HandleFunc("GET /lessons/{name}/diff", s.compare)
	for path, file := range documents {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { s.document(w, r, file) })
	}
	mux.HandleFunc("GET /events", s.events)
	mux.Handle("GET /web/", web.Handler())
	if s.Demo != nil {
		mux.HandleFunc("GET /demo", s.demo)
		mux.Handle("GET /demo/events", s.Demo)
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s.say(w, r, http.StatusNotFound, "There is no such page", "There is nothing at "+r.URL.Path+".")
	})
	return guard(mux)
}
