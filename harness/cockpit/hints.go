package cockpit

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// hintsDir is where the workbook remembers which hints were shown, in a file of
// each lesson's name. What cannot be read or written there is no reason to fail.
const hintsDir = ".workbook/hints"

// A Hint is one of those that help with a step, each of which tells more than the
// one before: the step's own, the lesson's, and then the functions of the solution.
type Hint struct {
	Title string // whose hint it is, on one line: "step 1 of 13 · TestHello"
	About string // of a step's own hint: what the step is about, on one line; or ""
	Text  string // a sentence, a few lines of Markdown, or code, without a line break at the end
	Code  bool   // whether Text is Go
	N     int    // which one it is, counted from 1; 0 when no step is red, and this says so
	Of    int    // how many there are
	More  bool   // whether one comes after it
}

// NextHint returns the hint after the one that was shown last for the step that is
// red in r, or the last one again, and remembers that it was shown, in the workbook
// in root. Another red step begins anew. Where a lesson is done, or fails outside
// its steps, the hint says that, and its N is 0.
func NextHint(root string, r progress.Result) (Hint, error) {
	step, hints, err := hintsOf(r)
	if err != nil || step == "" {
		return noStep(root, r), err
	}
	n := min(shown(root, r.Lesson, step)+1, len(hints))
	remember(root, r.Lesson, step, n)
	return hints[n-1], nil
}

// LastHint returns the hint that NextHint has returned last for the step that is
// red in r, or the first one if it has not.
func LastHint(root string, r progress.Result) (Hint, error) {
	step, hints, err := hintsOf(r)
	if err != nil || step == "" {
		return noStep(root, r), err
	}
	n := min(max(shown(root, r.Lesson, step), 1), len(hints))
	return hints[n-1], nil
}

// AllHints returns all hints for the step that is red in r, and remembers nothing.
// Where no step is red, it is the one hint that says so.
func AllHints(root string, r progress.Result) ([]Hint, error) {
	step, hints, err := hintsOf(r)
	if err != nil {
		return nil, err
	}
	if step == "" {
		return []Hint{noStep(root, r)}, nil
	}
	return hints, nil
}

// noStep returns the hint for a lesson in which no step is red.
func noStep(root string, r progress.Result) Hint {
	switch {
	case r.Done:
		return Hint{Title: "lesson " + r.Lesson.Name + " is green", Text: "No hint is needed."}
	case r.BuildError != "":
		return Hint{Title: "lesson " + r.Lesson.Name + " does not compile yet", Text: strings.TrimSpace(r.BuildError)}
	}
	return Hint{Title: "all steps of lesson " + r.Lesson.Name + " pass, but", Text: strings.TrimSpace(r.Outside)}
}

// hintsOf returns the step that is red in r, or that comes next, and all hints for
// it, of which there is one at least; "" if no step is.
func hintsOf(r progress.Result) (name string, hints []Hint, err error) {
	open, ok := r.Next()
	if !ok || r.BuildError != "" {
		return "", nil, nil
	}
	steps, err := r.Lesson.Steps()
	if err != nil {
		return "", nil, err
	}
	i := slices.IndexFunc(steps, func(s catalog.Step) bool { return s.Name == open.Name })
	if i < 0 {
		return "", nil, fmt.Errorf("lesson %s has no step %s", r.Lesson.Name, open.Name)
	}
	hints = append(hints, stepHint(steps[i], fmt.Sprintf("step %d of %d", i+1, len(steps))))
	texts, err := r.Lesson.Hints()
	if err != nil {
		return "", nil, err
	}
	for i, text := range texts {
		hints = append(hints, Hint{Title: fmt.Sprintf("the lesson's own, %d of %d", i+1, len(texts)), Text: text})
	}
	answers, err := answersFor(r.Lesson, steps[i])
	if err != nil {
		return "", nil, err
	}
	hints = append(hints, answers...)
	for i := range hints {
		hints[i].N, hints[i].Of, hints[i].More = i+1, len(hints), i+1 < len(hints)
	}
	return open.Name, hints, nil
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
	text, err := os.ReadFile(hintsFile(root, lesson))
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
	file := hintsFile(root, lesson)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err == nil {
		os.WriteFile(file, fmt.Appendf(nil, "%s %d\n", step, n), 0o644)
	}
}

// ForgetHints forgets which hints of a lesson were shown: it is begun anew.
func ForgetHints(root string, lesson catalog.Lesson) { os.Remove(hintsFile(root, lesson)) }

// hintsFile returns the file that remembers the hints of a lesson.
func hintsFile(root string, lesson catalog.Lesson) string {
	return filepath.Join(root, filepath.FromSlash(hintsDir), lesson.Name)
}
