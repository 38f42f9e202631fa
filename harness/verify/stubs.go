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
	"example.com/sseworkbook/harness/overlay"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/stub"
)

// stubRuns is how many times each step is run by itself on the stub.
const stubRuns = 5

// stubParts proves that the stub is the one that is derived from the solution,
// compiles and vets, and that each step is red on it by its own sentence.
func (v *verifier) stubParts(lesson catalog.Lesson) ([]part, error) {
	solution := lesson.SolutionFile()
	derived, err := stub.Of(lesson)
	if err != nil {
		return []part{{"derived", v.path(solution), 0, func(context.Context) ([]string, error) {
			return []string{err.Error()}, nil
		}}}, nil
	}
	steps, err := lesson.Steps()
	if err != nil {
		return nil, err
	}
	texts := map[string]string{filepath.Base(solution): string(derived)}
	red := func(race bool) func(context.Context) ([]string, error) {
		return func(ctx context.Context) ([]string, error) { return v.proveRed(ctx, lesson, texts, steps, race) }
	}
	parts := []part{
		{"as derived", v.path(lesson.File()), 0, func(context.Context) ([]string, error) { return v.proveDerived(lesson, derived) }},
		{"vet", v.path(solution), 0, func(ctx context.Context) ([]string, error) { return v.proveVetted(ctx, lesson, texts) }},
		{"each step", v.path(lesson.Dir), len(steps), red(false)},
	}
	if v.race {
		parts = append(parts, part{"each step, -race", v.path(lesson.Dir), 0, red(true)})
	}
	return parts, nil
}

// proveDerived proves that the stub in the lesson's folder is the derived one.
// Where somebody has worked on the lesson, that is only noted: the other proofs
// do not look at their work.
func (v *verifier) proveDerived(lesson catalog.Lesson, derived []byte) (wrong []string, err error) {
	same, err := holds(lesson.File(), derived)
	if given, ok := lesson.Given(); ok && err == nil {
		wrong, err = v.proveCopied(lesson, given)
	}
	if same || err != nil {
		return wrong, err
	}
	file, solution := v.path(lesson.File()), v.path(lesson.SolutionFile())
	if v.Strict {
		return append(wrong, "it is not the stub that is derived from "+solution+": go generate ./..., or go run ./harness reset "+lesson.Topic), nil
	}
	for _, err := range stub.Check(v.root, []catalog.Lesson{lesson}) {
		wrong = append(wrong, err.Error())
	}
	if wrong == nil {
		v.note("%s has been worked on: what is proven of its stub is proven of one derived anew", file)
	}
	return wrong, nil
}

// proveCopied proves that what the lesson gives is in its folder as it is in the
// solution's. Where somebody has edited the copy, that is only noted.
func (v *verifier) proveCopied(lesson catalog.Lesson, given string) (wrong []string, err error) {
	text, err := os.ReadFile(given)
	if err != nil {
		return nil, fmt.Errorf("reading what a lesson gives: %w", err)
	}
	file := v.path(lesson.GivenFile())
	switch same, err := holds(lesson.GivenFile(), unixLines(text)); {
	case same || err != nil:
		return nil, err
	case v.Strict:
		return []string{file + " is not " + v.path(given) + ": go generate ./..., or go run ./harness reset " + lesson.Topic}, nil
	}
	v.note("%s is not %s: what is proven is proven with the solution's", file, v.path(given))
	return nil, nil
}

// holds reports whether the file holds this text, line ends aside.
func holds(file string, text []byte) (bool, error) {
	present, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("reading a stub: %w", err)
	}
	return err == nil && bytes.Equal(unixLines(present), text), nil
}

// proveVetted proves that go vet has nothing against the stub and its tests.
func (v *verifier) proveVetted(ctx context.Context, lesson catalog.Lesson, texts map[string]string) (wrong []string, err error) {
	o, err := overlay.LessonFromTexts(lesson, texts, v.dir)
	if err != nil {
		return nil, err
	}
	file, err := o.Write(v.dir)
	if err != nil {
		return nil, err
	}
	output, err := progress.Vet(ctx, v.root, lesson, progress.Options{Overlay: file})
	if err != nil || output == "" {
		return nil, err
	}
	return []string{"go vet of its stub says:\n" + output}, nil
}

// proveRed proves that each step alone is red on the stub, by its own sentence,
// and that the lesson as a whole begins with its first step, and ends soon.
func (v *verifier) proveRed(ctx context.Context, lesson catalog.Lesson, texts map[string]string, steps []catalog.Step, race bool) ([]string, error) {
	binary, wrong, err := v.compile(ctx, lesson, texts, race)
	if wrong != nil || err != nil {
		return wrong, err
	}
	began := time.Now()
	result, err := binary.Run(ctx, nil, environment(calm))
	if err != nil {
		return nil, err
	}
	if took := time.Since(began); took > patience {
		wrong = append(wrong, fmt.Sprintf("on the stub, the lesson takes %v to say what is to be done first", took.Round(time.Second)))
	}
	if red, ok := result.Red(); !ok || red.Name != steps[0].Name {
		wrong = append(wrong, fmt.Sprintf("on the stub, the first step to go red is %q, and not %s", red.Name, steps[0].Name))
	}
	for _, step := range steps {
		rounds, err := binary.RunN(ctx, v.share(stubRuns), []string{"-test.run=^" + step.Name + "$"}, environment(patience))
		if err != nil {
			return nil, err
		}
		var said tally
		for _, result := range rounds {
			said.add(notOfItsOwn(step, result))
		}
		wrong = append(wrong, said.wrong()...)
	}
	return wrong, nil
}

// notOfItsOwn says why the run of one step on the stub is not red by an assertion
// of that step, or "". Assertions have a line of the lesson's tests in front; the
// reports of a panic, a leak, a race or the watchdog have none.
func notOfItsOwn(step catalog.Step, result progress.Result) string {
	red, ok := result.Red()
	switch {
	case !ok && result.Outside != "":
		return step.Name + " is not red on the stub, and yet the run fails:\n" + result.Outside
	case !ok:
		return step.Name + " is green on the stub: nothing is left to be done for it"
	case !strings.Contains(red.At, "_test.go:"), strings.Contains(red.Message, "hangs at"):
		return fmt.Sprintf("%s is red on the stub, but not by what it asserts: %s", step.Name, red.Message)
	case strings.Contains(red.Message, "Error Trace:"):
		return fmt.Sprintf("%s is red on the stub, but without a sentence of its own: %s", step.Name, red.Message)
	}
	return ""
}

// unixLines turns CRLF into LF, since git checks text out with either.
func unixLines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }
