package home

import (
	"fmt"
	"html"
	"html/template"
	"net/http"
	"os"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/cockpit"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/progress"
)

// A lessonPage is what the page of one lesson shows.
type lessonPage struct {
	head
	Lesson         cockpit.Lesson
	Name, About    string // the two parts of its title
	Verdict        string
	Before, After  *line // its neighbours
	Open           *step // the step that is red, or that comes next
	Message        message
	Hints          []hint
	Mistakes       []mistakes.Record // those of the open step
	Steps          []step
	Done, Compiles bool
	Can            template.HTML // of a lesson that is done: what its reader can do now
	Experiment     template.HTML // and something to try
	Avoided        []avoided
	Text           template.HTML
}

// A step is one step of a lesson, on its page.
type step struct {
	cockpit.Step
	Number int
	About  string // what its comment says
	Words  string // its status, in a word that a screen reader reads
}

// An avoided is a mistake that others have shipped.
type avoided struct {
	Title   template.HTML
	Sources string
}

// A hint is one that folds open.
type hint struct {
	Title string
	About string
	Text  template.HTML
}

// lesson is the page of one lesson.
func (s *Server) lesson(w http.ResponseWriter, r *http.Request) {
	i, ok := s.find(w, r, "")
	if !ok {
		return
	}
	text, err := os.ReadFile(s.lessons[i].Readme())
	if err != nil {
		s.say(w, r, http.StatusInternalServerError, "The lesson's text cannot be read", err.Error())
		return
	}
	now := s.now().standing
	page := s.lessonPage(now, i)
	if page.Text, err = s.markdown(withoutHints(withoutTitle(text)), "lessons/"+s.lessons[i].Name); err != nil {
		s.say(w, r, http.StatusInternalServerError, "The lesson's text cannot be shown", err.Error())
		return
	}
	s.show(w, r, http.StatusOK, "lesson", page)
}

// find returns the index of the lesson that the path names. A path that names it in
// another way is sent on to its own page, which is at /lessons/NAME and then suffix;
// one that names none is answered.
func (s *Server) find(w http.ResponseWriter, r *http.Request, suffix string) (i int, ok bool) {
	name := r.PathValue("name")
	found, err := catalog.Lookup(s.lessons, name)
	if err != nil {
		s.say(w, r, http.StatusNotFound, "There is no such lesson", sentenceOf(err))
		return 0, false
	}
	if found.Name != name {
		http.Redirect(w, r, "/lessons/"+found.Name+suffix, http.StatusFound)
		return 0, false
	}
	for i, lesson := range s.lessons {
		if lesson == found {
			return i, true
		}
	}
	return 0, false
}

// sentenceOf returns an error as a sentence.
func sentenceOf(err error) string {
	text := err.Error()
	text = strings.ToUpper(text[:1]) + text[1:]
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// lessonPage returns the page of lesson number i, without its text.
func (s *Server) lessonPage(now standing, i int) lessonPage {
	l := now.Lessons[i]
	name, about := titleOf(l)
	p := lessonPage{
		head: s.head(now, name, &l), Lesson: l, Name: name, About: about, Verdict: now.verdict(l),
		Before: neighbour(now.Lessons, i-1), After: neighbour(now.Lessons, i+1),
		Message: newMessage(l.Message), Done: l.Status == cockpit.Done,
		Compiles: now.results[i].BuildError == "",
	}
	steps, _ := s.lessons[i].Steps() // without it, the steps have no comments
	for n, one := range l.Steps {
		about := ""
		if n < len(steps) {
			about = steps[n].Doc
		}
		p.Steps = append(p.Steps, step{one, n + 1, about, inWords(one.Status)})
	}
	if n := open(l); n >= 0 && p.Compiles && now.Known {
		p.Open, p.Message = &p.Steps[n], newMessage(l.Steps[n].Message)
		p.Mistakes = s.mistakes(s.lessons[i], p.Open.Name)
		p.Hints = s.hints(now.results[i])
	}
	if p.Done {
		s.praise(&p, s.lessons[i])
	}
	return p
}

// praise puts on the page what the text says to somebody who is done. A text that
// says nothing of the kind is no reason to fail.
func (s *Server) praise(p *lessonPage, lesson catalog.Lesson) {
	done, _ := lesson.Completion()
	dir := "lessons/" + lesson.Name
	p.Can, _ = s.markdown([]byte(done.Can), dir)
	// Its commands are a block, which Markdown takes after a blank line only.
	p.Experiment, _ = s.markdown([]byte(strings.Replace(done.Experiment, "\n", "\n\n", 1)), dir)
	for _, a := range done.KnownMistakes {
		title, _ := s.markdown([]byte(a.Title), dir)
		p.Avoided = append(p.Avoided, avoided{title, strings.Join(a.Sources, ", ")})
	}
}

// neighbour returns a lesson beside another; nil if none is there.
func neighbour(lessons []cockpit.Lesson, i int) *line {
	if i < 0 || i >= len(lessons) {
		return nil
	}
	name, about := titleOf(lessons[i])
	return &line{Lesson: lessons[i], Name: name, About: about}
}

// inWords returns a step's status as a person would call it.
func inWords(status progress.Status) string {
	switch status {
	case progress.Passed:
		return "passes"
	case progress.Failed:
		return "red"
	case progress.Waiting:
		return "waits"
	}
	return "not run"
}

// mistakes returns what people get wrong in one step.
func (s *Server) mistakes(lesson catalog.Lesson, step string) []mistakes.Record {
	all, err := mistakes.Of(s.root, lesson)
	if err != nil {
		return nil // they are an extra, and no page is missing for them
	}
	return slices.DeleteFunc(all, func(m mistakes.Record) bool { return m.Step() != step })
}

// hints returns the hints for the open step, of which each tells more than the one
// before.
func (s *Server) hints(r progress.Result) []hint {
	all, err := cockpit.AllHints(s.root, r)
	if err != nil {
		return []hint{{Title: "There are no hints", About: err.Error()}}
	}
	var hints []hint
	for i, h := range all {
		one := hint{Title: fmt.Sprintf("Hint %d of %d · %s", i+1, len(all), h.Title), About: h.About}
		switch {
		case i == 0:
			one.Title = fmt.Sprintf("Hint 1 of %d · for this step", len(all))
			one.Text = template.HTML("<p>" + html.EscapeString(h.Text) + "</p>")
		case h.Code:
			one.Text = template.HTML(codeBlock([]byte(h.Text), kindGo))
		default:
			if one.Text, err = s.markdown([]byte(h.Text), "lessons/"+r.Lesson.Name); err != nil {
				continue
			}
		}
		hints = append(hints, one)
	}
	return hints
}
