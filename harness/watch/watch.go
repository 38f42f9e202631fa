// Package watch runs a lesson when it is saved, and knows where the learner is from
// save to save. The terminal and the pages in the browser show what it knows.
package watch

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// settling is how long no further save may come before a run begins: editors
// write, format and write again.
const settling = 50 * time.Millisecond

// A Watcher runs what is saved, and knows where the learner is, from save to save. It is safe for
// concurrent use.
type Watcher struct {
	root    string
	lessons []catalog.Lesson
	poll    bool
	saved   chan string // paths in the folders of lessons that are to be run

	// run runs the tests of lessons; a test puts something else in its place.
	run func(ctx context.Context, lessons []catalog.Lesson) ([]progress.Result, error)

	mu      sync.Mutex    // guards the rest
	update  Snapshot      // the latest one
	changed chan struct{} // closed by the next one
}

// A Snapshot is what has changed, and where everything stands then. It is shared:
// nobody may change what it holds.
type Snapshot struct {
	N       int    // counts the updates; 0 before the first one
	Running bool   // the tests are being run, and the rest is of the run before
	Lesson  string // the lesson that was saved last, by name; "" before the first save

	Results []progress.Result // of all lessons, in their order; none before the first run's end
	Err     error             // why the last run could not be made
}

// New returns the watcher of the workbook in root. With poll, files are looked at,
// for where no events tell of a change.
func New(root string, lessons []catalog.Lesson, poll bool) *Watcher {
	return &Watcher{
		root:    root,
		lessons: lessons,
		poll:    poll,
		saved:   make(chan string),
		changed: make(chan struct{}),
		run: func(ctx context.Context, lessons []catalog.Lesson) ([]progress.Result, error) {
			return progress.Run(ctx, root, lessons, progress.Options{})
		},
	}
}

// Latest returns the latest update, and a channel that is closed by the next one.
// Who is slow misses some, but never the last.
func (c *Watcher) Latest() (Snapshot, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.update, c.changed
}

// Rerun runs a lesson again, as if it had been saved.
func (c *Watcher) Rerun(ctx context.Context, lesson catalog.Lesson) {
	send(ctx, c.saved, lesson.File())
}

// Run runs all lessons, and then those that are saved, until ctx ends (nil) or the
// files cannot be watched (an error). A save that comes while tests run stops
// them, and they begin anew. It is called once.
func (c *Watcher) Run(ctx context.Context) error {
	saves, err := follow(c.dirs(), c.poll) // before anything runs, so that no save is missed
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	failed := make(chan error, 1)
	all.Go(func() { failed <- saves(ctx, c.saved) })

	todo := c.lessons
	var settled <-chan time.Time // after a save: when it is time to run
	var now *job                 // the tests that run, if any do
	for {
		if now == nil && settled == nil && len(todo) > 0 {
			now, todo = c.begin(ctx, todo), nil
			all.Go(now.run)
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case path := <-c.saved:
			todo, settled = c.add(todo, path), time.After(settling)
			now.stop()
		case <-settled:
			settled = nil
		case <-now.end():
			if now.stopped {
				todo = union(todo, now.lessons)
			} else {
				c.publish(now)
			}
			now = nil
		}
	}
}

// dirs returns the folders of the lessons.
func (c *Watcher) dirs() []string {
	var dirs []string
	for _, lesson := range c.lessons {
		dirs = append(dirs, lesson.Dir)
	}
	return dirs
}

// add adds the lesson in the folder of path to those that are to be run, and
// says so.
func (c *Watcher) add(todo []catalog.Lesson, path string) []catalog.Lesson {
	for _, lesson := range c.lessons {
		if lesson.Dir == filepath.Dir(path) {
			c.change(func(u *Snapshot) { u.Running, u.Lesson = true, lesson.Name })
			return union(todo, []catalog.Lesson{lesson})
		}
	}
	return todo
}

// union returns the lessons of both.
func union(a, b []catalog.Lesson) []catalog.Lesson {
	for _, lesson := range b {
		if !slices.Contains(a, lesson) {
			a = append(slices.Clip(a), lesson)
		}
	}
	return a
}

// begin returns the job of running lessons, which ends with ctx at the latest.
func (c *Watcher) begin(ctx context.Context, lessons []catalog.Lesson) *job {
	c.change(func(u *Snapshot) { u.Running = true })
	ctx, cancel := context.WithCancel(ctx)
	return &job{lessons: lessons, cancel: cancel, done: make(chan struct{}), tests: func() ([]progress.Result, error) {
		return c.run(ctx, lessons)
	}}
}

// publish makes what a job has found the latest results.
func (c *Watcher) publish(now *job) {
	c.change(func(u *Snapshot) {
		u.Running, u.Err = false, now.err
		if now.err != nil {
			return
		}
		u.Results = slices.Clone(u.Results)
		for _, result := range now.results {
			i := slices.IndexFunc(u.Results, func(r progress.Result) bool { return r.Lesson == result.Lesson })
			if i < 0 {
				u.Results = append(u.Results, result)
				continue
			}
			u.Results[i] = result
		}
	})
}

// change makes another update of the latest one.
func (c *Watcher) change(edit func(*Snapshot)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	edit(&c.update)
	c.update.N++
	close(c.changed)
	c.changed = make(chan struct{})
}

// A job is one run of the tests of some lessons. Its methods do nothing to a nil
// job, which is none.
type job struct {
	lessons []catalog.Lesson
	tests   func() ([]progress.Result, error)
	cancel  context.CancelFunc
	stopped bool // whoever began it does not want its results any more

	done    chan struct{} // closed when it has ended, and what follows is there
	results []progress.Result
	err     error
}

func (j *job) run() {
	defer close(j.done)
	defer j.cancel()
	j.results, j.err = j.tests()
}

func (j *job) stop() {
	if j != nil {
		j.stopped = true
		j.cancel()
	}
}

// end returns a channel that is closed when the job has ended.
func (j *job) end() <-chan struct{} {
	if j == nil {
		return nil
	}
	return j.done
}
