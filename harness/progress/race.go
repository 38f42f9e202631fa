package progress

import (
	"context"
	"fmt"
	"slices"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/toolchain"
)

// A Race says what part the race detector has in a result.
type Race string

// It is one of these.
const (
	NotRaced    Race = ""        // none: a step is red without it, or nothing runs at the same time as something else
	RaceDue     Race = "due"     // all steps pass, and it has not seen the code as it is now
	Raced       Race = "raced"   // the result is of a run with it, this one or an earlier one of the same code
	RaceUntried Race = "untried" // all steps pass, and it cannot be had here
)

// firstRaced is the number of the first lesson that is done only when it is green
// with the race detector too: the one before has no goroutine.
const firstRaced = 2

// AsksForRace reports whether a lesson is done only when it is green with the race
// detector too.
func AsksForRace(lesson catalog.Lesson) bool { return lesson.Number >= firstRaced }

// Judge runs the tests of the lessons, and says which of them are done: the first
// verdict. A lesson is done when it is green with the race detector too, where
// that can be had. One that is green, and whose code the race detector has not
// seen, is not done yet: its Race is [RaceDue], and [JudgeRaces] has the second
// verdict.
func Judge(ctx context.Context, root string, lessons []catalog.Lesson) ([]Result, error) {
	results, err := Run(ctx, root, lessons, Options{Args: []string{"-vet=off"}}) // who saves a typo need not wait for vet
	if err == nil {
		err = vetDone(ctx, root, results)
	}
	if err != nil {
		return nil, err
	}
	return results, demandRaces(ctx, root, results)
}

// JudgeGreen is Judge for a lesson whose steps have just passed.
func JudgeGreen(ctx context.Context, root string, lesson catalog.Lesson) (Result, error) {
	results := []Result{{Lesson: lesson, Done: true}}
	steps, err := lesson.Steps()
	if err != nil {
		return Result{}, err
	}
	for _, step := range steps {
		results[0].Steps = append(results[0].Steps, StepResult{Name: step.Name, Status: Passed})
	}
	err = demandRaces(ctx, root, results)
	return results[0], err
}

// demandRaces says in the results of a plain run what part the race detector has in
// them.
func demandRaces(ctx context.Context, root string, results []Result) error {
	var due []*Result
	for i := range results {
		switch r := &results[i]; {
		case !r.Done || !AsksForRace(r.Lesson):
		case wasRaced(root, r.Lesson):
			r.Race = Raced
		default:
			due = append(due, r)
		}
	}
	if len(due) == 0 {
		return nil
	}
	can := toolchain.MayRace(ctx)
	for _, r := range due {
		r.Done, r.Race = !can, RaceUntried
		if can {
			r.Race = RaceDue
		}
	}
	return stopped(ctx)
}

// DueRaces returns the lessons of which the race detector is due.
func DueRaces(results []Result) (due []catalog.Lesson) {
	for _, r := range results {
		if r.Race == RaceDue {
			due = append(due, r.Lesson)
		}
	}
	return due
}

// JudgeRaces returns the results with the second verdict on each lesson of which the
// race detector is due: it runs them once more, with -race. The first time, that
// takes long, since everything is compiled again. What is green then is remembered,
// and is not raced again until it is changed.
func JudgeRaces(ctx context.Context, root string, results []Result) ([]Result, error) {
	due := DueRaces(results)
	if len(due) == 0 {
		return results, nil
	}
	results = slices.Clone(results)
	var raced []Result
	if toolchain.CanRace(ctx) {
		var err error
		if raced, err = race(ctx, root, due); err != nil {
			return nil, err
		}
	}
	for i := range results {
		switch r := &results[i]; {
		case r.Race != RaceDue:
		case raced == nil:
			r.Done, r.Race = true, RaceUntried
		default:
			*r, raced = raced[0], raced[1:]
		}
	}
	return results, stopped(ctx)
}

// race runs the lessons with the race detector, and remembers which are green.
func race(ctx context.Context, root string, lessons []catalog.Lesson) ([]Result, error) {
	var codes []string
	for _, lesson := range lessons {
		codes = append(codes, codeOf(lesson))
	}
	results, err := Run(ctx, root, lessons, Options{Race: true})
	for i := range results {
		results[i].Race = Raced
		if results[i].Done && codeOf(lessons[i]) == codes[i] { // or else it was saved meanwhile
			rememberRaced(root, lessons[i], codes[i])
		}
	}
	return results, err
}

// stopped returns an error if ctx has ended, with which the go command seems to have
// no race detector.
func stopped(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("looking for the race detector: %w", context.Cause(ctx))
	}
	return nil
}
