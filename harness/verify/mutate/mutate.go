// Package mutate finds out what a lesson's tests do not see. It makes one small
// change after the other to the solution, and runs the tests on it: one of them
// should go red. A change that survives is a hole in the tests, or has a reason,
// and then that stands in equivalent/. Only harness/verify uses it.
//
// The kinds of change are the table in operators.go. The changed file is laid over
// the lesson's, so it takes neither coverage nor a copy of the module, and a change
// that the compiler refuses is known as such.
package mutate

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/sseworkbook/harness/catalog"
)

// A Report is what came of the changes to one lesson's solution.
type Report struct {
	Mutants  int     // the changes that compile
	Killed   int     // those that turned a step red
	Efficacy float64 // Killed of those Mutants that are not Equivalent, from 0 to 1

	Equivalent int      // the survivors that change nothing, by what is on record
	NotAsked   int      // those that change what nobody asks for, likewise
	Survivors  []Change // the others
	Stale      []string // entries in equivalent/ that explain no survivor: where each is, and the change
}

// Run tries all changes to the solution of a lesson of the workbook at root, and
// writes to log what it is at, and each survivor. What it finds is in the report;
// an error means that there is none: the tests do not pass on the solution
// itself, something could not be run, or ctx ended, which takes with it whatever
// was started.
func Run(ctx context.Context, root string, lesson catalog.Lesson, log io.Writer) (Report, error) {
	entries, err := explanations(root, lesson)
	if err != nil {
		return Report{}, err
	}
	t, err := newTester(ctx, root, lesson, entries)
	if err != nil {
		return Report{}, err
	}
	defer t.close()
	changes, err := t.changes()
	if err != nil {
		return Report{}, err
	}
	fmt.Fprintf(log, "%s: %d changes, with a limit of %v for a step that hangs\n", lesson.Name, len(changes), t.limit.Round(time.Second))
	verdicts, err := t.tryAll(ctx, changes, log)
	if err != nil {
		return Report{}, err
	}
	return summary(changes, verdicts, entries), nil
}

// tryAll tries the changes, as many at a time as there are processors.
func (t *tester) tryAll(ctx context.Context, changes []Change, log io.Writer) ([]verdict, error) {
	verdicts := make([]verdict, len(changes))
	var mu sync.Mutex // guards log
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i, c := range changes {
		group.Go(func() error {
			if groupCtx.Err() != nil {
				return context.Cause(groupCtx)
			}
			v, err := t.try(groupCtx, c)
			if err == nil && v == survived {
				mu.Lock()
				defer mu.Unlock()
				fmt.Fprintf(log, "%s:%d: no step is red after this change\n%v\n", c.File, c.Line, c)
			}
			verdicts[i] = v
			return err
		})
	}
	return verdicts, group.Wait()
}

// summary counts the verdicts, and sets the survivors against the explanations.
func summary(changes []Change, verdicts []verdict, entries []explanation) Report {
	var r Report
	var survivors []Change
	for i, v := range verdicts {
		switch v {
		case survived:
			survivors = append(survivors, changes[i])
		case killed:
			r.Killed++
		}
	}
	r.Mutants = r.Killed + len(survivors)
	r.explain(survivors, entries)
	if n := r.Mutants - r.Equivalent; n > 0 {
		r.Efficacy = float64(r.Killed) / float64(n)
	}
	return r
}
