package site

import (
	"fmt"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
	"example.com/sseworkbook/harness/watch"
)

// A standing is where the learner is, which is what pages and streams show. All of
// them share it, and nobody may change what it holds.
type standing struct {
	status.State
	Version       string // of the pages that show it: the snapshot's number, and the process's name, since another one counts anew
	Running       bool
	Saved         string // the lesson that was saved last, by name
	Trouble       string // why the tests could not be run; "" if they could
	Known         bool   // the tests of all lessons have been run
	Passed, Steps int    // of all lessons

	results []progress.Result // of all lessons, in their order
	changed <-chan struct{}   // closed by the next snapshot
}

// now returns where the learner is. To work it out reads the files of all lessons, so
// that is done once for each snapshot, however many there are who ask.
func (s *Server) now() *standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	snapshot, changed := s.source.Latest()
	if s.latest == nil || s.latest.changed != changed {
		s.latest = s.standing(snapshot, changed)
	}
	return s.latest
}

// standing returns where the learner is after a snapshot. A lesson whose tests have
// not been run yet has steps of which nothing is known.
func (s *Server) standing(snapshot watch.Snapshot, changed <-chan struct{}) *standing {
	now := &standing{
		Version: fmt.Sprintf("%s-%d", s.process, snapshot.N),
		Running: snapshot.Running, Saved: snapshot.Lesson, Known: true, changed: changed,
	}
	if snapshot.Err != nil {
		now.Trouble = snapshot.Err.Error()
	}
	for _, lesson := range s.lessons {
		r, ran := snapshot.Results[lesson.Name]
		if !ran {
			r, now.Known = notRun(lesson), false
		}
		now.results = append(now.results, r)
	}
	now.State = status.New(s.root, now.results)
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

// next returns the lesson that is next; nil if all are done.
func (now *standing) next() *status.Lesson {
	i := slices.IndexFunc(now.Lessons, func(l status.Lesson) bool { return now.Next != nil && l.Name == now.Next.Lesson })
	if i < 0 {
		return nil
	}
	return &now.Lessons[i]
}

// verdict says in one sentence where the lesson l stands, or all of them do if that is
// nil, and which lamp stands beside it: "running", "green", "red", or "off". A screen
// reader reads the sentence out whenever it changes.
func (now *standing) verdict(l *status.Lesson) (lamp, sentence string) {
	switch {
	case now.Running && !now.Known:
		return "running", "Running the tests for the first time …"
	case now.Running && (l == nil || now.Saved == l.Name):
		return "running", "Saved. Running the tests …"
	case now.Trouble != "":
		return "red", "The tests could not be run."
	case !now.Known:
		return "off", "The tests have not been run yet."
	case l == nil && now.Next == nil:
		return "green", "All lessons are done."
	case l == nil:
		next := now.next()
		sentence := outcome(next)
		return lampOf(next), next.Short() + ": " + strings.ToLower(sentence[:1]) + sentence[1:]
	}
	return lampOf(l), outcome(l)
}

// lampOf returns the lamp beside what the tests of a lesson have shown.
func lampOf(l *status.Lesson) string {
	switch l.Status {
	case status.Done:
		return "green"
	case status.Racing:
		return "running"
	}
	return "red"
}

// outcome says in one sentence what the tests of a lesson have shown.
func outcome(l *status.Lesson) string {
	i := l.Open()
	switch {
	case l.Status == status.Done:
		return fmt.Sprintf("Green: all %d steps pass.", len(l.Steps))
	case l.Status == status.Racing:
		return fmt.Sprintf("All %d steps pass. Running them with the race detector …", len(l.Steps))
	case l.Status == status.Broken && l.Compiles:
		return "All steps pass, but something else fails."
	case l.Status == status.Broken:
		return "It does not compile yet."
	case i < 0:
		return "It has no steps."
	}
	with := ""
	if l.Race == progress.Raced {
		with = " with the race detector"
	}
	return fmt.Sprintf("Step %d of %d is red%s.", i+1, len(l.Steps), with)
}
