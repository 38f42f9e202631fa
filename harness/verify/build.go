package verify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/overlay"
	"example.com/sseworkbook/harness/progress"
)

// calm is how long a step may take that is not to be told from one that hangs:
// longer than it takes on any machine, however busy.
const calm = time.Minute

// compile compiles the lesson's tests with these files in the place of what is
// there. What the compiler says against it is in wrong.
func (v *verifier) compile(ctx context.Context, lesson catalog.Lesson, texts map[string]string, race bool) (b *progress.Binary, wrong []string, err error) {
	o, err := overlay.LessonFromTexts(lesson, texts, v.dir)
	if err != nil {
		return nil, nil, err
	}
	file, err := o.Write(v.dir)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp(v.dir, "run-*")
	if err != nil {
		return nil, nil, fmt.Errorf("verifying: %w", err)
	}
	dir = filepath.Join(dir, lesson.Name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, nil, fmt.Errorf("verifying: %w", err)
	}
	b, err = progress.Compile(ctx, v.root, lesson, progress.Options{Overlay: file, Race: race}, dir)
	if e, ok := errors.AsType[*progress.BuildError](err); ok {
		return nil, []string{"it does not compile:\n" + v.without(filepath.Dir(o[lesson.File()]), e.Text)}, nil
	}
	return b, nil, err
}

// without returns what the go command says without the names of a folder, which it
// writes as seen from the root where that is shorter.
func (v *verifier) without(folder, text string) string {
	text = strings.ReplaceAll(text, folder+string(filepath.Separator), "")
	if rel, err := filepath.Rel(v.root, folder); err == nil {
		text = strings.ReplaceAll(text, rel+string(filepath.Separator), "")
	}
	return text
}

// environment is what the steps of a verification run in, with this limit for
// each.
func environment(limit time.Duration, more ...string) []string {
	return append([]string{"STEP_LIMIT=" + limit.String()}, more...)
}

// mustPass says what keeps a lesson from being done, or "".
func mustPass(r progress.Result) string {
	step, open := r.Open()
	switch {
	case r.Done:
		return ""
	case !open:
		return "all steps pass, and yet the run fails:\n" + r.Outside
	}
	return fmt.Sprintf("%s is %s: %s", step.Name, step.Status, step.Message)
}

// tally counts what many runs said, so that it is told once.
type tally struct {
	runs  int
	texts []string // in the order in which they first came
	count map[string]int
}

// add counts one run, which said text; "" is nothing.
func (t *tally) add(text string) {
	t.runs++
	if text == "" {
		return
	}
	if t.count == nil {
		t.count = map[string]int{}
	}
	if t.count[text]++; t.count[text] == 1 {
		t.texts = append(t.texts, text)
	}
}

// wrong returns what was said, each text once, with the number of runs.
func (t *tally) wrong() []string {
	var all []string
	for _, text := range t.texts {
		all = append(all, fmt.Sprintf("in %d of %d runs, %s", t.count[text], t.runs, text))
	}
	if len(all) == 0 {
		return nil
	}
	return []string{strings.Join(all, "\n")}
}

// solutionTexts returns the solution's files by their names.
func solutionTexts(lesson catalog.Lesson) (map[string]string, error) {
	files, err := lesson.SolutionFiles()
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a solution: %w", err)
		}
		texts[filepath.Base(file)] = string(unixLines(text))
	}
	return texts, nil
}
