package cockpit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// press returns the view after a key.
func (t *Terminal) press(ctx context.Context, v view, u Update, k key) view {
	sure := v.sure
	v.note, v.sure = "", ""
	if v.pane == diffPane || v.pane == helpPane {
		v.pane = lessonPane
		return v
	}
	lesson, ok := v.shown(u)
	result, ran := progress.Find(u.Results, lesson.Name)
	switch {
	case k == 'l' && v.pane == lessonPane:
		v.pane = listPane
	case k == 'l' || k == keyEnter:
		v.pane = lessonPane
	case k == '?':
		v.pane = helpPane
	case k == 'n':
		return v.move(lesson, +1)
	case k == 'p':
		return v.move(lesson, -1)
	case k == 'r' && ok:
		v.pane = lessonPane
		t.Cockpit.Again(ctx, lesson)
	case k == 'h' && ran:
		v.pane = lessonPane
		return v.withHint(result)
	case k == 'd' && ok:
		v.pane = lessonPane
		return t.withDiff(v, result, lesson, sure)
	}
	return v
}

// move shows the lesson that comes so many after another one; where none is shown,
// the first or the last.
func (v view) move(from catalog.Lesson, by int) view {
	i := slices.Index(v.lessons, from)
	switch {
	case i < 0 && by < 0:
		i = len(v.lessons) - 1
	case i < 0:
		i = 0
	default:
		i += by
	}
	if i < 0 || i >= len(v.lessons) {
		v.note = "there is no lesson beyond this one"
		return v
	}
	v.lesson = v.lessons[i].Name
	return v
}

// withHint shows the next hint for the step that is red.
func (v view) withHint(r progress.Result) view {
	hint, err := NextHint(v.root, r)
	switch {
	case err != nil:
		v.note = err.Error()
		return v
	case r.Done:
		v.note = "the lesson is green: no hint is needed"
		return v
	case hint.N == 0:
		v.note = "no step is red: what there is to mend stands above"
		return v
	}
	step, _ := r.Next() // there is one, since there is a hint
	v.hint = hintPane{r.Lesson.Name, step.Name, v.hintText(hint)}
	return v
}

// hintText returns a hint as it stands on the screen.
func (v view) hintText(h Hint) string {
	width := v.width - len(margin)
	lines := []string{v.style.bold(fmt.Sprintf("%d of %d · %s", h.N, h.Of, h.Title))}
	if h.About != "" {
		lines = append(lines, wrap(h.About, width))
	}
	if h.Code {
		lines = append(lines, strings.ReplaceAll(h.Text, "\t", tab))
	} else {
		lines = append(lines, reflow(h.Text, width))
	}
	if h.More {
		lines = append(lines, v.style.dim("h again tells more"))
	}
	return beside(v.style.bold(label("hint")), strings.Join(lines, "\n"))
}

// withDiff shows a lesson's code against the solution, after a warning where that
// gives answers away.
func (t *Terminal) withDiff(v view, r progress.Result, lesson catalog.Lesson, sure string) view {
	if !r.Done && sure != lesson.Name {
		v.sure = lesson.Name
		v.note = "lesson " + lesson.Name + " is not green yet, and this gives its answers away; d again shows it"
		return v
	}
	text, err := t.Diff(lesson, v.style.colour)
	if err != nil {
		v.note = err.Error()
		return v
	}
	v.pane, v.diff = diffPane, strings.ReplaceAll(text, "\t", tab)
	return v
}
