// Package status is where a learner is, from run to run: what is done, what comes
// next, and where it stands. The command line prints it; the terminal and the pages
// in the browser show it.
package status

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// A State is where a learner is, in terms for programs: the command line prints it
// as JSON, and the page shows it. Its names stay as they are; new ones may come.
type State struct {
	Lessons []Lesson `json:"lessons"`
	Next    *Next    `json:"next"` // null when every lesson is done
}

// Status says where a lesson stands.
type Status string

// A lesson is one of these.
const (
	Open   Status = "open"   // a step is still to be made green
	Broken Status = "broken" // it does not compile, or fails beside its steps
	Racing Status = "racing" // all steps pass, and the race detector is still to run them; JSON never has it
	Done   Status = "done"
)

// A Lesson is where one lesson stands.
type Lesson struct {
	Number  int    `json:"number"`
	Name    string `json:"name"`  // the folder's name in lessons/ and solutions/
	Title   string `json:"title"` // the first line of its README
	Status  Status `json:"status"`
	Passed  int    `json:"passed"`  // how many of its steps pass
	Message string `json:"message"` // of a broken lesson: what is wrong; or ""
	// Race is "raced" if the race detector has run the steps, "untried" if they pass and
	// it cannot be had here, and "" if it has no part in them.
	Race  progress.Race `json:"race"`
	Steps []Step        `json:"steps"`

	Compiles bool `json:"-"` // if not, its passed steps are those of when it did, where that is known
}

// A Step is where one step stands.
type Step struct {
	Name    string          `json:"name"`   // of its test
	Status  progress.Status `json:"status"` // "passed", "failed", "waiting" or "unknown"
	Message string          `json:"message"`
	Printed string          `json:"printed"` // by the learner's code; the last lines of it
	File    string          `json:"file"`    // where it stands, from the workbook's folder, with slashes; the lesson's folder, if it is not found
	Line    int             `json:"line"`
	Doc     string          `json:"-"` // what its comment says
}

// Next is what there is to do next.
type Next struct {
	Lesson  string `json:"lesson"`
	Step    string `json:"step"` // "" when the lesson is broken
	Message string `json:"message"`
	File    string `json:"file"`
	Line    int    `json:"line"` // 0: the file as a whole
}

// New returns the state that results are, for a workbook in root.
func New(root string, results []progress.Result) State {
	s := State{Lessons: []Lesson{}}
	for _, r := range results {
		s.Lessons = append(s.Lessons, newLesson(root, r))
	}
	if i := firstOpen(results); i >= 0 {
		s.Next = next(root, s.Lessons[i], results[i])
	}
	return s
}

// newLesson returns where the lesson of one result stands.
func newLesson(root string, r progress.Result) Lesson {
	l := Lesson{
		Number: r.Lesson.Number, Name: r.Lesson.Name, Title: r.Lesson.Title,
		Status: Open, Passed: r.Passed(), Steps: []Step{}, Race: r.Race, Compiles: r.BuildError == "",
	}
	switch broken := r.BuildError + r.Outside; {
	case r.Done:
		l.Status = Done
	case r.Race == progress.RaceDue:
		l.Status = Racing
	case broken != "":
		l.Status, l.Message = Broken, strings.TrimSpace(broken)
	}
	steps, _ := r.Lesson.Steps() // a test file that cannot be read is in the result's BuildError
	for _, step := range r.Steps {
		at := find(steps, step.Name)
		l.Steps = append(l.Steps, Step{step.Name, step.Status, step.Message, step.LastPrinted(), relativeFile(root, r.Lesson, at), at.Line, at.Doc})
	}
	return l
}

// Open returns the index of the step that is red, or that comes next; -1 if there is
// none.
func (l Lesson) Open() int {
	return slices.IndexFunc(l.Steps, func(s Step) bool { return s.Status != progress.Passed })
}

// Short returns what the lesson's title says before its colon: "Framing".
func (l Lesson) Short() string {
	short, _, _ := strings.Cut(l.Title, ": ")
	return short
}

// About returns what the lesson's title says after its colon.
func (l Lesson) About() string {
	_, about, _ := strings.Cut(l.Title, ": ")
	return about
}

// next returns what there is to do in a lesson that is not done.
func next(root string, l Lesson, r progress.Result) *Next {
	if i := l.Open(); i >= 0 && r.BuildError == "" {
		step := l.Steps[i]
		return &Next{l.Name, step.Name, step.Message, step.File, step.Line}
	}
	return &Next{Lesson: l.Name, Message: l.Message, File: Relative(root, r.Lesson.File())}
}

// At returns a line of a file as an editor takes it, or the file as a whole if that is 0.
func At(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// AllDone is what is said when every lesson is done.
const AllDone = "All lessons are done."

// A Way is something to do when every lesson is done.
type Way struct{ Command, What string }

// GoOn are the ways to go on then.
var GoOn = []Way{
	{"go run ./harness demo -mine", "see your own code at work, message by message"},
	{"go run ./harness load -mine", "put it under load: a thousand clients"},
	{"go run ./harness bench -mine 3", "measure a lesson of yours next to ours"},
	{"go run ./harness update", "get the lessons that are new"},
}

// GoOnText returns AllDone and the ways to go on, a line each.
func GoOnText() string {
	text := AllDone
	for _, way := range GoOn {
		text += fmt.Sprintf("\n%-31s %s", way.Command, way.What)
	}
	return text
}

// FirstOpen returns the first lesson that is not done, which is the one that is next,
// if there is one. One that only waits for the race detector comes after all others.
func FirstOpen(results []progress.Result) (r progress.Result, ok bool) {
	i := firstOpen(results)
	if i < 0 {
		return progress.Result{}, false
	}
	return results[i], true
}

// firstOpen returns the index of what FirstOpen returns, or -1.
func firstOpen(results []progress.Result) int {
	i := slices.IndexFunc(results, func(r progress.Result) bool { return !r.Done && r.Race != progress.RaceDue })
	if i < 0 {
		i = slices.IndexFunc(results, func(r progress.Result) bool { return !r.Done })
	}
	return i
}

// Summary says in a few words how far a lesson is; numbers are two columns wide.
func Summary(r progress.Result) string {
	counts := fmt.Sprintf("%2d of %d steps", r.Passed(), len(r.Steps))
	switch {
	case r.Done:
		return counts + " · done"
	case r.Race == progress.RaceDue:
		return counts + " · -race to come"
	case r.BuildError != "":
		return "does not compile yet"
	case r.Outside != "":
		return counts + " · something else failed"
	case r.Race == progress.Raced:
		return counts + " with -race"
	}
	return counts
}

// Location returns where a step stands, as an editor takes it, from the folder root:
// "lessons/…/part1_test.go:21"; the lesson's folder, if it is not found.
func Location(root string, lesson catalog.Lesson, name string) string {
	steps, _ := lesson.Steps() // without them, the folder is all that is known
	at := find(steps, name)
	return At(relativeFile(root, lesson, at), at.Line)
}

// find returns the step called name, which is empty if there is none.
func find(steps []catalog.Step, name string) catalog.Step {
	i := slices.IndexFunc(steps, func(s catalog.Step) bool { return s.Name == name })
	if i < 0 {
		return catalog.Step{}
	}
	return steps[i]
}

// relativeFile returns the file of a step, or the lesson's folder for one that was not
// found.
func relativeFile(root string, lesson catalog.Lesson, step catalog.Step) string {
	return Relative(root, cmp.Or(step.File, lesson.Dir))
}

// Relative returns path as a person in the folder root would type it.
func Relative(root, path string) string {
	if rel, err := filepath.Rel(root, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}
