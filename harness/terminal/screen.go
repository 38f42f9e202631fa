package terminal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/hints"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
	"example.com/sseworkbook/harness/watch"
)

// A view is what somebody looks at. Its screen is made of it and the files of the
// lesson, and of nothing else.
type view struct {
	root    string
	lessons []catalog.Lesson
	page    string // what is said of the home page; "" for nothing
	width   int
	tight   bool // where there are few lines: no blank ones, and less of what is many
	style   style
	keys    bool // whether keys do something

	now    watch.Snapshot
	pane   pane
	lesson string   // the one that was chosen, by name; "" for the one that is due
	hint   stepHint // the one that was shown last
	diff   string   // what pane diffPane shows
	note   string   // what answers the last key
	warned string   // the lesson that is not green, of which d again shows the answers
}

// A pane is what the screen is for.
type pane int

const (
	lessonPane pane = iota
	listPane
	diffPane
	helpPane
)

// A stepHint is a hint, which is shown while the step that it helps with is red.
type stepHint struct {
	lesson, step string
	hints.Hint
}

// follow has the view show a snapshot. A save brings its lesson up.
func (v *view) follow(now watch.Snapshot) {
	if now.Running && !v.now.Running && now.Lesson != "" {
		v.pane, v.lesson, v.note = lessonPane, "", ""
	}
	v.now = now
}

// fit returns the view in a terminal of so many columns and lines.
func (v view) fit(width, height int) view {
	v.width = min(max(width, minWidth), plainWidth)
	v.tight = lines(v.screen()) > height
	return v
}

// lines returns how many lines of a terminal a screen takes, with the one below it, in
// which the cursor stands.
func lines(screen string) int { return strings.Count(screen, "\n") + 1 }

// screen returns what there is to see, in lines.
func (v view) screen() string {
	var text string
	switch v.pane {
	case listPane:
		text = v.list()
	case diffPane:
		return v.diff + "\n" + v.style.dim("any key goes back") + "\n"
	case helpPane:
		text = v.help()
	default:
		text = v.main()
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
	text += "\n" + v.style.dim(wrap(keyLine(), v.width)) + "\n"
	if v.page != "" {
		text += v.style.dim(wrap(v.page, v.width)) + "\n"
	}
	return text
}

// shown returns the lesson to show: the one that was chosen, or saved last, or is
// next; none if all are done.
func (v view) shown() (catalog.Lesson, bool) {
	name := cmp.Or(v.lesson, v.now.Lesson)
	if name == "" {
		next, open := status.FirstOpen(v.results())
		return next.Lesson, open
	}
	i := slices.IndexFunc(v.lessons, func(l catalog.Lesson) bool { return l.Name == name })
	if i < 0 {
		return catalog.Lesson{}, false
	}
	return v.lessons[i], true
}

// results returns the results of the lessons that have been run, in their order.
func (v view) results() (all []progress.Result) {
	for _, lesson := range v.lessons {
		if r, ran := v.now.Results[lesson.Name]; ran {
			all = append(all, r)
		}
	}
	return all
}

// main returns the lesson that is shown; first of all its name.
func (v view) main() string {
	lesson, ok := v.shown()
	result, ran := v.now.Results[lesson.Name]
	summary := strings.TrimSpace(status.Summary(result))
	switch running := v.now.Running && (v.now.Lesson == lesson.Name || !ran); {
	case !ok && v.now.Err != nil:
		return v.part(v.style.red, "error", v.fold(v.now.Err.Error()))
	case !ok && len(v.now.Results) == 0:
		return v.style.bold("running the tests of all lessons …") + "\nthis first build takes longest\n"
	case !ok:
		return v.list() + "\n" + wrap(status.AllDone, v.width) + "\n"
	case running && ran:
		return v.heading(lesson) + summary + v.style.bold(" · running …") + "\n\n" + v.style.dim("the run before:") + "\n" + v.body(result)
	case running:
		return v.heading(lesson) + v.style.bold("running …") + " this first build takes longest\n"
	case v.now.Err != nil:
		return v.heading(lesson) + "\n" + v.part(v.style.red, "error", v.fold(v.now.Err.Error()))
	case !ran:
		return v.heading(lesson) + "not run yet\n"
	}
	return v.heading(lesson) + summary + "\n\n" + v.body(result)
}

// heading names a lesson.
func (v view) heading(lesson catalog.Lesson) string {
	first, rest, more := strings.Cut(wrap("lesson "+lesson.Name+" · "+lesson.Title, v.width), "\n")
	if !more {
		return v.style.bold(first) + "\n"
	}
	return v.style.bold(first) + "\n" + v.style.bold(strings.ReplaceAll(rest, "\n", " ")) + "\n"
}

// list returns a line for each lesson.
func (v view) list() string {
	shown, _ := v.shown()
	text := v.style.bold("the lessons") + "\n\n"
	for _, lesson := range v.lessons {
		mark, how := " ", "not run yet"
		if lesson == shown {
			mark = "▸"
		}
		result, ran := v.now.Results[lesson.Name]
		if ran {
			how = strings.TrimSpace(status.Summary(result))
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
	text := v.style.bold("watch runs a lesson when you save a file of it") + "\n\n"
	for _, b := range bindings {
		if b.help != "" {
			text += fmt.Sprintf("%c  %s\n", b.key, b.help)
		}
	}
	return text
}
