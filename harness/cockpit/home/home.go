// Package home is the cockpit in the browser: the lessons with what is done and
// what is next, each lesson's text beside its steps, and one's own code beside the
// solution. A page that is open follows along while its reader saves. Only the
// command line uses it.
package home

import (
	"crypto/rand"
	"net/http"
	"sync"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/cockpit"
	"example.com/sseworkbook/web"
)

// A Server shows a workbook to one browser on the same machine. It is safe for
// concurrent use; its fields are not to be changed once it serves.
type Server struct {
	// Demo is what /demo shows; nil: there is no such page.
	Demo http.Handler

	root    string
	lessons []catalog.Lesson
	where   Where
	process string        // tells the updates of this process from those of another
	streams chan struct{} // has an element for each stream that is open

	mu     sync.Mutex // guards latest
	latest view       // of the update that was asked for last
}

// Where says where the learner is, as a [cockpit.Cockpit] does.
type Where interface {
	// Latest returns the latest update, and a channel that is closed by the next.
	Latest() (cockpit.Update, <-chan struct{})
}

// New returns the server for the workbook in root, with these lessons, in which
// where says how far they are.
func New(root string, lessons []catalog.Lesson, where Where) *Server {
	return &Server{root: root, lessons: lessons, where: where, process: rand.Text()[:8], streams: make(chan struct{}, maxStreams)}
}

// Handler returns the pages. They are for this machine alone, which the handler
// sees to: see guard.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.front)
	mux.HandleFunc("GET /lessons/{name}", s.lesson)
	mux.HandleFunc("GET /lessons/{name}/diff", s.compare)
	for path, file := range documents {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { s.document(w, r, file) })
	}
	mux.HandleFunc("GET /events", s.events)
	mux.Handle("GET /web/", web.Handler())
	if s.Demo != nil {
		mux.Handle("GET /demo", s.Demo)
		mux.Handle("GET /demo/", s.Demo)
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s.say(w, r, http.StatusNotFound, "There is no such page", "Nothing is at "+r.URL.Path+".")
	})
	return guard(mux)
}
