package terminal

import (
	"cmp"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/compare"
	"example.com/sseworkbook/harness/hints"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/progress"
)

// A binding is keys, and what they are for.
type binding struct {
	keys []key
	word string // what the line at the bottom calls it; "" leaves it out
	help string // what the help says of it; "" leaves it out
	do   func(*Terminal)
}

// name is how a binding's keys are shown.
func (b binding) name() string {
	var names []string
	for _, k := range b.keys {
		names = append(names, k.name())
	}
	return strings.Join(names, " ")
}

// bindings are the keys, in the order in which they are shown. It is filled by init,
// because the help, which a key shows, names them all.
var bindings []binding

func init() {
	bindings = []binding{
		{[]key{'h'}, "hint", "show a hint for the red step; press again for a more detailed one", (*Terminal).showHint},
		{[]key{'e'}, "edit", "open your code at the red line: in $VISUAL, in $EDITOR, or in the editor whose terminal this is", (*Terminal).edit},
		{[]key{'d'}, "diff", "compare your code with the solution", (*Terminal).showDiff},
		{[]key{'m'}, "", "list the mistakes that people make in this lesson", (*Terminal).showMistakes},
		{[]key{'t'}, "", "record what this lesson sends, in trace.html", (*Terminal).trace},
		{[]key{'o'}, "", "open the home page in a browser", (*Terminal).openPage},
		{[]key{'r'}, "run again", "run this lesson again", (*Terminal).rerun},
		{[]key{'a'}, "", "run all lessons again", (*Terminal).rerunAll},
		{[]key{'n', right}, "next", "show the next lesson, or the one that a finished lesson names", (*Terminal).showNext},
		{[]key{'p', left}, "", "show the previous lesson", func(t *Terminal) { t.view.move(-1) }},
		{[]key{'l'}, "list", "list the lessons: ↑ and ↓ choose one, Enter shows it", (*Terminal).switchList},
		{[]key{up}, "", "", func(t *Terminal) { t.view.by(-1) }},
		{[]key{down}, "", "scroll, if there is more to see; Space and PgUp do so faster", func(t *Terminal) { t.view.by(+1) }},
		{[]key{pageUp}, "", "", func(t *Terminal) { t.view.by(-manyLines) }},
		{[]key{pageDown, ' '}, "", "", func(t *Terminal) { t.view.by(+manyLines) }},
		{[]key{ctrlZ}, "", "suspend watch, as elsewhere; fg brings it back", (*Terminal).suspend},
		{[]key{'?'}, "help", "", func(t *Terminal) { t.view.read(t.view.help()) }},
		{[]key{enter}, "", "", (*Terminal).goBack},
		{[]key{escape}, "", "close what is open: the hint, the diff, a list", (*Terminal).goBack},
		{[]key{'q'}, "quit", "the same, and quit if nothing is open", (*Terminal).quitOrBack},
		{[]key{ctrlC, ctrlD}, "", "", func(t *Terminal) { t.quit = true }},
	}
}

// manyLines is how far a key scrolls that scrolls fast.
const manyLines = 10

// keyLine names the keys.
func keyLine() string {
	var words []string
	for _, b := range bindings {
		if b.word != "" {
			words = append(words, b.keys[0].name()+" "+b.word)
		}
	}
	return strings.Join(words, " · ")
}

// press does what a key is for.
func (t *Terminal) press(k key) {
	v := &t.view
	v.note = ""
	asked := v.warned != ""
	if k != 'd' {
		v.warned = ""
	}
	if asked && (k == 'q' || k == escape) { // no, they do not want to see it
		return
	}
	if i := slices.IndexFunc(bindings, func(b binding) bool { return slices.Contains(b.keys, k) }); i >= 0 {
		bindings[i].do(t)
	}
}

// by scrolls by so many lines, or goes to the next or the previous line of the list.
func (v *view) by(lines int) {
	if v.pane == listPane {
		v.move(cmp.Compare(lines, 0))
		return
	}
	v.scroll += lines
}

// show brings up a pane.
func (v *view) show(p pane) { v.pane, v.scroll = p, 0 }

