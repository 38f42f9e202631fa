package home

import (
	"fmt"
	"slices"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/cockpit"
	"example.com/sseworkbook/harness/progress"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// A standing is where the learner is, for all pages.
type standing struct {
	Version string
	Running bool
	Saved   string // the lesson that was saved last, by name
	Trouble string // why the tests could not be run; "" if they could
	Known   bool   // the tests of all lessons have been run

	cockpit.State
	Passed, Steps int // of all lessons

	results []progress.Result // of all lessons, in their order
}

// A view is what pages and streams show after an update. All of them share it, and
// nobody may change what it holds.
type view struct {
	standing
	event framing.Event
	next  <-chan struct{} // closed by the next update
}

// now returns the view of the latest update. It reads the files of all lessons, so
// that is done once for each update, however many there are who ask.
func (s *Server) now() view {
	s.mu.Lock()
	defer s.mu.Unlock()
	update, next := s.where.Latest()
	if s.latest.next != next {
		now := s.standing(update)
		s.latest = view{now, now.event(), next}
	}
	return s.latest
}

// standing returns where the learner is after an update. A lesson whose tests have
// not been run yet has steps of which nothing is known.
func (s *Server) standing(update cockpit.Update) standing {
	now := standing{Version: s.version(update), Running: update.Running, Saved: update.Lesson, Known: true}
	if update.Err != nil {
		now.Trouble = update.Err.Error()
	}
	for _, lesson := range s.lessons {
		if result, ran := progress.Find(update.Results, lesson.Name); ran {
			now.results = append(now.results, result)
			continue
		}
		now.Known = false
		now.results = append(now.results, notRun(lesson))
	}
	now.State = cockpit.NewState(s.root, now.results)
	for _, lesson := range now.Lessons {
		now.Passed += lesson.Passed
		now.Steps += len(lesson.Steps)
	}
	return now
}

// notRun returns the result of a lesson of which nothing was run.
func notRun(lesson catalog.Lesson) progress.Result {
	r := progress.Result{Lesson: lesson}
	steps, _ := lesson.Steps() // a test file that cannot be read will be in its BuildError
	for _, step := range steps {
		r.Steps = append(r.Steps, progress.StepResult{Name: step.Name, Status: progress.Unknown})
	}
	return r
}

// verdict says in one sentence where a lesson stands. A screen reader reads it out
// whenever it changes.
func (now standing) verdict(l cockpit.Lesson) string {
	i := open(l)
	switch {
	case now.Running && !now.Known:
		return "Running the tests for the first time …"
	case now.Running && now.Saved == l.Name:
		return "Saved. Running the tests …"
	case now.Trouble != "":
		return "The tests could not be run."
	case !now.Known:
		return "The tests have not been run yet."
	case l.Status == cockpit.Done:
		return fmt.Sprintf("Green: all %d steps pass.", len(l.Steps))
	case l.Status == cockpit.Broken && i < 0:
		return "All steps pass, but something else fails."
	case l.Status == cockpit.Broken:
		return "It does not compile yet."
	case i < 0:
		return "It has no steps."
	}
	return fmt.Sprintf("Step %d of %d is red.", i+1, len(l.Steps))
}

// lamp says which lamp stands beside the verdict on the lesson l, or on all of them
// if that is nil: "running", "green", "red", or "off".
func (now standing) lamp(l *cockpit.Lesson) string {
	switch {
	case now.Running && (l == nil || !now.Known || now.Saved == l.Name):
		return "running"
	case now.Trouble != "":
		return "red"
	case !now.Known:
		return "off"
	case l == nil && now.State.Next == nil, l != nil && l.Status == cockpit.Done:
		return "green"
	}
	return "red"
}

// open returns the index of the step that is red, or that comes next; -1 if there
// is none.
func open(l cockpit.Lesson) int {
	return slices.IndexFunc(l.Steps, func(s cockpit.Step) bool { return s.Status != progress.Passed })
}
