package mutate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/toolchain"
	"example.com/sseworkbook/harness/verify/trial"
)

// shortest is the least time after which a step counts as one that hangs.
const shortest = 5 * time.Second

// patience is how many times longer than all steps on the solution one step may
// take on a changed one.
const patience = 10

// tries is in how many runs a change must go unseen to have survived. What a
// test sees only sometimes it has seen.
const tries = 3

// A verdict is what the tests say of a change.
type verdict int

const (
	survived verdict = iota
	killed           // a step is red, if only with the race detector
	invalid          // the compiler does not take it, so that there is nothing to test
)

// A tester runs a lesson's tests on changed solutions.
type tester struct {
	root     string
	lesson   catalog.Lesson
	texts    map[string]string // the solution's files and the tests by their names; not what is given
	files    []string          // the names of the solution's files among them
	solution *trial.Trial      // the tests on the solution itself
	limit    time.Duration     // for each step
	race     bool              // whether the race detector can be had here

	explained map[string]bool // the changes of which it is known why they survive
}

// newTester returns a tester, which has to be closed. It finds out how long the tests
// take on the solution itself, on which they must pass.
func newTester(ctx context.Context, root string, lesson catalog.Lesson, entries []explanation) (*tester, error) {
	files, err := lesson.SolutionFiles()
	if err != nil {
		return nil, err
	}
	tests, err := lesson.TestFiles()
	if err != nil {
		return nil, err
	}
	t := &tester{root: root, lesson: lesson, limit: time.Minute, race: toolchain.CanRace(ctx), explained: map[string]bool{}}
	for _, e := range entries {
		t.explained[e.change] = true
	}
	for _, file := range files {
		t.files = append(t.files, filepath.Base(file))
	}
	if t.texts, err = trial.Texts(append(files, tests...)); err != nil { // as they are now, whoever edits them meanwhile
		return nil, err
	}
	if t.solution, err = trial.Compile(ctx, root, lesson, t.texts, false); err != nil {
		return nil, err
	}
	if err := t.measure(ctx); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *tester) close() { t.solution.Close() }

// measure finds out how long the tests take on the solution itself.
func (t *tester) measure(ctx context.Context) error {
	began := time.Now()
	result, err := t.solution.Run(ctx, nil, trial.Env(t.limit))
	if err != nil {
		return err
	}
	if !result.Done {
		return fmt.Errorf("the tests of lesson %s do not pass on its solution, so they say nothing about changes to it: %s",
			t.lesson.Name, trial.Failure(result))
	}
	t.limit = max(shortest, patience*time.Since(began))
	return nil
}

// changes returns all changes to the solution's files.
func (t *tester) changes() ([]Change, error) {
	var all []Change
	for _, name := range t.files {
		found, err := find(name, t.texts[name])
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// try runs the tests on the solution with the change in it.
func (t *tester) try(ctx context.Context, c Change) (verdict, error) {
	texts := maps.Clone(t.texts)
	texts[c.File] = c.apply(texts[c.File])
	changed, err := trial.Compile(ctx, t.root, t.lesson, texts, false)
	if _, ok := errors.AsType[*progress.BuildError](err); ok {
		return invalid, nil
	}
	if err != nil {
		return 0, err
	}
	defer changed.Close()
	for range tries {
		began := time.Now()
		result, err := changed.Run(ctx, nil, trial.Env(t.limit))
		switch {
		case err != nil:
			return 0, err
		case !result.Done && time.Since(began) < t.limit:
			return killed, nil
		case !result.Done: // by taking too long
			return killed, t.witness(ctx, result)
		}
	}
	if t.explained[c.String()] || !t.race {
		return survived, nil
	}
	return t.tryRace(ctx, texts)
}

// tryRace runs the tests once more, with the race detector: what only that sees
// is seen. It is slow, and asked last. It is no judge of what takes too long.
func (t *tester) tryRace(ctx context.Context, texts map[string]string) (verdict, error) {
	changed, err := trial.Compile(ctx, t.root, t.lesson, texts, true)
	if err != nil {
		return 0, err
	}
	defer changed.Close()
	began := time.Now()
	result, err := changed.Run(ctx, nil, trial.Env(t.limit))
	if err == nil && !result.Done && time.Since(began) < t.limit {
		return killed, nil
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
	result, err := t.solution.Run(ctx, args, trial.Env(t.limit))
	if err != nil {
		return err
	}
	for _, s := range result.Steps {
		if s.Status != progress.Passed && (!ok || s.Name == step.Name) {
			return fmt.Errorf("the machine is too busy to tell a change that hangs from a slow run: on the solution itself, %s is %s within %v",
				s.Name, s.Status, t.limit)
		}
	}
	return nil
}
