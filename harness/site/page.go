package site

import (
	"bytes"
	"embed"
	"html/template"
	"io"
	"net/http"

	"example.com/sseworkbook/harness/status"
)

//go:embed *.html
var files embed.FS

// pages are the templates, each by the name of its page.
var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"sentence": sentence,
	"inc":      func(i int) int { return i + 1 },
}).ParseFS(files, "*.html"))

// A head is what all pages have.
type head struct {
	Title               string
	Version             string // of what the page shows
	State               string // the lamp beside the verdict
	Trouble             string
	HasDemo             bool
	AllPassed, AllSteps int // steps of all lessons
}

// head returns the head of a page that shows where the learner is now. Its lamp is
// that of the lesson l, or of all of them if that is nil.
func (s *Server) head(now standing, title string, l *status.Lesson) head {
	return head{title, now.Version, now.lamp(l), now.Trouble, s.Demo != nil, now.Passed, now.Steps}
}

// show answers with a page. It is made whole first, so that half of one is never
// sent.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, page string, data any) {
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, page, data); err != nil {
		http.Error(w, "making the page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.Copy(w, &body) // a browser that has left needs no answer
}

// say answers with a page of one sentence, for what is not there or went wrong.
func (s *Server) say(w http.ResponseWriter, r *http.Request, status int, title, sentence string) {
	s.show(w, r, status, "say", struct {
		head
		Sentence string
	}{s.head(s.now().standing, title, nil), sentence})
}
