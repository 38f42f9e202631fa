// Package watch runs a lesson when it is saved, and knows where the learner is from
// save to save. The terminal and the pages in the browser show what it knows.
package watch

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// settling is how long no further save may come before a run begins: editors
// write, format and write again.
const settling = 50 * time.Millisecond

// A Watcher runs what is saved, and knows where the learner is, from save to save. It
// is safe for concurrent use.
type Watcher struct {
	lessons []catalog.Lesson
	poll    bool

	// run runs the tests of lessons, and race those that the race detector is due to
	// run; a test puts something else in their place.
	run  func(ctx context.Context, lessons []catalog.Lesson) ([]progress.Result, error)
	race func(ctx context.Context, results []progress.Result) ([]progress.Result, error)

	mu      sync.Mutex         // guards the rest
	due     []catalog.Lesson   // saved, and not run since
	before  string             // the latest snapshot's Lesson when the first of due was saved
	stop    context.CancelFunc // ends the tests that run
	latest  Snapshot
	changed chan struct{} // closed by the next snapshot
}

// A Snapshot is where everything stands. It is shared: nobody may change what it
// holds.
type Snapshot struct {
	N       int    // counts the snapshots; 0 before anything has happened
	Running bool   // the tests are being run, and the rest is of the run before
	Lesson  string // the lesson that was saved last, alone, by name; "" if none was, or all run again

	// Results are those of each lesson that has been run, by its name. In a lesson that
	// does not compile, the steps that passed before still have passed.
	Results map[string]progress.Result
	Err     error // why the last run could not be made
}

// New returns the watcher of the workbook in root. With poll, files are looked at,
// for where no events tell of a change.
func New(root string, lessons []catalog.Lesson, poll bool) *Watcher {
	return &Watcher{
		lessons: lessons,
		poll:    poll,
		changed: make(chan struct{}),
		stop:    func() {},
		run: func(ctx context.Context, lessons []catalog.Lesson) ([]progress.Result, error) {
			return progress.Judge(ctx, root, lessons)
		},
		race: func(ctx context.Context, results []progress.Result) ([]progress.Result, error) {
			return progress.JudgeRaces(ctx, root, results)
		},
	}
}

// Latest returns the latest snapshot, and a channel that is closed by the next one.
// Who is slow misses some, but never the last.
func (w *Watcher) Latest() (Snapshot, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.latest, w.changed
}

// Rerun runs lessons again, as if they had been saved. It does not wait for that.
func (w *Watcher) Rerun(lessons ...catalog.Lesson) {
	w.change(func(s *Snapshot) {
		if len(w.due) == 0 {
			w.before = s.Lesson
		}
		w.due = union(w.due, lessons...)
		switch {
		case len(w.due) == 1:
			s.Lesson = w.due[0].Name
		case len(lessons) == 1: // one more of several, as an update writes them: nobody is working on that one
			s.Lesson = w.before
		default:
			s.Lesson = ""
		}
		s.Running = true
		w.stop() // what these tests would say is out of date
	})
}

// Run runs all lessons, and then those that are saved, until ctx ends (nil) or the
// files cannot be watched (an error). What is green runs once more then, with the
// race detector. A save that comes while tests run stops them, and they begin anew.
// It is called once.
func (w *Watcher) Run(ctx context.Context) error {
	follow := w.followEvents
	if w.poll {
		follow = w.followByLooking
	}
	crew, ctx := errgroup.WithContext(ctx)
	if err := follow(ctx, crew); err != nil { // before anything runs, so that no save is missed
		return err
	}
	todo := w.lessons
	for ctx.Err() == nil {
		if w.test(ctx, todo) {
			todo = nil
			w.testRaces(ctx)
		}
		todo = union(todo, w.awaitSaves(ctx)...)
	}
	return crew.Wait()
}

