// Package mutate finds out what a lesson's tests do not see. It makes one small
// change after the other to the solution, and runs the tests on it: one of them
// should go red. A change that survives is a hole in the tests, or has a reason,
// and then that stands in equivalent/. Only harness/verify uses it.
//
// The kinds of change:
//
//	never       the condition of an if, a loop or a case is false
//	always      the condition of an if or a case is true
//	operand     one side of && or || is taken out
//	negation    == for !=, < for >=, true for false, and no ! any more
//	boundary    < for <=, > for >=
//	arithmetic  - for +, / for *, >> for <<, = for +=, -- for ++
//	number      a number is one larger
//	drop        a statement, or a clause of a select or a switch, is gone
//	lock        a mutex is neither locked nor unlocked
//	loop        continue for break, and break for continue
//
// The changed file is laid over the lesson's, so it takes neither coverage nor
// a copy of the module, and a change that the compiler refuses is known as such.
package mutate

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/sseworkbook/harness/catalog"
)

// A Report is what came of the changes to one lesson's solution.
type Report struct {
	Lesson   catalog.Lesson
	Mutants  int // the changes that compile
	Killed   int // those that turned a step red
	Hung     int // of these, those that a step hung on
	Raced    int // of these, those that only the race detector saw
	Invalid  int // the changes that do not compile, which count for nothing
	Took     time.Duration
	Efficacy float64 // Killed of those Mutants that are not Equivalent, from 0 to 1

	Equivalent int      // the survivors that change nothing, by what is on record
	NotAsked   int      // those that change what nobody asks for, likewise
	Survivors  []Change // the others
	Stale      []string // entries in equivalent/ that explain no survivor: where each is, and the change
}

// OK reports whether every survivor is explained, and every explanation needed.
func (r Report) OK() bool { return len(r.Survivors) == 0 && len(r.Stale) == 0 }

// Run tries all changes to the solution of a lesson of the workbook at root, and
// writes to log what it is at, and each survivor. What it finds is in the report;
// an error means that there is none: the tests do not pass on the solution
// itself, something could not be run, or ctx ended, which takes with it whatever
// was started.
func Run(ctx context.Context, root string, lesson catalog.Lesson, log io.Writer) (Report, error) {
	began := time.Now()
	entries, err := explanations(root, lesson)
	if err != nil {
		return Report{}, err
	}
	dir, err := os.MkdirTemp("", "mutate-*")
	if err != nil {
		return Report{}, fmt.Errorf("mutating lesson %s: %w", lesson.Name, err)
	}
	defer os.RemoveAll(dir)
	t, err := newTester(ctx, root, lesson, entries, dir)
	if err != nil {
		return Report{}, err
	}
	changes, err := t.changes()
	if err != nil {
		return Report{}, err
	}
	fmt.Fprintf(log, "%s: %d changes, and %v for a step that hangs\n", lesson.Name, len(changes), t.limit.Round(time.Second))
	verdicts, err := t.tryAll(ctx, changes, log)
	if err != nil {
		return Report{}, err
	}
	r := summary(changes, verdicts, entries)
	r.Lesson, r.Took = lesson, time.Since(began)
	return r, nil
}

// changes returns all changes to the solution's files.
func (t *tester) changes() ([]Change, error) {
	var all []Change
	for _, name := range slices.Sorted(maps.Keys(t.texts)) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		found, err := find(name, []byte(t.texts[name]))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// tryAll tries the changes, as many at a time as there are processors.
func (t *tester) tryAll(ctx context.Context, changes []Change, log io.Writer) ([]verdict, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	var mu sync.Mutex // guards log
	verdicts := make([]verdict, len(changes))
	next := make(chan int)
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := range next {
				v, err := t.try(ctx, changes[i])
				if err != nil {
					cancel(err)
				}
				verdicts[i] = v
				if err == nil && v == survived {
					mu.Lock()
					fmt.Fprintf(log, "%s:%d: nothing is red after this change\n%v\n", changes[i].File, changes[i].Line, changes[i])
					mu.Unlock()
				}
			}
		})
	}
	for i := range changes {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	workers.Wait()
	return verdicts, context.Cause(ctx)
}

// summary counts the verdicts, and sets the survivors against the explanations.
func summary(changes []Change, verdicts []verdict, entries []explanation) Report {
	var r Report
	var survivors []Change
	for i, v := range verdicts {
		switch v {
		case survived:
			survivors = append(survivors, changes[i])
		case hung:
			r.Hung++
			r.Killed++
		case raced:
			r.Raced++
			r.Killed++
		case killed:
			r.Killed++
		case invalid:
			r.Invalid++
		}
	}
	r.Mutants = r.Killed + len(survivors)
	r.explain(survivors, entries)
	if n := r.Mutants - r.Equivalent; n > 0 {
		r.Efficacy = float64(r.Killed) / float64(n)
	}
	return r
}
