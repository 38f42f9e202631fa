package terminal

import (
	"fmt"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
)

// DoneText returns what is said of a lesson that is done, in plain lines: what was
// learned, who has shipped the mistakes just avoided, how to compare, and something
// to try. It is the lesson's README's; what that does not say is left out.
func DoneText(root string, r progress.Result) string {
	return view{root: root, width: plainWidth}.learned(r)
}

func (v view) learned(r progress.Result) string {
	lesson := r.Lesson
	said, _ := lesson.Completion() // what it lacks is the authors' affair
	var text string
	if said.Can != "" {
		text += v.part(v.style.green, "green", v.fold(said.Can)) + "\n"
	}
	if known := mistakes.Avoided(v.root, lesson, r.Race == progress.Raced); len(known) > 0 {
		text += margin + indent(v.avoided(lesson, known)) + "\n\n"
	}
	text += v.part(v.style.bold, "diff", fmt.Sprintf("go run ./harness diff %d", lesson.Number))
	if said.Experiment != "" {
		first, commands, _ := strings.Cut(said.Experiment, "\n")
		text += v.part(v.style.bold, "try", v.fold(first)+"\n"+commands)
	}
	return text
}

// avoided names the mistakes that were just avoided, and who has shipped them.
func (v view) avoided(lesson catalog.Lesson, all []catalog.KnownMistake) string {
	lines := []string{"your code avoids these mistakes, which others have shipped:"}
	n := min(len(all), 4)
	if v.tight {
		n = 1
	}
	for _, a := range all[:n] {
		lines = append(lines, v.fold(a.Title+" · "+strings.Join(a.Sources, ", ")))
	}
	if more := len(all) - n; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more in %s", more, status.Relative(v.root, lesson.Readme())))
	}
	return strings.Join(lines, "\n")
}

// afterwards names the lesson after one that is done.
func (v view) afterwards(lesson catalog.Lesson) string {
	next, open := v.following(lesson)
	if !open {
		return v.goOn(v.width - len(margin))
	}
	text := v.fold("lesson "+next.Name+" · "+next.Title) + "\n" + status.Relative(v.root, next.Readme())
	if v.keys {
		text += " · press n to see where you are in it"
	}
	return text
}

// following returns the lesson after one that is done: the first open one behind it, or
// else the first open one, if there is one.
func (v view) following(lesson catalog.Lesson) (next catalog.Lesson, open bool) {
	for _, other := range v.lessons {
		result, ran := v.now.Results[other.Name]
		if ran && !result.Done && (!open || next.Number < lesson.Number && other.Number > lesson.Number) {
			next, open = other, true
		}
	}
	return next, open
}

// goOn says what there is to do when every lesson is done: a line each, or two where the
// width is too small.
func (v view) goOn(width int) string {
	text := status.GoOnText()
	if slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool { return len(line) > width }) {
		text = status.AllDone
		for _, way := range status.GoOn {
			text += "\n" + way.Command + "\n    " + wrap(way.What, width-4)
		}
	}
	return text
}
