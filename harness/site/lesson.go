package site

import (
	"bytes"
	"net/http"
	"os"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/hints"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
)

// A lessonPage is what the page of one lesson shows.
type lessonPage struct {
	head
	Lesson        *status.Lesson
	Dir           string             // its folder, with slashes
	Before, After *status.Lesson     // its neighbours; nil where there is none
	Open          *status.Step       // the step that is red, or that comes next; nil if it is not known
	Code          *excerpt           // the learner's own lines that the message names; nil if it names none
	Hints         []hints.Hint       // for the open step, of which each tells more than the one before
	NoHints       error              // why there are none
	Race          string             // what there is to say of the race detector; "" for nothing
	Command       string             // what shows a step that is red with the race detector only; or ""
	Mistakes      []mistakes.Record  // those of the open step
	Completion    catalog.Completion // what a lesson that is done says
	Avoided       []catalog.KnownMistake
	Text          string // in Markdown, as what Completion has
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
	page := s.lessonPage(s.now(), i)
	_, text, _ = bytes.Cut(text, []byte("\n")) // the title stands above it
	page.Text = string(hintsSection.ReplaceAll(text, []byte("$1")))
	s.show(w, r, http.StatusOK, "lesson", page)
}

// lessonPage returns the page of lesson number i, without its text.
func (s *Server) lessonPage(now *standing, i int) lessonPage {
	l := &now.Lessons[i]
	p := lessonPage{head: s.head(now, l.Short(), l), Lesson: l, Dir: "lessons/" + l.Name}
	p.Race, p.Command = s.race(now.results[i])
	if i > 0 {
		p.Before = &now.Lessons[i-1]
	}
	if i+1 < len(now.Lessons) {
		p.After = &now.Lessons[i+1]
	}
	p.Code = s.excerpt(now, i, l.Message)
	if n := l.Open(); n >= 0 && now.results[i].BuildError == "" && now.Known {
		p.Open = &l.Steps[n]
		p.Code = s.excerpt(now, i, p.Open.Message)
		p.Mistakes = s.mistakes(s.lessons[i], p.Open)
		p.Hints, p.NoHints = hints.All(now.results[i])
	}
	if l.Status == status.Done {
		p.Completion, _ = s.lessons[i].Completion() // a text that says nothing of the kind is no reason to fail
		p.Avoided = mistakes.Avoided(s.root, s.lessons[i], now.results[i].Race == progress.Raced)
		// Its commands are a block, which Markdown takes after a blank line only.
		p.Completion.Experiment = strings.Replace(p.Completion.Experiment, "\n", "\n\n", 1)
	}
	return p
}

// race says in a sentence what part the race detector has in a result, and names the
// command that shows what only it has found; "" where there is nothing to say.
func (s *Server) race(r progress.Result) (sentence, command string) {
	switch {
	case r.Race == progress.RaceDue:
		return sentenceOf(status.FirstRace), ""
	case r.Race == progress.RaceUntried:
		return sentenceOf(status.Untried([]progress.Result{r})), ""
	case r.Race == progress.Raced && !r.Done:
		return "", status.TestCommand(s.root, r)
	}
	return "", ""
}

// find returns the index of the lesson that the path names. A path that names it in
// another way is sent on to its own page, which is at /lessons/NAME and then suffix;
// one that names none is answered.
func (s *Server) find(w http.ResponseWriter, r *http.Request, suffix string) (i int, ok bool) {
	name := r.PathValue("name")
	found, err := catalog.Lookup(s.lessons, name)
	if err != nil {
		s.say(w, r, http.StatusNotFound, "There is no such lesson", sentenceOf(err.Error()))
		return 0, false
	}
	if found.Name != name {
		http.Redirect(w, r, "/lessons/"+found.Name+suffix, http.StatusFound)
		return 0, false
	}
	return slices.Index(s.lessons, found), true
}

// sentenceOf returns what begins in lower case, such as an error's text, as a sentence.
func sentenceOf(text string) string {
	text = strings.ToUpper(text[:1]) + text[1:]
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// mistakes returns those on record that turn the step red with what it says now.
func (s *Server) mistakes(lesson catalog.Lesson, step *status.Step) []mistakes.Record {
	all, _ := mistakes.Of(s.root, lesson) // they are an extra, and no page is missing for them
	return slices.DeleteFunc(all, func(m mistakes.Record) bool { return !m.Fits(step.Name, step.Message) })
}
