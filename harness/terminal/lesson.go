package terminal

import (
	"fmt"
	"path"
	"strings"

	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/source"
	"example.com/sseworkbook/harness/status"
)

// body shows what the last run of a lesson has shown: what is red, and then what helps
// with it and what to do now.
func (v view) body(r progress.Result) (red, rest string) {
	switch {
	case r.Done:
		return "", v.learned(r) + v.untried(r) + v.part(v.style.bold, "next", v.afterwards(r.Lesson))
	case r.Race == progress.RaceDue && v.stale(r):
		return v.part(v.style.green, "green", "all steps pass"), ""
	case r.Race == progress.RaceDue:
		return v.part(v.style.green, "green", v.fold("all steps pass; now with the race detector ("+status.FirstRace+") …")), ""
	}
	return v.open(r)
}

// stale reports whether the lines that a result names were saved over since.
func (v view) stale(r progress.Result) bool { return v.runs(r.Lesson) }

// open shows the one thing in a lesson that is red; then the learner's own lines that
// it names, and what to do now.
func (v view) open(r progress.Result) (top, rest string) {
	red, message := v.red(r)
	var parts []string
	if v.hinted(r) && v.tight {
		parts = append(parts, v.part(v.style.bold, "hint", v.hintText()))
	}
	if !v.stale(r) {
		if code, ok := source.Find(r.Lesson, message); ok {
			parts = append(parts, v.part(v.style.bold, "code", v.code(code)))
		}
		if r.Mistakes != "" {
			parts = append(parts, v.part(v.style.bold, "often", v.fold(r.Mistakes)))
		}
	}
	if step, open := r.Next(); open && step.Printed != "" && r.BuildError == "" {
		parts = append(parts, v.part(v.style.bold, "print", step.LastPrinted()))
	}
	if v.hinted(r) && !v.tight {
		parts = append(parts, v.part(v.style.bold, "hint", v.hintText()))
	}
	if r.Race == progress.Raced {
		parts = append(parts, v.part(v.style.bold, "run", status.TestCommand(v.root, r)))
	}
	todo := v.part(v.style.bold, "next", v.fold("edit "+status.Relative(v.root, r.Lesson.File())+"; the lesson runs when you save it"))
	if !v.keys {
		todo += fmt.Sprintf("hint  go run ./harness hint %d\n", r.Lesson.Number)
	}
	return v.part(v.style.red, "red", red) + "\n", strings.Join(append(parts, todo), "\n")
}

// red returns what is red in a lesson that is open, as it is shown and as the run has
// said it.
func (v view) red(r progress.Result) (shown, message string) {
	step, open := r.Next()
	switch {
	case r.BuildError != "":
		return strings.TrimSpace(r.BuildError), r.BuildError
	case open:
		return v.step(r, step), step.Message
	}
	return "all steps pass, but\n" + strings.TrimSpace(r.Outside), r.Outside
}

// hinted reports whether the hint that was shown last is for what is red.
func (v view) hinted(r progress.Result) bool {
	step, open := r.Next()
	return open && r.BuildError == "" && v.hint.lesson == r.Lesson.Name && v.hint.step == step.Name
}

// untried says what the race detector has not seen; "" if that is nothing.
func (v view) untried(r progress.Result) string {
	untried := status.Untried([]progress.Result{r})
	if untried == "" {
		return ""
	}
	return v.part(v.style.bold, "note", v.fold(untried))
}

// step shows the step that is red, or comes next: its name, where it stands, and
// what it says.
func (v view) step(r progress.Result, step progress.StepResult) string {
	sentence, details, _ := strings.Cut(strings.TrimSpace(step.Message), "\n")
	lines := []string{v.style.bold(step.Name), v.fitted(status.Location(v.root, r.Lesson, step.Name)), v.fold(sentence)}
	if details != "" {
		lines = append(lines, details)
	}
	return strings.Join(lines, "\n")
}

// fitted returns a place, without its folder where it is too long for a line.
func (v view) fitted(place string) string {
	if len(margin)+len(place) > v.width {
		return path.Base(place)
	}
	return place
}

// code shows the line that a message names, and a few around it.
func (v view) code(e source.Excerpt) string {
	around := 2
	if v.tight {
		around = 1
	}
	return v.fitted(status.At(status.Relative(v.root, e.File), e.Line)) + "\n" + excerpt(e, v.style, v.width-len(margin), around)
}

// hintText returns the hint that was shown last.
func (v view) hintText() string {
	h := v.hint
	lines := []string{v.style.bold(fmt.Sprintf("%d of %d · %s", h.N, h.Of, h.Title))}
	if h.About != "" {
		lines = append(lines, v.fold(h.About))
	}
	if h.Code {
		lines = append(lines, strings.ReplaceAll(h.Text, "\t", tab))
	} else {
		lines = append(lines, reflow(h.Text, v.width-len(margin)))
	}
	if h.N < h.Of {
		lines = append(lines, v.style.dim("press h again for more"))
	}
	return strings.Join(lines, "\n")
}
