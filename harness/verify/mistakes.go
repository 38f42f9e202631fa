package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/progress"
)

// How long a step may hang: what a learner has, and once it is known that the
// mistake hangs, less, for these runs stand side by side.
const (
	patience   = 5 * time.Second
	impatience = 2 * time.Second
)

// mistakeParts proves that each mistake is caught by the step on record, before
// any other is red, and with the words on record; in each of many processes.
func (v *verifier) mistakeParts(lesson catalog.Lesson) ([]part, error) {
	return v.recordParts(lesson, mistakes.Dir, v.proveMistake)
}

// recordParts makes a part of each record in dir that is asked for. The edited
// solution comes with it.
func (v *verifier) recordParts(lesson catalog.Lesson, dir string,
	prove func(context.Context, catalog.Lesson, mistakes.Record, map[string]string) ([]string, error)) ([]part, error) {
	records, err := mistakes.Read(v.root, dir, lesson)
	if err != nil {
		return []part{{"records", dir + "/" + lesson.Name, 0, func(context.Context) ([]string, error) { return []string{err.Error()}, nil }}}, nil
	}
	solution, err := solutionTexts(lesson)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, r := range records {
		if strings.Contains(r.File, v.Match) && (v.race || !r.Race) {
			parts = append(parts, part{r.Title, r.File, 1, func(ctx context.Context) ([]string, error) {
				texts, err := r.Apply(solution)
				if err != nil {
					return []string{err.Error()}, nil
				}
				return prove(ctx, lesson, r, texts)
			}})
		}
	}
	return parts, nil
}

func (v *verifier) proveMistake(ctx context.Context, lesson catalog.Lesson, r mistakes.Record, texts map[string]string) ([]string, error) {
	if len(r.Expect) == 0 {
		return []string{"it does not say which step catches it: a line \"step: Test…\", and below it \"message: …\""}, nil
	}
	binary, wrong, err := v.compile(ctx, lesson, texts, r.Race)
	if wrong != nil || err != nil {
		return wrong, err
	}
	var said tally
	began := time.Now()
	result, err := binary.Run(ctx, nil, environment(patience))
	if err != nil {
		return nil, err
	}
	said.add(judge(r, result))
	rest := v.runs
	if time.Since(began) > patience {
		rest = v.runsAside
	}
	if err := rest(ctx, binary, v.Runs-1, func(result progress.Result) { said.add(judge(r, result)) }); err != nil {
		return nil, err
	}
	return said.wrong(), nil
}

// runs runs the binary n times, one after the other.
func (v *verifier) runs(ctx context.Context, b *progress.Binary, n int, see func(progress.Result)) error {
	for range n {
		result, err := b.Run(ctx, nil, environment(patience))
		if err != nil {
			return err
		}
		see(result)
	}
	return nil
}

// runsAside runs the binary n times side by side, as it does little but hang, and
// gives the place of the one who calls to others meanwhile.
func (v *verifier) runsAside(ctx context.Context, b *progress.Binary, n int, see func(progress.Result)) error {
	release(v.busy)
	defer func() { v.busy <- struct{}{} }()
	results, errs := make([]progress.Result, n), make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if acquire(ctx, v.idle) {
				defer release(v.idle)
				results[i], errs[i] = b.Run(ctx, nil, environment(impatience))
			} else {
				errs[i] = context.Cause(ctx)
			}
		})
	}
	group.Wait()
	for i := range n {
		if errs[i] != nil {
			return errs[i]
		}
		see(results[i])
	}
	return nil
}

// judge says what is wrong with a run of the mistake, or "".
func judge(r mistakes.Record, result progress.Result) string {
	red, ok := result.Red()
	if !ok {
		if result.Outside != "" {
			return "no step catches it; the run ends with:\n" + result.Outside
		}
		return "no step catches it: mend the lesson's test"
	}
	i := slices.IndexFunc(r.Expect, func(e mistakes.Expectation) bool { return e.Step == red.Name })
	if i < 0 {
		return fmt.Sprintf("the first step to go red is %s, and not %s: %s", red.Name, r.Step(), red.Message)
	}
	for _, words := range r.Expect[i].Words {
		if !strings.Contains(red.Message, words) {
			return fmt.Sprintf("%s does not say %q but: %s", red.Name, words, red.Message)
		}
	}
	return ""
}
