package cockpit

import (
	"fmt"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// allDone is what there is to do when nothing is open.
const allDone = "All lessons are done. See your own code at work: go run ./harness demo -mine"

// DoneText returns what is said of a lesson that is done, in plain lines: what was
// learned, who has shipped the mistakes just avoided, how to compare, and something
// to try. It is the lesson's README's; what that does not say is left out.
func DoneText(root string, lesson catalog.Lesson) string {
	return view{root: root, width: plainWidth}.learned(lesson)
}

// green returns what is said of a lesson that is done, with what is next by the
// results of all lessons.
func (v view) green(lesson catalog.Lesson, results []progress.Result) string {
	return v.learned(lesson) + beside(v.style.bold(label("next")), v.afterwards(lesson, results))
}

func (v view) learned(lesson catalog.Lesson) string {
	said, _ := lesson.Completion() // what it lacks is the authors' affair
	width := v.width - len(margin)
	var text string
	if said.Can != "" {
		text += beside(v.style.green(label("green")), wrap(said.Can, width)) + "\n"
	}
	if len(said.KnownMistakes) > 0 {
		text += v.avoided(lesson, said.KnownMistakes) + "\n"
	}
	text += beside(v.style.bold(label("diff")), fmt.Sprintf("go run ./harness diff %d", lesson.Number))
	if said.Experiment != "" {
		first, commands, _ := strings.Cut(said.Experiment, "\n")
		text += beside(v.style.bold(label("try")), strings.TrimSuffix(wrap(first, width)+"\n"+commands, "\n"))
	}
	return text
}

// avoided names the mistakes that were just avoided, and who has shipped them.
func (v view) avoided(lesson catalog.Lesson, all []catalog.KnownMistake) string {
	width := v.width - len(margin)
	lines := []string{"you have avoided what others have shipped:"}
	n := min(len(all), 4)
	if v.tight {
		n = 1
	}
	for _, a := range all[:n] {
		lines = append(lines, wrap(a.Title+" · "+strings.Join(a.Sources, ", "), width))
	}
	if more := len(all) - n; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more in %s", more, Relative(v.root, lesson.Readme())))
	}
	return beside(margin, strings.Join(lines, "\n"))
}

// afterwards names the lesson after one that is done: the first open one behind it,
// or else the first open one.
func (v view) afterwards(lesson catalog.Lesson, results []progress.Result) string {
	isOpen := func(r progress.Result) bool { return !r.Done && r.Lesson.Name != lesson.Name }
	i := slices.IndexFunc(results, func(r progress.Result) bool { return isOpen(r) && r.Lesson.Number > lesson.Number })
	if i < 0 {
		i = slices.IndexFunc(results, isOpen)
	}
	if i < 0 {
		return wrap(allDone, v.width-len(margin))
	}
	next := results[i].Lesson
	text := wrap("lesson "+next.Name+" · "+next.Title, v.width-len(margin)) + "\n" + Relative(v.root, next.Readme())
	if v.keys {
		text += " · n shows where you are in it"
	}
	return text
}

// allDone is the screen of a learner who has done it all.
func (v view) allDone(u Update) string {
	return v.list(u) + "\n" + wrap(allDone, v.width) + "\n"
}
