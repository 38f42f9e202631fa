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
	columns int    // of the terminal
	width   int    // of what is written here, in columns
	height  int    // in lines; 0 for as many as it takes
	tight   bool   // where there are few lines: no blank ones, and less of what is many
	style   style
	keys    bool // whether keys do something

	now    watch.Snapshot
	pane   pane
	lesson string   // the one that was chosen, by name; "" for the one that is due
	hint   stepHint // the one that was shown last
	text   string   // what pane textPane shows
	scroll int      // how many lines are above what is shown of what scrolls
	note   string   // what answers the last key
	warned string   // the lesson that is not green, of which d again shows the answers
}

// A pane is what the screen is for.
type pane int

const (
	lessonPane pane = iota
	listPane
	textPane // the diff, the mistakes, the help
)

// A stepHint is a hint, which is shown while the step that it helps with is red.
type stepHint struct {
	lesson, step string
	hints.Hint
}

// follow has the view show a snapshot. A save brings its lesson up.
func (v *view) follow(now watch.Snapshot) {
	if now.Running && !v.now.Running && now.Lesson != "" {
		v.pane, v.lesson, v.note, v.scroll = lessonPane, "", "", 0
	}
	v.now = now
}

// screen returns what there is to see, in lines.
func (v view) screen() string {
	text, _ := v.fit(v.width, 0)
	return text
}

// fit returns what there is to see in a terminal of so many columns and lines, and how
// far that is scrolled. Where not all of it has room, blank lines go first. Then what
// is red stays, and the rest scrolls under it.
func (v view) fit(width, height int) (screen string, scrolled int) {
	v.columns, v.height = max(width, minWidth), height
	v.width = min(v.columns, plainWidth)
	top, rest, foot := v.content()
	if height == 0 || lines(top+rest+foot) <= height {
		return top + rest + foot, 0
	}
	v.tight = true
	top, rest, foot = v.content()
	if lines(top+rest+foot) <= height {
		return top + rest + foot, 0
	}
	room := height - lines(top+foot)
	if room < 3 { // too little to scroll in: all of it scrolls
		top, rest, room = "", top+rest, height-lines(foot)
	}
	room = max(room-1, 1) // a line says how much there is
	all := strings.SplitAfter(rest, "\n")
	all = all[:len(all)-1] // what is behind the last line is ""
	scrolled = min(max(v.scroll, 0), len(all)-room)
	above, below := scrolled, len(all)-room-scrolled
	more := v.style.dim(fmt.Sprintf("↑ %d · ↓ %d more lines", above, below)) + "\n"
	return top + strings.Join(all[above:above+room], "") + more + foot, scrolled
}

// lines returns how many lines of a terminal a screen takes, with the one below it, in
// which the cursor stands.
func lines(screen string) int { return strings.Count(screen, "\n") + 1 }

// content returns the parts of the screen: what stays at its top, what scrolls, and
// what stays below.
func (v view) content() (top, rest, foot string) {
	switch v.pane {
	case listPane:
		rest = v.list()
	case textPane:
		rest = v.text + "\n"
	default:
		top, rest = v.main()
	}
	foot = v.foot()
	if !v.keys {
		return top, rest, foot
	}
	if v.tight && v.pane == lessonPane {
		top, rest = strings.ReplaceAll(top, "\n\n", "\n"), strings.ReplaceAll(rest, "\n\n", "\n")
	}
	return v.broken(top), v.broken(rest), v.broken(foot)
}

// foot answers the last key, and names the keys.
func (v view) foot() (text string) {
	if !v.keys {
		return ""
	}
	if v.note != "" {
		text = v.style.bold(wrap(v.note, v.width)) + "\n"
	}
	switch {
	case v.pane == textPane:
		return "\n" + text + v.style.dim("↑ ↓ scroll · q back") + "\n"
	case v.pane == listPane && !v.tight:
		return "\n" + text + v.style.dim("↑ ↓ choose · Enter show · q back") + "\n"
	case v.tight:
		return text + v.style.dim("? keys · q quit") + "\n"
	case text != "":
		text = "\n" + text
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

// main returns the lesson that is shown: what stays, first of all its name, and what
// may scroll.
func (v view) main() (top, rest string) {
	lesson, ok := v.shown()
	result, ran := v.now.Results[lesson.Name]
	summary := strings.TrimSpace(status.Summary(result))
	switch running := v.runs(lesson) || v.now.Running && !ran; {
	case !ok && v.now.Err != nil:
		return v.part(v.style.red, "error", v.fold(v.now.Err.Error())), ""
	case !ok && len(v.now.Results) == 0:
		return v.style.bold("running the tests of all lessons …") + "\nthe first build takes longest\n", ""
	case !ok:
		return "", v.list() + "\n" + v.goOn(v.width) + "\n"
	case running && ran:
		top, rest = v.body(result)
		return v.heading(lesson) + summary + v.style.bold(" · running …") + "\n\n" + v.style.dim("the previous run:") + "\n" + top, rest
	case running:
		return v.heading(lesson) + v.style.bold("running …") + " the first build takes longest\n", ""
	case v.now.Err != nil:
		return v.heading(lesson) + "\n" + v.part(v.style.red, "error", v.fold(v.now.Err.Error())), ""
	case !ran:
		return v.heading(lesson) + "not run yet\n", ""
	}
	top, rest = v.body(result)
	return v.heading(lesson) + summary + "\n\n" + top, rest
}

// runs reports whether a lesson is being run, alone or with all others.
func (v view) runs(lesson catalog.Lesson) bool {
	return v.now.Running && (v.now.Lesson == "" || v.now.Lesson == lesson.Name)
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
	text := v.style.bold("watch runs a lesson when you save one of its files") + "\n\n"
	for _, b := range bindings {
		if b.help != "" {
			text += fmt.Sprintf("%-5s  %s\n", b.name(), b.help)
		}
	}
	return text
}
