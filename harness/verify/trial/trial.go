// Package trial runs a lesson's tests on code that is laid over the learner's,
// which is never touched. The proofs of harness/verify use it.
package trial

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
	"example.com/sseworkbook/harness/textfile"
)

// A Trial is a lesson's tests, compiled with some code in the place of the
// learner's. It is safe for concurrent use until it is closed.
type Trial struct {
	*progress.Binary
	dir string // all that was written for it
}

// Texts returns the texts of files by their names, as Compile takes them, with LF at
// the ends of their lines.
func Texts(files []string) (map[string]string, error) {
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading what is to be tried: %w", err)
		}
		texts[filepath.Base(file)] = string(textfile.UnixLines(text))
	}
	return texts, nil
}

// Compile compiles the tests of a lesson of the workbook at root with these files in
// the place of what is in its folder, by their names. If they do not compile, the
// error is a *progress.BuildError. The trial has to be closed.
func Compile(ctx context.Context, root string, lesson catalog.Lesson, texts map[string]string, race bool) (*Trial, error) {
	dir, err := os.MkdirTemp("", "trial-*")
	if err != nil {
		return nil, fmt.Errorf("trying a lesson: %w", err)
	}
	t := &Trial{dir: dir}
	if err := t.compile(ctx, root, lesson, texts, race); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (t *Trial) compile(ctx context.Context, root string, lesson catalog.Lesson, texts map[string]string, race bool) error {
	file, err := layOver(lesson, texts, t.dir)
	if err != nil {
		return err
	}
	runDir := filepath.Join(t.dir, "run", lesson.Name) // a step knows its lesson by the folder's name
	if err := os.MkdirAll(runDir, 0o755); err != nil {
		return fmt.Errorf("trying a lesson: %w", err)
	}
	t.Binary, err = progress.Compile(ctx, root, lesson, progress.Options{Overlay: file, Race: race}, runDir)
	if e, ok := errors.AsType[*progress.BuildError](err); ok {
		e.Text = without(filepath.Join(t.dir, lesson.Name), root, e.Text)
	}
	return err
}

// layOver writes the files, and the overlay that puts them into the lesson's folder,
// into dir. It returns the path of the overlay.
func layOver(lesson catalog.Lesson, texts map[string]string, dir string) (string, error) {
	o, err := overlay.LessonFromTexts(lesson, texts, dir)
	if err != nil {
		return "", err
	}
	return o.Write(dir)
}

// without returns what the go command says without the names of a folder, which it
// writes as seen from the root where that is shorter.
func without(folder, root, text string) string {
	text = strings.ReplaceAll(text, folder+string(filepath.Separator), "")
	if rel, err := filepath.Rel(root, folder); err == nil {
		text = strings.ReplaceAll(text, rel+string(filepath.Separator), "")
	}
	return text
}

// Close removes all that was written for the trial. What stays behind after all is
// in the system's folder for such.
func (t *Trial) Close() { _ = os.RemoveAll(t.dir) }

// Repeat runs the tests n times, one run after the other, each in a process of its
// own, with further flags of a test binary and further environment.
func (t *Trial) Repeat(ctx context.Context, n int, args, env []string) ([]progress.Result, error) {
	var results []progress.Result
	for range n {
		result, err := t.Run(ctx, args, env)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return results, nil
}

// Vet returns what go vet has against the tests with these files, as Compile puts
// them there, in a few lines, or "".
func Vet(ctx context.Context, root string, lesson catalog.Lesson, texts map[string]string) (string, error) {
	dir, err := os.MkdirTemp("", "vet-*")
	if err != nil {
		return "", fmt.Errorf("trying a lesson: %w", err)
	}
	defer os.RemoveAll(dir)
	file, err := layOver(lesson, texts, dir)
	if err != nil {
		return "", err
	}
	return progress.Vet(ctx, root, progress.Options{Overlay: file}, lesson)
}

// Env returns the environment of a run in which a step may take this long before it
// counts as one that hangs, and gets other random inputs than in any other run; with
// more environment.
func Env(limit time.Duration, more ...string) []string {
	return append([]string{"STEP_LIMIT=" + limit.String(), "STEP_SEED=random"}, more...)
}

// Failure says what keeps a lesson from being done, or "".
func Failure(r progress.Result) string {
	step, open := r.Next()
	switch {
	case r.Done:
		return ""
	case !open:
		return "all steps pass, but the run fails:\n" + r.Outside
	}
	return fmt.Sprintf("%s is %s: %s", step.Name, step.Status, step.Message)
}