// read brings up a text. Its own key, pressed again, closes it.
func (v *view) read(text string) {
	if v.reads(text) {
		v.show(lessonPane)
		return
	}
	v.show(textPane)
	v.text = spaced(text)
}

// reads reports whether a text is what is shown.
func (v *view) reads(text string) bool { return v.pane == textPane && v.text == spaced(text) }

// spaced returns a text with the tabs as they are shown.
func spaced(text string) string { return strings.ReplaceAll(text, "\t", tab) }

// goBack closes what is open.
func (t *Terminal) goBack() {
	if t.view.pane == lessonPane {
		t.view.hint = stepHint{}
	}
	t.view.show(lessonPane)
}

func (t *Terminal) quitOrBack() {
	if t.view.pane == lessonPane {
		t.quit = true
		return
	}
	t.goBack()
}

// showNext shows the lesson that a finished one names as the next, or else the one
// after it.
func (t *Terminal) showNext() {
	v := &t.view
	if lesson, ok := v.shown(); ok && v.now.Results[lesson.Name].Done {
		if next, open := v.following(lesson); open {
			v.lesson = next.Name
			return
		}
	}
	v.move(+1)
}

// move shows the lesson that comes so many after the one that is shown; where none is,
// the first or the last.
func (v *view) move(by int) {
	i := len(v.lessons)
	if lesson, ok := v.shown(); ok {
		i = slices.Index(v.lessons, lesson)
	} else if by > 0 {
		i = -1
	}
	if i += by; i < 0 || i >= len(v.lessons) {
		v.note = "there is no lesson beyond this one"
		return
	}
	v.lesson, v.scroll = v.lessons[i].Name, 0
}

// switchList shows the list, or goes back to the lesson.
func (t *Terminal) switchList() {
	if t.view.pane == listPane {
		t.view.show(lessonPane)
	} else {
		t.view.show(listPane)
	}
}

// rerun runs the lesson that is shown.
func (t *Terminal) rerun() {
	if lesson, ok := t.view.shown(); ok {
		t.view.show(lessonPane)
		t.Source.Rerun(lesson)
	}
}

// rerunAll runs all lessons.
func (t *Terminal) rerunAll() {
	t.view.show(lessonPane)
	t.Source.Rerun(t.view.lessons...)
}

// showHint shows the next hint for the step that is red.
func (t *Terminal) showHint() {
	v := &t.view
	lesson, _ := v.shown()
	result, ran := v.now.Results[lesson.Name]
	if !ran {
		return
	}
	v.show(lessonPane)
	hint, err := hints.Next(v.root, result)
	switch {
	case err != nil:
		v.note = err.Error()
	case result.Done:
		v.note = "the lesson is green: no hint is needed"
	case result.Race == progress.RaceDue:
		v.note = "all steps pass: no hint is needed, unless the race detector finds something"
	case hint.N == 0:
		v.note = "no step is red: fix what is shown above"
	default:
		step, _ := result.Next() // there is one, since there is a hint
		v.hint = stepHint{lesson.Name, step.Name, hint}
	}
}

// showDiff shows a lesson's code against the solution, after a warning where that
// gives answers away.
func (t *Terminal) showDiff() {
	v := &t.view
	lesson, ok := v.shown()
	if !ok {
		return
	}
	done := v.now.Results[lesson.Name].Done
	text, err := compare.Unified(v.root, lesson, done, v.style.colour)
	if !done && v.warned != lesson.Name && !v.reads(text) {
		v.show(lessonPane)
		v.warned = lesson.Name
		v.note = "lesson " + lesson.Name + " is not done yet, and the diff gives its answers away; press d again to see it"
		return
	}
	v.warned = ""
	v.readOf(text, err)
}

// showMistakes shows what people get wrong in the lesson.
func (t *Terminal) showMistakes() {
	if lesson, ok := t.view.shown(); ok {
		t.view.readOf(mistakes.List(t.view.root, lesson))
	}
}

// readOf brings up a text, or says why there is none.
func (v *view) readOf(text string, err error) {
	if err != nil {
		v.note = err.Error()
		return
	}
	v.read(text)
}
