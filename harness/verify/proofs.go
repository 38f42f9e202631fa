package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// A proof is one thing to prove of each lesson.
type proof struct {
	name     string
	jobs     func(v *verifier, lesson catalog.Lesson) ([]job, error)
	races    bool // whether some of it is proven with the race detector
	onDemand bool // whether it takes far longer than all others, and has to be asked for
	records  bool // whether it is about records alone, each by itself
	alone    bool // whether each of its jobs keeps all processors busy by itself
}

// proofs are made in this order.
var proofs = []proof{
	{name: "house", jobs: (*verifier).structureJobs},
	{name: "stubs", jobs: (*verifier).stubJobs, races: true},
	{name: "solutions", jobs: (*verifier).solutionJobs, races: true},
	{name: "mistakes", jobs: (*verifier).mistakeJobs, races: true, records: true},
	{name: "alternatives", jobs: (*verifier).alternativeJobs, records: true},
	{name: "independent", jobs: (*verifier).independentJobs, races: true, records: true},
	{name: "mutants", jobs: (*verifier).mutantJobs, onDemand: true, alone: true},
}

// A job is a part of a proof that is independent of all others. It is about one
// file. What it finds wrong with that it says in words; an error means that it could
// not be done. That something does not compile is wrong, whichever job finds it.
type job struct {
	name   string // in a few words, while it is under way
	file   string // the file to open when it fails, below the root
	proves int    // how many things it proves, for the table
	prove  func(ctx context.Context) (wrong []string, err error)

	proof, lesson string // where it belongs
}

// Proofs returns the names of the proofs, in the order in which they are made.
func Proofs() []string {
	var names []string
	for _, p := range proofs {
		names = append(names, p.name)
	}
	return names
}

// choose returns the proofs that the options ask for.
func choose(o Options) ([]proof, error) {
	for _, name := range o.Only {
		if !slices.Contains(Proofs(), name) {
			return nil, fmt.Errorf("there is no proof %q; there are %s", name, strings.Join(Proofs(), ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(proofs), func(p proof) bool {
		if len(o.Only) > 0 {
			return !slices.Contains(o.Only, p.name)
		}
		return p.onDemand && !o.Mutate
	}), nil
}

// plan lists the jobs of a proof, the lessons' one after the other.
func (v *verifier) plan(p proof, lessons []catalog.Lesson) ([]job, error) {
	var all []job
	for _, lesson := range lessons {
		if v.touched != nil && !p.records && !v.touched[lesson.Name].all {
			continue
		}
		jobs, err := p.jobs(v, lesson)
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			j.proof, j.lesson = p.name, lesson.Name
			all = append(all, j)
		}
	}
	return all, nil
}

// make makes one proof for all lessons, with as many jobs at a time as keep the
// processors busy.
func (v *verifier) make(ctx context.Context, p proof, lessons []catalog.Lesson) error {
	jobs, err := v.plan(p, lessons)
	if err != nil {
		return err
	}
	v.expect(len(jobs))
	places := int64(1)
	if p.alone {
		places = v.places
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for _, j := range jobs {
		if v.busy.Acquire(groupCtx, places) != nil {
			break
		}
		group.Go(func() error {
			defer v.busy.Release(places)
			return v.do(groupCtx, j)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// do does a job, and puts down what it has found.
func (v *verifier) do(ctx context.Context, j job) error {
	v.begin(j)
	wrong, err := j.prove(ctx)
	if e, ok := errors.AsType[*progress.BuildError](err); ok {
		wrong, err = []string{"it does not compile:\n" + e.Text}, nil
	}
	if err == nil {
		v.end(j, wrong)
	}
	return err
}
