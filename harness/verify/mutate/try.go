package mutate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/overlay"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/toolchain"
)

// shortest is the least time after which a step counts as one that hangs.
const shortest = 5 * time.Second

// patience is how many times longer than all steps on the solution one step may
// take on a changed one.
const patience = 10

// tries is in how many runs a change must go unseen to have survived. What a
// test sees only sometimes it has seen.
const tries = 3

const memoryFile = "memory_test.go"

// memory is what stands in memoryFile, beside the tests: a change can make a loop
// endless, and where it gathers bytes, the machine's memory is soon used up. The
// race detector takes much of it for itself, and is left alone.
const memory = `//go:build unix && !race

package %s_test

import "syscall"

func init() {
	syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: 2 << 30, Max: 2 << 30})
}
`

// A verdict is what the tests say of a change.
type verdict int

const (
	survived verdict = iota
	killed           // a step is red
	hung             // a step is red since it took too long
	raced            // all is green, but with the race detector
	invalid          // the compiler does not take it, so that there is nothing to test
)

// A tester runs a lesson's tests on changed solutions.
type tester struct {
	root     string
	lesson   catalog.Lesson
	dir      string            // of what is built, removed by whoever made it
	texts    map[string]string // the solution's files and the tests by their names, and memory; not what is given
	solution *progress.Binary  // the tests on the solution itself
	limit    time.Duration     // for each step

	explained map[string]bool // the changes of which it is known why they survive
	canRace   func() bool     // whether the race detector can be had here
}

// newTester returns a tester that builds in dir. It finds out how long the tests
// take on the solution itself, on which they must pass.
func newTester(ctx context.Context, root string, lesson catalog.Lesson, entries []explanation, dir string) (*tester, error) {
	files, err := lesson.SolutionFiles()
	if err != nil {
		return nil, err
	}
	t := &tester{root: root, lesson: lesson, dir: dir, limit: time.Minute, explained: map[string]bool{}}
	for _, e := range entries {
		t.explained[e.change] = true
	}
	t.canRace = sync.OnceValue(func() bool { return toolchain.CanRace(ctx) })
	tests, err := lesson.TestFiles()
	if err != nil {
		return nil, err
	}
	t.texts = map[string]string{memoryFile: fmt.Sprintf(memory, lesson.Topic)}
	for _, file := range append(files, tests...) { // as they are now, whoever edits them meanwhile
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a solution and its tests: %w", err)
		}
		t.texts[filepath.Base(file)] = string(text)
	}
	if t.solution, err = t.compile(ctx, t.texts, filepath.Join(dir, "solution"), false); err != nil {
		return nil, err
	}
	return t, t.measure(ctx)
}

// measure finds out how long the tests take on the solution itself.
func (t *tester) measure(ctx context.Context) error {
	began := time.Now()
	result, err := t.solution.Run(ctx, nil, t.environment())
	if err != nil {
		return err
	}
	if !result.Done {
		return fmt.Errorf("the tests of lesson %s do not pass on its solution, and so can tell nothing of changes to it: %s", t.lesson.Name, reason(result))
	}
	t.limit = max(shortest, patience*time.Since(began))
	return nil
}

// environment is what the steps run in: with their limit.
func (t *tester) environment() []string {
	return []string{"STEP_LIMIT=" + t.limit.String()}
}

// reason says why a lesson is not done.
func reason(r progress.Result) string {
	if step, ok := r.Next(); ok {
		return fmt.Sprintf("%s is %s: %s", step.Name, step.Status, step.Message)
	}
	return r.Outside
}

// compile compiles the lesson's tests with these files in the place of what is
// in its folder. All that it writes is in dir, which it makes.
func (t *tester) compile(ctx context.Context, texts map[string]string, dir string, race bool) (*progress.Binary, error) {
	runDir := filepath.Join(dir, "run", t.lesson.Name) // a step knows its lesson by the folder's name
	if err := os.MkdirAll(runDir, 0o755); err != nil {
		return nil, fmt.Errorf("testing a change: %w", err)
	}
	o, err := overlay.LessonFromTexts(t.lesson, texts, dir)
	if err != nil {
		return nil, err
	}
	file, err := o.Write(dir)
	if err != nil {
		return nil, err
	}
	return progress.Compile(ctx, t.root, t.lesson, progress.Options{Overlay: file, Race: race}, runDir)
}

// try runs the tests on the solution with the change in it.
func (t *tester) try(ctx context.Context, c Change) (verdict, error) {
	dir, err := os.MkdirTemp(t.dir, "change-*")
	if err != nil {
		return 0, fmt.Errorf("testing a change: %w", err)
	}
	defer os.RemoveAll(dir)
	texts := maps.Clone(t.texts)
	texts[c.File] = string(c.apply([]byte(texts[c.File])))
	binary, err := t.compile(ctx, texts, dir, false)
	if _, ok := errors.AsType[*progress.BuildError](err); ok {
		return invalid, nil
	}
	if err != nil {
		return 0, err
	}
	for range tries {
		began := time.Now()
		result, err := binary.Run(ctx, nil, t.environment())
		switch {
		case err != nil:
			return 0, err
		case !result.Done && time.Since(began) < t.limit:
			return killed, nil
		case !result.Done:
			return hung, t.witness(ctx, result)
		}
	}
	if t.explained[c.String()] || !t.canRace() {
		return survived, nil
	}
	return t.tryRace(ctx, texts, filepath.Join(dir, "race"))
}

// tryRace runs the tests once more, with the race detector: what only that sees
// is seen. It is slow, and asked last. It is no judge of what takes too long.
func (t *tester) tryRace(ctx context.Context, texts map[string]string, dir string) (verdict, error) {
	binary, err := t.compile(ctx, texts, dir, true)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	result, err := binary.Run(ctx, nil, t.environment())
	if err == nil && !result.Done && time.Since(began) < t.limit {
		return raced, nil
	}
	return survived, err
}

// witness asks the solution whether it was the change that took so long, or the
// machine: the step that was red must pass on the solution, right now and within
// the same limit.
func (t *tester) witness(ctx context.Context, red progress.Result) error {
	var args []string
	step, ok := red.Red()
	if ok {
		args = []string{"-test.run=^" + step.Name + "$"}
	}
	result, err := t.solution.Run(ctx, args, t.environment())
	if err != nil {
		return err
	}
	for _, s := range result.Steps {
		if s.Status != progress.Passed && (!ok || s.Name == step.Name) {
			return fmt.Errorf("the machine is too busy to tell a change that hangs from a slow run: on the solution itself, %s is %s within %v", s.Name, s.Status, t.limit)
		}
	}
	return nil
}