// test runs the tests of lessons, and makes what they show the latest snapshot. It
// reports false if a save has stopped them, or ctx has ended.
func (w *Watcher) test(ctx context.Context, lessons []catalog.Lesson) (done bool) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w.change(func(s *Snapshot) {
		s.Running = true
		w.stopBySave(stop)
	})
	results, err := w.run(ctx, lessons)
	if ctx.Err() != nil {
		return false
	}
	w.take(results, err)
	return true
}

// testRaces has the race detector run what it is due to run, of which the plain
// verdict stands in the latest snapshot. What a save stops stays due.
func (w *Watcher) testRaces(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w.mu.Lock()
	w.stopBySave(stop)
	due := w.dueRaces()
	w.mu.Unlock()
	if len(due) == 0 {
		return
	}
	if results, err := w.race(ctx, due); ctx.Err() == nil {
		w.take(results, err)
	}
}

// stopBySave has the next save call stop. The caller holds w.mu.
func (w *Watcher) stopBySave(stop context.CancelFunc) {
	w.stop = stop
	if len(w.due) > 0 { // saved a moment ago
		stop()
	}
}

// dueRaces returns the results of the lessons that the race detector is due to run.
// The caller holds w.mu.
func (w *Watcher) dueRaces() (due []progress.Result) {
	for _, lesson := range w.lessons {
		if r := w.latest.Results[lesson.Name]; r.Race == progress.RaceDue {
			due = append(due, r)
		}
	}
	return due
}

// take makes what a run has shown, or why it could not be made, the latest snapshot.
func (w *Watcher) take(results []progress.Result, err error) {
	w.change(func(s *Snapshot) {
		s.Running, s.Err = len(w.due) > 0, err
		if err == nil {
			s.Results = with(s.Results, results)
		}
	})
}

// with returns a copy of known in which results are the latest.
func with(known map[string]progress.Result, results []progress.Result) map[string]progress.Result {
	all := map[string]progress.Result{}
	maps.Copy(all, known)
	for _, r := range results {
		if r.BuildError != "" {
			r.Steps = asBefore(r.Steps, known[r.Lesson.Name].Steps)
		}
		all[r.Lesson.Name] = r
	}
	return all
}

// asBefore returns the steps of a lesson that does not compile, with those as passed
// that passed before: a line that is half written takes nothing away.
func asBefore(steps, before []progress.StepResult) []progress.StepResult {
	steps = slices.Clone(steps)
	for i, step := range steps {
		if slices.ContainsFunc(before, func(b progress.StepResult) bool { return b.Name == step.Name && b.Status == progress.Passed }) {
			steps[i] = progress.StepResult{Name: step.Name, Status: progress.Passed}
		}
	}
	return steps
}

// awaitSaves waits for a save, and then until no further one comes. It returns the
// lessons that were saved, or none when ctx ends.
func (w *Watcher) awaitSaves(ctx context.Context) []catalog.Lesson {
	for {
		w.mu.Lock()
		saved, changed := len(w.due) > 0, w.changed
		w.mu.Unlock()
		var settled <-chan time.Time // nil, which is never, before the first save
		if saved {
			settled = time.After(settling)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed: // by one more save
		case <-settled:
			return w.takeDue()
		}
	}
}

// takeDue returns the lessons that were saved since it was called last.
func (w *Watcher) takeDue() []catalog.Lesson {
	w.mu.Lock()
	defer w.mu.Unlock()
	due := w.due
	w.due = nil
	return due
}

// union returns lessons with those of more that are not among them.
func union(lessons []catalog.Lesson, more ...catalog.Lesson) []catalog.Lesson {
	for _, lesson := range more {
		if !slices.Contains(lessons, lesson) {
			lessons = append(slices.Clip(lessons), lesson)
		}
	}
	return lessons
}

// change makes another snapshot of the latest one. What edit does is under w.mu.
func (w *Watcher) change(edit func(*Snapshot)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	edit(&w.latest)
	w.latest.N++
	close(w.changed)
	w.changed = make(chan struct{})
}
