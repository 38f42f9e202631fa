package verify

import (
	"context"
	"path"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/verify/trial"
)

// raceRuns is how many processes an independent right answer must usually pass in
// with the race detector. Where there are fewer runs, it is as many in proportion, which
// may be none.
const raceRuns = 4

// independentJobs prove that answers are judged rightly whose authors had the
// lesson's text, its stub and its documentation, and neither tests nor solution. The
// file name of one says which it is: "right-…", or "wrong-…", which some step has to
// catch in each of many processes.
func (v *verifier) independentJobs(lesson catalog.Lesson) ([]job, error) {
	return v.recordJobs(lesson, mistakes.IndependentDir, func(ctx context.Context, r mistakes.Record, texts map[string]string) ([]string, error) {
		switch kind, _, _ := strings.Cut(path.Base(r.File), "-"); {
		case kind == "wrong" && r.NotAsked != "":
			return nil, nil
		case kind == "wrong":
			return v.proveCaught(ctx, lesson, r, texts)
		case kind == "right":
			return v.proveAccepted(ctx, lesson, texts)
		}
		return []string{`its name begins neither with "right-" nor with "wrong-"`}, nil
	})
}

// proveCaught proves that some step catches a wrong answer each time.
func (v *verifier) proveCaught(ctx context.Context, lesson catalog.Lesson, r mistakes.Record, texts map[string]string) ([]string, error) {
	t, err := trial.Compile(ctx, v.root, lesson, texts, r.Race)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	results, err := v.repeatMistake(ctx, t)
	if err != nil {
		return nil, err
	}
	return judge(results, func(result progress.Result) string {
		if result.Done {
			return "no step catches it"
		}
		return ""
	}), nil
}

// proveAccepted proves that all steps pass on a right answer each time.
func (v *verifier) proveAccepted(ctx context.Context, lesson catalog.Lesson, texts map[string]string) (wrong []string, err error) {
	for _, race := range v.builds() {
		runs, with := v.Runs, ""
		if race {
			runs, with = v.Runs*raceRuns/usualRuns, "with -race, "
		}
		if runs == 0 { // a build with the race detector takes longer than all the rest
			continue
		}
		t, err := trial.Compile(ctx, v.root, lesson, texts, race)
		if err != nil {
			return nil, err
		}
		defer t.Close()
		results, err := t.Repeat(ctx, runs, nil, trial.Env(calm))
		if err != nil {
			return nil, err
		}
		for _, text := range judge(results, rejected) {
			wrong = append(wrong, with+text)
		}
	}
	return wrong, nil
}
