// Package verify proves that the workbook is right: that each stub is red by a
// message of its own, that each solution is green whatever the machine does, that
// known mistakes are caught where and as they should be, and that right answers of
// another shape pass. The mistakes are those of harness/mistakes; the right answers
// stand in its folder alternatives. Only the command line uses it.
//
// Everything runs on the lessons' own tests, with other code laid over the
// learner's, which is never touched.
package verify

//go:generate go run .. often

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/toolchain"
)

// Options are what a verification may be told. The zero value proves everything
// but the mutants.
type Options struct {
	Only   []string // the names of the proofs to make; none means all
	Match  string   // of mistakes and alternatives, those alone whose file name contains it
	Runs   int      // how many processes each mistake must be caught in; 0 means 20; other proofs take fewer, in proportion
	Strict bool     // whether a lesson that somebody has worked on is wrong, as it is in a release
	Mutate bool     // also prove that the tests notice small changes to the solutions
	Log    io.Writer
	Live   bool // whether Log is a terminal, which shows what is under way
}

// A proof is one thing to prove of a lesson, in parts that are independent.
type proof struct {
	name  string
	parts func(v *verifier, lesson catalog.Lesson) ([]part, error)
}

// A part of a proof is about one file. What it finds wrong with that it says in
// words; an error means that it could not be made.
type part struct {
	name   string // in a few words, while it is under way
	file   string // the file to open when it fails, below the root
	proves int    // how many things it proves, for the table
	prove  func(ctx context.Context) (wrong []string, err error)
}

// proofs are made in this order.
var proofs = []proof{
	{"house", (*verifier).houseParts},
	{"stubs", (*verifier).stubParts},
	{"solutions", (*verifier).solutionParts},
	{"mistakes", (*verifier).mistakeParts},
	{"alternatives", (*verifier).alternativeParts},
	{mutants, (*verifier).mutantParts},
}

// Proofs returns the names of the proofs, in the order in which they are made.
func Proofs() []string {
	var names []string
	for _, p := range proofs {
		names = append(names, p.name)
	}
	return names
}

// A verifier is one verification under way.
type verifier struct {
	Options
	root string
	dir  string        // what is built and written, removed in the end
	race bool          // whether there is a race detector
	busy chan struct{} // places for what uses a processor
	idle chan struct{} // and for what only waits

	alone  sync.Mutex // held by what wants all processors for itself
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
	chosen, err := chooseProofs(o)
	if err != nil {
		return nil, err
	}
	if o.Runs == 0 {
		o.Runs = usualRuns
	}
	dir, err := os.MkdirTemp("", "verify-*")
	if err != nil {
		return nil, fmt.Errorf("verifying: %w", err)
	}
	defer os.RemoveAll(dir)
	v := &verifier{
		Options: o, root: root, dir: dir, race: toolchain.CanRace(ctx),
		busy:   make(chan struct{}, runtime.NumCPU()+1), // one more, since each waits for a disk or a watchdog at times
		idle:   make(chan struct{}, idleForEach*runtime.NumCPU()),
		report: &Report{proven: map[[2]string]int{}},
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
	return v.report, nil
}

// racing are the proofs in which something is proven with the race detector.
var racing = []string{"stubs", "solutions", "mistakes"}

// withoutRace says that there is no race detector, where that matters. A release
// is not proven without it.
func (v *verifier) withoutRace(chosen []proof) error {
	if v.race || !slices.ContainsFunc(chosen, func(p proof) bool { return slices.Contains(racing, p.name) }) {
		return nil
	}
	if v.Strict {
		return errors.New(toolchain.NoRace + "; -strict does not prove a release without it")
	}
	v.note("%s: what only it can see is not proven here", toolchain.NoRace)
	return nil
}

// chooseProofs returns the proofs that the options ask for. The mutants take far
// longer than all others, and have to be asked for.
func chooseProofs(o Options) ([]proof, error) {
	for _, name := range o.Only {
		if !slices.Contains(Proofs(), name) {
			return nil, fmt.Errorf("there is no proof %q; there are %s", name, strings.Join(Proofs(), ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(proofs), func(p proof) bool {
		if len(o.Only) > 0 {
			return !slices.Contains(o.Only, p.name)
		}
		return p.name == mutants && !o.Mutate
	}), nil
}

// make makes one proof for all lessons, with as many parts at a time as keep the
// processors busy.
func (v *verifier) make(ctx context.Context, p proof, lessons []catalog.Lesson) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	defer group.Wait()
	work, err := v.plan(p, lessons)
	if err != nil {
		return err
	}
	for _, job := range work {
		if !acquire(ctx, v.busy) {
			break
		}
		group.Go(func() {
			defer release(v.busy)
			v.begin(job)
			wrong, err := job.prove(ctx)
			if err != nil {
				cancel(err)
				return
			}
			v.end(job, wrong)
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// A job is a part of a proof with where it belongs.
type job struct {
	part
	proof  string
	lesson string
}

// plan lists the jobs of a proof, the lessons' one after the other.
func (v *verifier) plan(p proof, lessons []catalog.Lesson) ([]job, error) {
	var work []job
	for _, lesson := range lessons {
		parts, err := p.parts(v, lesson)
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			work = append(work, job{part, p.name, lesson.Name})
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done, v.total = 0, len(work)
	return work, nil
}

// acquire takes a place, and reports whether there was one before ctx ended.
func acquire(ctx context.Context, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// release gives a place back.
func release(places chan struct{}) { <-places }

// path returns the path below the root of an absolute one.
func (v *verifier) path(file string) string {
	if rel, err := filepath.Rel(v.root, file); err == nil {
		return filepath.ToSlash(rel)
	}
	return file
}
