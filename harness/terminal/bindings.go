package terminal

import (
	"slices"
	"strings"

	"example.com/sseworkbook/harness/compare"
	"example.com/sseworkbook/harness/hints"
	"example.com/sseworkbook/harness/progress"
)

// A binding is a key, and what it is for.
type binding struct {
	key  key
	word string // what the line at the bottom calls it; "" leaves it out
	help string // what the help says of it; "" leaves it out
	do   func(*Terminal)
}

// bindings are the keys, in the order in which they are shown.
var bindings = []binding{
	{'h', "hint", "a hint for the step that is red; again: the next one, which tells more", (*Terminal).showHint},
	{'r', "run again", "run the lesson that is shown again", (*Terminal).rerun},
	{'n', "next", "show the next lesson", (*Terminal).showNext},
	{'p', "previous", "show the previous lesson", (*Terminal).showPrevious},
	{'l', "list", "list the lessons", (*Terminal).switchList},
	{'d', "diff", "your code against the solution", (*Terminal).showDiff},
	{'q', "quit", "quit", func(t *Terminal) { t.quit = true }},
	{'?', "help", "", func(t *Terminal) { t.view.pane = helpPane }},
	{enter, "", "", func(t *Terminal) { t.view.pane = lessonPane }},
}

// keyLine names the keys.
func keyLine() string {
	var words []string
	for _, b := range bindings {
		if b.word != "" {
			words = append(words, string(b.key)+" "+b.word)
		}
	}
	return strings.Join(words, " · ")
}

// press does what a key is for. Where the diff or the help is shown, any key goes
// back to the lesson.
func (t *Terminal) press(k key) {
	v := &t.view
	v.note = ""
	if k != 'd' {
		v.warned = ""
	}
	if k != 'q' && (v.pane == diffPane || v.pane == helpPane) {
		v.pane = lessonPane
		return
	}
	if i := slices.IndexFunc(bindings, func(b binding) bool { return b.key == k }); i >= 0 {
		bindings[i].do(t)
	}
}

func (t *Terminal) showNext()     { t.view.move(+1) }
func (t *Terminal) showPrevious() { t.view.move(-1) }

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
	v.lesson = v.lessons[i].Name
}

// switchList shows the list, or goes back to the lesson.
func (t *Terminal) switchList() {
	if t.view.pane == listPane {
		t.view.pane = lessonPane
	} else {
		t.view.pane = listPane
	}
}

// rerun runs the lesson that is shown.
func (t *Terminal) rerun() {
	if lesson, ok := t.view.shown(); ok {
		t.view.pane = lessonPane
		t.Source.Rerun(lesson)
	}
}

// showHint shows the next hint for the step that is red.
func (t *Terminal) showHint() {
	v := &t.view
	lesson, _ := v.shown()
	result, ran := v.now.Results[lesson.Name]
	if !ran {
		return
	}
	v.pane = lessonPane
	hint, err := hints.Next(v.root, result)
	switch {
	case err != nil:
		v.note = err.Error()
	case result.Done:
		v.note = "the lesson is green: no hint is needed"
	case result.Race == progress.RaceDue:
		v.note = "all steps pass: no hint is needed, unless the race detector finds something"
	case hint.N == 0:
		v.note = "no step is red: what there is to mend stands above"
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
	v.pane = lessonPane
	if !v.now.Results[lesson.Name].Done && v.warned != lesson.Name {
		v.warned = lesson.Name
		v.note = "lesson " + lesson.Name + " is not green yet, and this gives its answers away; d again shows it"
		return
	}
	v.warned = ""
	text, err := compare.Unified(v.root, lesson, v.now.Results[lesson.Name].Done, v.style.colour)
	if err != nil {
		v.note = err.Error()
		return
	}
	v.pane, v.diff = diffPane, strings.ReplaceAll(text, "\t", tab)
}
