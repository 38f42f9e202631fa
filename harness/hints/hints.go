// Package hints helps with the step that is red, a little more with each call: first
// the step's own hint, then those of the lesson, and in the end the functions of the
// solution.
package hints

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// dir is where the workbook remembers which hints were shown, in a file of
// each lesson's name. What cannot be read or written there is no reason to fail.
const dir = ".workbook/hints"

// A Hint is one of those that help with a step, each of which tells more than the
// one before: the step's own, the lesson's, and then the functions of the solution.
type Hint struct {
	Title string // whose hint it is, on one line: "step 1 of 13 · TestHello"
	About string // of a step's own hint: what the step is about, on one line; or ""
	Text  string // a sentence, a few lines of Markdown, or code, without a line break at the end
	Code  bool   // whether Text is Go
	N, Of int    // which one it is, counted from 1, and how many there are
}

// Next returns the hint after the one that was shown last for the step that is red in
// r, or the last one again, and remembers that it was shown, in the workbook in root.
// Another red step begins anew. Where no step is red, the hint's N is 0.
func Next(root string, r progress.Result) (Hint, error) {
	step, _ := r.Next()
	h, err := pick(r, shown(root, r.Lesson, step.Name)+1)
	if h.N > 0 {
		remember(root, r.Lesson, step.Name, h.N)
	}
	return h, err
}

// Last returns the hint that Next has returned last for the step that is red in r, or
// the first one if it has not. Where no step is red, the hint's N is 0.
func Last(root string, r progress.Result) (Hint, error) {
	step, _ := r.Next()
	return pick(r, max(shown(root, r.Lesson, step.Name), 1))
}

// pick returns hint number n, or the last one if there are fewer.
func pick(r progress.Result, n int) (Hint, error) {
	all, err := All(r)
	if err != nil || len(all) == 0 {
		return Hint{}, err
	}
	return all[min(n, len(all))-1], nil
}

// All returns all hints for the step that is red in r, or that comes next; none where
// no step is red: the lesson is done, does not compile, or fails outside its steps.
func All(r progress.Result) ([]Hint, error) {
	open, ok := r.Next()
	if !ok || r.BuildError != "" {
		return nil, nil
	}
	steps, err := r.Lesson.Steps()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(steps, func(s catalog.Step) bool { return s.Name == open.Name })
	if i < 0 {
		return nil, fmt.Errorf("lesson %s has no step %s", r.Lesson.Name, open.Name)
	}
	texts, err := r.Lesson.Hints()
	if err != nil {
		return nil, err
	}
	answers, err := answersFor(r.Lesson, steps[i])
	if err != nil {
		return nil, err
	}
	all := []Hint{stepHint(steps[i], fmt.Sprintf("step %d of %d", i+1, len(steps)))}
	for i, text := range texts {
		all = append(all, Hint{Title: fmt.Sprintf("the lesson's own, %d of %d", i+1, len(texts)), Text: text})
	}
	all = append(all, answers...)
	for i := range all {
		all[i].N, all[i].Of = i+1, len(all)
	}
	return all, nil
}

// stepHint returns a step's own hint.
func stepHint(step catalog.Step, place string) Hint {
	h := Hint{Title: place + " · " + step.Name, About: step.Doc, Text: step.Hint}
	if h.Text == "" {
		h.About, h.Text = "", step.Doc
	}
	return h
}

// shown returns how many hints were shown for a step; 0 if the last ones were for
// another.
func shown(root string, lesson catalog.Lesson, step string) (n int) {
	text, err := os.ReadFile(file(root, lesson))
	if err != nil {
		return 0
	}
	var last string
	if _, err := fmt.Sscan(string(text), &last, &n); err != nil || last != step || n < 0 {
		return 0
	}
	return n
}

// remember notes how many hints were shown for a step.
func remember(root string, lesson catalog.Lesson, step string, n int) {
	name := file(root, lesson)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err == nil {
		os.WriteFile(name, fmt.Appendf(nil, "%s %d\n", step, n), 0o644)
	}
}

// Forget forgets which hints of a lesson were shown: it is begun anew.
func Forget(root string, lesson catalog.Lesson) { os.Remove(file(root, lesson)) }

// file returns the file that remembers the hints of a lesson.
func file(root string, lesson catalog.Lesson) string {
	return filepath.Join(root, filepath.FromSlash(dir), lesson.Name)
}
