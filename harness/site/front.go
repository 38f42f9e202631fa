package site

import (
	"net/http"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/status"
)

// A line is a lesson in the list of the front page.
type line struct {
	status.Lesson
	Name, About string // the two parts of its title
	Next        bool   // what is next is in it
	Words       string // where it stands, in a few words
}

// front is the page of all lessons.
func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	now := s.now().standing
	data := struct {
		head
		Verdict string
		Next    *nextStep
		Lines   []line
	}{head: s.head(now, "Where you are", nil), Verdict: now.overall(), Next: now.nextStep()}
	for _, l := range now.Lessons {
		name, about := titleOf(l)
		next := now.State.Next != nil && now.State.Next.Lesson == l.Name
		data.Lines = append(data.Lines, line{l, name, about, next, now.words(l)})
	}
	s.show(w, r, http.StatusOK, "front", data)
}

// titleOf returns what a lesson's title says before and after its colon.
func titleOf(l status.Lesson) (name, about string) {
	name, about, _ = strings.Cut(l.Title, ": ")
	return name, about
}

// words says in a few words where a lesson stands.
func (now standing) words(l status.Lesson) string {
	switch {
	case l.Status == status.Done:
		return "done"
	case l.Status == status.Broken && open(l) < 0:
		return "something else fails"
	case l.Status == status.Broken:
		return "does not compile yet"
	}
	return ""
}

// overall says in one sentence where the learner is.
func (now standing) overall() string {
	switch {
	case now.Running && !now.Known:
		return "Running the tests for the first time …"
	case now.Running:
		return "Saved. Running the tests …"
	case now.Trouble != "":
		return "The tests could not be run."
	case !now.Known:
		return "The tests have not been run yet."
	case now.State.Next == nil:
		return "All lessons are done."
	}
	i := slices.IndexFunc(now.Lessons, func(l status.Lesson) bool { return l.Name == now.State.Next.Lesson })
	name, _ := titleOf(now.Lessons[i])
	return name + ": " + lowerFirst(now.verdict(now.Lessons[i]))
}

// lowerFirst returns a sentence as it goes on after a colon.
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// A nextStep is what is next.
type nextStep struct {
	Lesson   string // the folder's name
	Title    string // of the step, as a sentence; or what is to be done
	Message  message
	Location string // where it stands: "lessons/01-framing/part1_test.go:28"
}

// nextStep returns what is next; nil when all is done.
func (now standing) nextStep() *nextStep {
	n := now.State.Next
	if n == nil {
		return nil
	}
	next := &nextStep{Lesson: n.Lesson, Title: sentence(n.Step), Message: newMessage(n.Message), Location: n.Location()}
	i := slices.IndexFunc(now.Lessons, func(l status.Lesson) bool { return l.Name == n.Lesson })
	switch {
	case n.Step != "":
	case open(now.Lessons[i]) < 0:
		next.Title = "Something fails beside the steps"
	default:
		next.Title = "Make it compile"
	}
	return next
}

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
