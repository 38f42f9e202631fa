package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/verify/trial"
)

// mistakeJobs prove that each mistake is caught by the step on record, before any
// other is red, and with the words on record; in each of many processes.
func (v *verifier) mistakeJobs(lesson catalog.Lesson) ([]job, error) {
	return v.recordJobs(lesson, mistakes.Dir, func(ctx context.Context, r mistakes.Record, texts map[string]string) ([]string, error) {
		if len(r.Expect) == 0 {
			return []string{"it does not say which step catches it: add a line \"step: Test…\", and below it \"message: …\""}, nil
		}
		t, err := trial.Compile(ctx, v.root, lesson, texts, r.Race)
		if err != nil {
			return nil, err
		}
		defer t.Close()
		results, err := v.repeatMistake(ctx, t)
		if err != nil {
			return nil, err
		}
		return judge(results, func(result progress.Result) string { return notCaught(r, result) }), nil
	})
}

// repeatMistake runs the tests as often as a mistake is tried. One that hangs is
// tried side by side, after its first run.
func (v *verifier) repeatMistake(ctx context.Context, t *trial.Trial) ([]progress.Result, error) {
	began := time.Now()
	first, err := t.Repeat(ctx, 1, nil, trial.Env(patience))
	if err != nil {
		return nil, err
	}
	var rest []progress.Result
	if time.Since(began) > patience {
		rest, err = v.repeatAside(ctx, t, v.Runs-1)
	} else {
		rest, err = t.Repeat(ctx, v.Runs-1, nil, trial.Env(patience))
	}
	return append(first, rest...), err
}

// impatience is how long a step may hang once it is known that it does: these runs
// stand side by side.
const impatience = 2 * time.Second

// repeatAside runs the tests n times side by side, as they do little but hang, and
// gives the place of the job that calls it to others meanwhile.
func (v *verifier) repeatAside(ctx context.Context, t *trial.Trial, n int) ([]progress.Result, error) {
	v.busy.Release(1)
	defer v.busy.Acquire(context.WithoutCancel(ctx), 1) // the job releases it, whatever happens
	results := make([]progress.Result, n)
	group, ctx := errgroup.WithContext(ctx)
	for i := range n {
		group.Go(func() error {
			if err := v.idle.Acquire(ctx, 1); err != nil {
				return context.Cause(ctx)
			}
			defer v.idle.Release(1)
			var err error
			results[i], err = t.Run(ctx, nil, trial.Env(impatience))
			return err
		})
	}
	return results, group.Wait()
}

// notCaught is the verdict on a run of a mistake.
func notCaught(r mistakes.Record, result progress.Result) string {
	red, ok := result.Red()
	if !ok {
		if result.Outside != "" {
			return "no step catches it; the run ends with:\n" + result.Outside
		}
		return "no step catches it: fix the lesson's test"
	}
	i := slices.IndexFunc(r.Expect, func(e mistakes.Expectation) bool { return e.Step == red.Name })
	if i < 0 {
		return fmt.Sprintf("the first step to go red is %s, not %s: %s", red.Name, r.Step(), red.Message)
	}
	for _, words := range r.Expect[i].Words {
		if !strings.Contains(red.Message, words) {
			return fmt.Sprintf("%s does not say %q but: %s", red.Name, words, red.Message)
		}
	}
	return ""
}
