package verify

import (
	"context"
	"fmt"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/verify/mutate"
)

// leastEfficacy is how many of the small changes to a solution its tests have to
// see, whatever the reasons why they do not see the others.
const leastEfficacy = 0.95

// mutantJobs prove that a small change to the solution turns a step red, or
// that it is on record why none can see it.
func (v *verifier) mutantJobs(lesson catalog.Lesson) ([]job, error) {
	return []job{{file: v.path(lesson.Dir), prove: func(ctx context.Context) ([]string, error) {
		report, err := mutate.Run(ctx, v.root, lesson, v.Log)
		if err != nil {
			return nil, err
		}
		v.count("mutants", lesson, report.Mutants) // nobody knew before how many compile
		v.note("%s: %d of %d small changes are seen (%.1f %%); %d change nothing, and %d change what no one asks for",
			lesson.Name, report.Killed, report.Mutants, 100*report.Efficacy, report.Equivalent, report.NotAsked)
		return notSeen(report), nil
	}}}, nil
}

// notSeen says which changes the tests do not see without a reason on record,
// and which reasons are none any more.
func notSeen(r mutate.Report) (wrong []string) {
	for _, change := range r.Survivors {
		wrong = append(wrong, fmt.Sprintf("no step is red after this change to %s:%d\n%v", change.File, change.Line, change))
	}
	for _, entry := range r.Stale {
		wrong = append(wrong, "a step sees this change now, or the change no longer exists: "+entry)
	}
	if r.Efficacy < leastEfficacy {
		wrong = append(wrong, fmt.Sprintf("its tests see %.1f %% of the small changes to the solution; they should see %.0f %%",
			100*r.Efficacy, 100*leastEfficacy))
	}
	return wrong
}
