package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/stub"
	"example.com/sseworkbook/harness/textfile"
	"example.com/sseworkbook/harness/verify/trial"
)

// stubRuns is how many times each step is run by itself on the stub.
const stubRuns = 5

// stubJobs prove that the stub is the one that is derived from the solution,
// compiles and vets, and that each step is red on it by its own sentence.
func (v *verifier) stubJobs(lesson catalog.Lesson) ([]job, error) {
	solution, dir := v.path(lesson.SolutionFile()), v.path(lesson.Dir)
	derived, err := stub.Of(lesson)
	if err != nil {
		wrong := []string{err.Error()}
		return []job{{name: "derived", file: solution, prove: func(context.Context) ([]string, error) { return wrong, nil }}}, nil
	}
	steps, err := lesson.Steps()
	if err != nil {
		return nil, err
	}
	texts := map[string]string{filepath.Base(solution): string(derived)}
	jobs := []job{
		{name: "as derived", file: v.path(lesson.File()), prove: func(context.Context) ([]string, error) {
			return v.proveDerived(lesson, derived)
		}},
		{name: "vet", file: solution, prove: func(ctx context.Context) ([]string, error) {
			return v.proveVetted(ctx, lesson, texts)
		}},
	}
	for _, race := range v.builds() {
		j := job{name: "each step", file: dir, proves: len(steps)}
		if race {
			j.name, j.proves = "each step, -race", 0
		}
		j.prove = func(ctx context.Context) ([]string, error) { return v.proveRed(ctx, lesson, texts, steps, race) }
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// generateOrReset is what to do about a file that is not as it is derived; the
// lesson's topic follows.
const generateOrReset = "go generate ./..., or go run ./harness reset "

// proveDerived proves that the stub in the lesson's folder is the derived one, and
// what the lesson gives the solution's. Where somebody has worked on the lesson, that
// is only noted: the other proofs do not look at their work.
func (v *verifier) proveDerived(lesson catalog.Lesson, derived []byte) ([]string, error) {
	wrong, err := v.proveGiven(lesson)
	if err != nil {
		return nil, err
	}
	file, solution := v.path(lesson.File()), v.path(lesson.SolutionFile())
	switch same, err := holds(lesson.File(), derived); {
	case same || err != nil:
		return wrong, err
	case v.Strict:
		return append(wrong, "it is not the stub derived from "+solution+": "+generateOrReset+lesson.Topic), nil
	}
	errs := stub.Check(v.root, []catalog.Lesson{lesson})
	if len(errs) == 0 {
		v.note("%s has been edited: the proofs are about a stub derived again", file)
	}
	for _, err := range errs {
		wrong = append(wrong, err.Error())
	}
	return wrong, nil
}

// proveGiven proves that what the lesson gives is in its folder as it is in the
// solution's. Where somebody has edited the copy, that is only noted.
func (v *verifier) proveGiven(lesson catalog.Lesson) ([]string, error) {
	given, ok := lesson.Given()
	if !ok {
		return nil, nil
	}
	text, err := os.ReadFile(given)
	if err != nil {
		return nil, fmt.Errorf("reading what a lesson gives: %w", err)
	}
	file := v.path(lesson.GivenFile())
	switch same, err := holds(lesson.GivenFile(), textfile.UnixLines(text)); {
	case same || err != nil:
		return nil, err
	case v.Strict:
		return []string{file + " is not " + v.path(given) + ": " + generateOrReset + lesson.Topic}, nil
	}
	v.note("%s is not %s: the proofs use the solution's", file, v.path(given))
	return nil, nil
}

// holds reports whether the file holds this text, line ends aside.
func holds(file string, text []byte) (bool, error) {
	present, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("reading a stub: %w", err)
	}
	return err == nil && bytes.Equal(textfile.UnixLines(present), text), nil
}

// proveVetted proves that go vet has nothing against the stub and its tests.
func (v *verifier) proveVetted(ctx context.Context, lesson catalog.Lesson, texts map[string]string) ([]string, error) {
	output, err := trial.Vet(ctx, v.root, lesson, texts)
	if err != nil || output == "" {
		return nil, err
	}
	return []string{"go vet of its stub reports:\n" + output}, nil
}

// proveRed proves that each step alone is red on the stub, by its own sentence,
// and that the lesson as a whole begins with its first step, and ends soon.
func (v *verifier) proveRed(ctx context.Context, lesson catalog.Lesson, texts map[string]string, steps []catalog.Step,
	race bool) (wrong []string, err error) {
	t, err := trial.Compile(ctx, v.root, lesson, texts, race)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	began := time.Now()
	result, err := t.Run(ctx, nil, trial.Env(calm))
	if err != nil {
		return nil, err
	}
	if took := time.Since(began); took > patience {
		wrong = append(wrong, fmt.Sprintf("on the stub, the lesson takes %v to say what to do first", took.Round(time.Second)))
	}
	if red, ok := result.Red(); !ok || red.Name != steps[0].Name {
		wrong = append(wrong, fmt.Sprintf("on the stub, the first step to go red is %q, not %s", red.Name, steps[0].Name))
	}
	for _, step := range steps {
		results, err := t.RunN(ctx, v.share(stubRuns), []string{"-test.run=^" + step.Name + "$"}, trial.Env(patience))
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, judge(results, func(result progress.Result) string { return notOfItsOwn(step, result) })...)
	}
	return wrong, nil
}

// notOfItsOwn is the verdict on a run of one step on the stub, which is to be red by
// an assertion of that step. Assertions have a line of the lesson's tests in front;
// the reports of a panic, a leak, a race or the watchdog have none.
func notOfItsOwn(step catalog.Step, result progress.Result) string {
	red, ok := result.Red()
	switch {
	case !ok && result.Outside != "":
		return step.Name + " is not red on the stub, but the run fails:\n" + result.Outside
	case !ok:
		return step.Name + " is green on the stub, so it leaves nothing to do"
	case !strings.Contains(red.At, "_test.go:"), strings.Contains(red.Message, "hangs at"):
		return fmt.Sprintf("%s is red on the stub, but not by what it asserts: %s", step.Name, red.Message)
	case strings.Contains(red.Message, "Error Trace:"):
		return fmt.Sprintf("%s is red on the stub, but without its own sentence: %s", step.Name, red.Message)
	}
	return ""
}
