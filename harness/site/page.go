package site

import (
	"bytes"
	"embed"
	"html/template"
	"io"
	"net/http"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
)

//go:embed *.html
var files embed.FS

// newPages returns the templates, each by the name of its page, for the workbook in
// root. They link to the pages of these lessons, and to lines in an editor.
func newPages(root string, lessons []catalog.Lesson, editor string) *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"markdown": func(text, dir string) (template.HTML, error) { return markdown(lessons, []byte(text), dir) },
		"code":     func(text string) template.HTML { return template.HTML(codeBlock([]byte(text), kindGo)) },
		"command":  command,
		"symbols": func(text string) template.HTML {
			return template.HTML(symbols.Replace(template.HTMLEscapeString(text)))
		},
		"sentence": sentence,
		"capital":  capital,
		"inline":   inline,
		"place":    placeIn(root, editor),
		"message":  newMessage,
		"brief":    brief,
		"inWords":  inWords,
		"rows":     rows,
		"join":     func(texts []string) string { return strings.Join(texts, ", ") },
	}).ParseFS(files, "*.html"))
}

// A head is what all pages have.
type head struct {
	Title   string
	Mark    string // of the verdict, for a tab that is not in view; "" for none
	Now     *standing
	HasDemo bool
	Lamp    string // beside the verdict
	Verdict string // on the lesson, or on all of them
}

// head returns the head of a page that shows where the learner is now. Its verdict is
// on the lesson l, or on all of them if that is nil.
func (s *Server) head(now *standing, title string, l *status.Lesson) head {
	lamp, verdict := now.verdict(l)
	return head{title, marks[lamp], now, s.Demo != nil, lamp, verdict}
}

// marks are what stands for a lamp where there is no colour.
var marks = map[string]string{"running": "…", "green": "✓", "red": "✗"}

// A message is what a step that is red says.
type message struct {
	Sentence string // what was done, and what came of it
	Details  string // what was got and wanted, in columns
}

// newMessage parts the first line of text from the others.
func newMessage(text string) message {
	sentence, details, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return message{sentence, details}
}

// command returns a command as HTML, with a button that copies it.
func command(text string) template.HTML {
	return template.HTML("<code>" + template.HTMLEscapeString(text) + "</code> " + copyButton)
}

// inWords returns a step's status as a person would call it.
func inWords(s progress.Status) string {
	switch s {
	case progress.Passed:
		return "passes"
	case progress.Failed:
		return "red"
	case progress.Waiting:
		return "waits"
	}
	return "not run"
}

// show answers with a page. It is made whole first, so that half of one is never
// sent.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, page string, data any) {
	var body bytes.Buffer
	if err := s.pages.ExecuteTemplate(&body, page, data); err != nil {
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
	}{s.head(s.now(), title, nil), sentence})
}
