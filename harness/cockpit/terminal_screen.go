package cockpit

import (
	"fmt"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// A view is what of the cockpit somebody looks at. Its screen is made of an update
// and the files of the lesson, and of nothing else.
type view struct {
	root    string
	lessons []catalog.Lesson
	width   int
	tight   bool // where there are few lines: no blank ones, and less of what is many
	style   style
	keys    bool   // whether keys do something
	page    string // what is said of the home page; "" for nothing

	pane   pane
	lesson string // the one that was chosen, by name; "" for the one that is due
	hint   hintPane
	diff   string // what pane diffPane shows
	note   string // what answers the last key
	sure   string // the lesson of which d shows the answers, although it is not green
}

// A pane is what the screen is for.
type pane int

const (
	lessonPane pane = iota
	listPane
	diffPane
	helpPane
)

// A hintPane is a hint, as long as it is of use: while the step that it helps with
// is red.
type hintPane struct{ lesson, step, text string }

// screen returns what there is to see, in lines.
func (v view) screen(u Update) string {
	var text string
	switch v.pane {
	case listPane:
		text = v.list(u)
	case diffPane:
		return v.diff + "\n" + v.style.dim("any key goes back") + "\n"
	case helpPane:
		text = v.help()
	default:
		text = v.main(u)
		if v.tight {
			text = strings.ReplaceAll(text, "\n\n", "\n")
		}
	}
	if !v.keys {
		return text
	}
	if v.note != "" {
		text += "\n" + v.style.bold(v.note) + "\n"
	}
	text += "\n" + v.style.dim(wrap(keyLine, v.width)) + "\n"
	if v.page != "" {
		text += v.style.dim(wrap(v.page, v.width)) + "\n"
	}
	return text
}

// keyLine names the keys.
const keyLine = "h hint · r run again · n next · p previous · l list · d diff · q quit · ? help"

// main returns the lesson that is shown; first of all its name.
func (v view) main(u Update) string {
	lesson, ok := v.shown(u)
	if !ok && len(u.Results) == 0 && u.Err == nil {
		return v.style.bold("running the tests of all lessons …") + "\nthis first build takes longest\n"
	}
	if !ok && u.Err == nil {
		return v.allDone(u)
	}
	text := v.heading(lesson)
	result, ran := progress.Find(u.Results, lesson.Name)
	switch running := u.Running && (u.Lesson == lesson.Name || !ran); {
	case running && ran:
		return text + strings.TrimSpace(Summary(result)) + v.style.bold(" · running …") + "\n\n" + v.style.dim("the run before:") + "\n" + v.body(u, result)
	case running:
		return text + v.style.bold("running …") + " this first build takes longest\n"
	case u.Err != nil:
		text += "\n" + beside(v.style.red(label("error")), wrap(u.Err.Error(), v.width-len(margin)))
		return strings.TrimPrefix(text, "\n")
	case !ran:
		return text + "not run yet\n"
	}
	return text + strings.TrimSpace(Summary(result)) + "\n\n" + v.body(u, result)
}

// shown returns the lesson to show: the one that was chosen, or saved last, or is
// next; none if all are done.
func (v view) shown(u Update) (catalog.Lesson, bool) {
	name := v.lesson
	if name == "" {
		name = u.Lesson
	}
	if name == "" {
		i := slices.IndexFunc(u.Results, func(r progress.Result) bool { return !r.Done })
		if i < 0 {
			return catalog.Lesson{}, false
		}
		name = u.Results[i].Lesson.Name
	}
	i := slices.IndexFunc(v.lessons, func(l catalog.Lesson) bool { return l.Name == name })
	if i < 0 {
		return catalog.Lesson{}, false
	}
	return v.lessons[i], true
}

// heading names a lesson.
func (v view) heading(lesson catalog.Lesson) string {
	if lesson.Name == "" {
		return ""
	}
	head, rest, more := strings.Cut(wrap("lesson "+lesson.Name+" · "+lesson.Title, v.width), "\n")
	text := v.style.bold(head) + "\n"
	if more {
		text += v.style.bold(strings.ReplaceAll(rest, "\n", " ")) + "\n"
	}
	return text
}

// body shows what the last run of a lesson has shown: the one thing that is red,
// the learner's own lines that it names, and what to do now.
func (v view) body(u Update, r progress.Result) string {
	if r.Done {
		return v.green(r.Lesson, u.Results)
	}
	step, open := r.Next()
	var text, message string
	switch {
	case r.BuildError != "":
		message = r.BuildError
		text = beside(v.style.red(label("red")), strings.TrimSpace(r.BuildError))
	case open:
		message = step.Message
		text = v.step(r.Lesson, step)
	default:
		message = r.Outside
		text = beside(v.style.red(label("red")), "all steps pass, but\n"+strings.TrimSpace(r.Outside))
	}
	around := 2
	if v.tight {
		around = 1
	}
	stale := u.Running && u.Lesson == r.Lesson.Name // the message is of lines that were saved over
	if code, ok := findExcerpt(r.Lesson, message); ok && !stale {
		text += "\n" + beside(v.style.bold(label("code")), fmt.Sprintf("%s:%d", Relative(v.root, code.file), code.line)+
			"\n"+code.text(v.style, v.width-len(margin), around))
	}
	if r.Mistakes != "" && !stale {
		text += "\n" + beside(v.style.bold(label("often")), wrap(r.Mistakes, v.width-len(margin)))
	}
	if v.hint.text != "" && v.hint.lesson == r.Lesson.Name && v.hint.step == step.Name {
		text += "\n" + v.hint.text
	}
	return text + "\n" + v.todo(r.Lesson)
}

// step shows the step that is red, or comes next: its name, where it stands, and
// what it says.
func (v view) step(lesson catalog.Lesson, step progress.StepResult) string {
	sentence, details, _ := strings.Cut(strings.TrimSpace(step.Message), "\n")
	text := v.style.bold(step.Name) + "\n" + Location(v.root, lesson, step.Name) + "\n" + wrap(sentence, v.width-len(margin))
	if details != "" {
		text += "\n" + details
	}
	return beside(v.style.red(label("red")), text)
}

// todo says what to do in a lesson that is not done.
func (v view) todo(lesson catalog.Lesson) string {
	text := wrap("edit "+Relative(v.root, lesson.File())+"; its lesson runs when you save it", v.width-len(margin))
	text = beside(v.style.bold(label("next")), text)
	if !v.keys {
		text += fmt.Sprintf("hint  go run ./harness hint %d\n", lesson.Number)
	}
	return text
}

// list returns a line for each lesson.
func (v view) list(u Update) string {
	shown, _ := v.shown(u)
	text := v.style.bold("the lessons") + "\n\n"
	for _, lesson := range v.lessons {
		mark, how := " ", "not run yet"
		if lesson.Name == shown.Name {
			mark = "▸"
		}
		result, ran := progress.Find(u.Results, lesson.Name)
		if ran {
			how = strings.TrimSpace(Summary(result))
		}
		line := fmt.Sprintf("%s %-16s %s", mark, lesson.Name, how)
		if result.Done {
			line = v.style.green(line)
		}
		text += line + "\n"
	}
	return text
}

// help says what the keys do.
func (v view) help() string {
	return v.style.bold("watch runs a lesson when you save a file of it") + "\n" + `
h  a hint for the step that is red; again: the next one, which tells more
r  run the lesson that is shown again
n  show the next lesson
p  show the previous lesson
l  list the lessons
d  your code against the solution
q  quit
`
}
