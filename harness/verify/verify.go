// Package verify proves that the workbook is right: that each stub is red by a
// message of its own, that each solution is green whatever the machine does, that
// known mistakes are caught where and as they should be, that right answers of
// another shape pass, and that it judges answers whose authors had not seen the tests.
// The mistakes are those of harness/mistakes; the right answers stand in its folder
// alternatives, and the answers of strangers in independent. Only the command line uses it.
//
// Each proof is a line of the table in proofs.go, and has a file. All of them but
// the first run the lessons' own tests, on code that package trial lays over the
// learner's: compile, run many times, and tell what is wrong with the results.
package verify

//go:generate go run .. often

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/toolchain"
)

// Options are what a verification may be told. The zero value proves everything
// but the mutants.
type Options struct {
	Only   []string // the names of the proofs to make; none means all
	Match  string   // of mistakes, alternatives and independent answers, those alone whose file name contains it
	Since  string   // a revision of git's: prove what differs from it, committed or not; "" for everything
	Runs   int      // how many processes each mistake must be caught in; 0 means 20; other proofs take fewer, in proportion
	Strict bool     // whether a lesson that somebody has worked on is wrong, as it is in a release
	Mutate bool     // also prove that the tests notice small changes to the solutions
	Log    io.Writer
	Live   bool // whether Log is a terminal, which shows what is under way
}

// A verifier is one verification under way.
type verifier struct {
	Options
	root    string
	touched map[string]touch    // what is to be proven, by lesson; nil for everything
	race    bool                // whether there is a race detector
	places  int64               // how many jobs that use a processor there are at a time
	busy    *semaphore.Weighted // places for these
	idle    *semaphore.Weighted // and for what only waits
	matched bool                // whether there is a record as Match wants it

	mu     sync.Mutex // guards the rest
	report *Report
	total  int
	done   int
}

// usualRuns is how many processes a mistake must be caught in.
const usualRuns = 20

// share returns how many runs there are of what is usually run n times.
func (v *verifier) share(n int) int { return max(1, n*v.Runs/usualRuns) }

// idleForEach is how many processes that hang run beside one that does not.
const idleForEach = 6

// Run makes the proofs for the lessons of the workbook at root, and writes to
// o.Log how it goes. What was found wrong is in the report; an error means that
// there is none, because ctx ended or something could not be run.
func Run(ctx context.Context, root string, lessons []catalog.Lesson, o Options) (*Report, error) {
	chosen, err := choose(o)
	if err != nil {
		return nil, err
	}
	if o.Runs == 0 {
		o.Runs = usualRuns
	}
	v := &verifier{
		Options: o, root: root, race: toolchain.CanRace(ctx),
		places: int64(runtime.NumCPU() + 1), // one more, since each waits for a disk or a watchdog at times
		idle:   semaphore.NewWeighted(int64(idleForEach * runtime.NumCPU())),
		report: &Report{proven: map[[2]string]int{}},
	}
	v.busy = semaphore.NewWeighted(v.places)
	if o.Since != "" {
		if v.touched, err = changedSince(ctx, root, o.Since, lessons); err != nil {
			return nil, err
		}
	}
	if err := v.withoutRace(chosen); err != nil {
		return nil, err
	}
	for _, lesson := range lessons {
		v.report.Lessons = append(v.report.Lessons, lesson.Name)
	}
	for _, p := range chosen {
		v.report.Proofs = append(v.report.Proofs, p.name)
		if err := v.make(ctx, p, lessons); err != nil {
			return nil, err
		}
	}
	if o.Match != "" && !v.matched {
		return nil, fmt.Errorf("there is nothing to prove of a recorded answer whose file name contains %q", o.Match)
	}
	return v.report, nil
}

// withoutRace says that there is no race detector, where that matters. A release
// is not proven without it.
func (v *verifier) withoutRace(chosen []proof) error {
	if v.race || !slices.ContainsFunc(chosen, func(p proof) bool { return p.races }) {
		return nil
	}
	if v.Strict {
		return errors.New(toolchain.NoRace + "; -strict does not prove a release without it")
	}
	v.note("%s: what only it can see is not proven here", toolchain.NoRace)
	return nil
}

// builds returns false, and true where there is a race detector: whether to build
// with it.
func (v *verifier) builds() []bool {
	if !v.race {
		return []bool{false}
	}
	return []bool{false, true}
}

// path returns the path below the root of an absolute one.
func (v *verifier) path(file string) string {
	if rel, err := filepath.Rel(v.root, file); err == nil {
		return filepath.ToSlash(rel)
	}
	return file
}
