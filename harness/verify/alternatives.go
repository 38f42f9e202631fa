package verify

import (
	"context"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/verify/trial"
)

// alternativeRuns is how many processes a right answer must pass in.
const alternativeRuns = 3

// alternativeJobs prove that right answers of another shape pass.
func (v *verifier) alternativeJobs(lesson catalog.Lesson) ([]job, error) {
	return v.recordJobs(lesson, mistakes.AlternativesDir, func(ctx context.Context, r mistakes.Record, texts map[string]string) ([]string, error) {
		if len(r.Expect) > 0 {
			return []string{"it names a step that catches it, although it is a right answer"}, nil
		}
		t, err := trial.Compile(ctx, v.root, lesson, texts, false)
		if err != nil {
			return nil, err
		}
		defer t.Close()
		results, err := t.Repeat(ctx, v.share(alternativeRuns), nil, trial.Env(calm))
		if err != nil {
			return nil, err
		}
		return judge(results, rejected), nil
	})
}

// rejected is the verdict on a run of a right answer.
func rejected(result progress.Result) string {
	if result.Done {
		return ""
	}
	return "this right answer is rejected: " + trial.Failure(result)
}
