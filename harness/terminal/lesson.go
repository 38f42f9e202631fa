package terminal

import (
	"fmt"
	"strings"

	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
)

// body shows what the last run of a lesson has shown: the one thing that is red,
// the learner's own lines that it names, and what to do now.
func (v view) body(r progress.Result) string {
	if r.Done {
		return v.learned(r.Lesson) + v.part(v.style.bold, "next", v.afterwards(r.Lesson))
	}
	step, open := r.Next()
	var red, message string
	switch {
	case r.BuildError != "":
		red, message = strings.TrimSpace(r.BuildError), r.BuildError
	case open:
		red, message = v.step(r, step), step.Message
	default:
		red, message = "all steps pass, but\n"+strings.TrimSpace(r.Outside), r.Outside
	}
	parts := []string{v.part(v.style.red, "red", red)}
	if stale := v.now.Running && v.now.Lesson == r.Lesson.Name; !stale { // or else the lines were saved over
		if code, ok := findExcerpt(r.Lesson, message); ok {
			parts = append(parts, v.part(v.style.bold, "code", v.code(code)))
		}
		if r.Mistakes != "" {
			parts = append(parts, v.part(v.style.bold, "often", v.fold(r.Mistakes)))
		}
	}
	if v.hint.lesson == r.Lesson.Name && v.hint.step == step.Name {
		parts = append(parts, v.part(v.style.bold, "hint", v.hintText()))
	}
	todo := v.part(v.style.bold, "next", v.fold("edit "+status.Relative(v.root, r.Lesson.File())+"; its lesson runs when you save it"))
	if !v.keys {
		todo += fmt.Sprintf("hint  go run ./harness hint %d\n", r.Lesson.Number)
	}
	return strings.Join(append(parts, todo), "\n")
}

// step shows the step that is red, or comes next: its name, where it stands, and
// what it says.
func (v view) step(r progress.Result, step progress.StepResult) string {
	sentence, details, _ := strings.Cut(strings.TrimSpace(step.Message), "\n")
	lines := []string{v.style.bold(step.Name), status.Location(v.root, r.Lesson, step.Name), v.fold(sentence)}
	if details != "" {
		lines = append(lines, details)
	}
	return strings.Join(lines, "\n")
}

// code shows the line that a message names, and a few around it.
func (v view) code(e excerpt) string {
	around := 2
	if v.tight {
		around = 1
	}
	return fmt.Sprintf("%s:%d\n", status.Relative(v.root, e.file), e.line) + e.text(v.style, v.width-len(margin), around)
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
		lines = append(lines, v.style.dim("h again tells more"))
	}
	return strings.Join(lines, "\n")
}
