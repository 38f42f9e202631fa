package solutions_test

import (
	"context"
	"io/fs"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/checksums"
	"example.com/sseworkbook/harness/overlay"
	"example.com/sseworkbook/harness/progress"
)

// Each lesson's own tests pass on its solution: the very files that a learner
// works with, run where the solution stands, with the solution laid over
// whatever the learner has in the lesson's folder.
func TestSolutions(t *testing.T) {
	root, lessons := workbook(t)
	readInputs(t, root, lessons)
	edited, err := checksums.Modified(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range run(t, root, lessons) {
		t.Run(result.Lesson.Name, func(t *testing.T) {
			for _, file := range edited {
				if path.Dir(file) == "lessons/"+result.Lesson.Name {
					t.Logf("%s is not as the workbook has it; to have it back: git checkout %[1]s", file)
				}
			}
			report(t, result)
		})
	}
}

// workbook returns the workbook's folder and its lessons, all of which have
// their tests.
func workbook(t *testing.T) (root string, lessons []catalog.Lesson) {
	root, err := catalog.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	lessons, err = catalog.Find(root)
	if err != nil {
		t.Fatal(err)
	}
	return root, slices.DeleteFunc(lessons, func(l catalog.Lesson) bool {
		files, err := l.TestFiles()
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Errorf("lesson %s has no tests that could be run on its solution", l.Name)
		}
		return len(files) == 0
	})
}

// readInputs opens every file that the run depends on. The go command keeps a
// green of this test until a file changes that the test itself has opened; what
// the go command inside opened, it does not know. By the rules of who may import
// whom, these are all.
func readInputs(t *testing.T, root string, lessons []catalog.Lesson) {
	inputs := []string{"go.mod", "go.sum", "solutions", "harness/inspect", "harness/step", "harness/pair"}
	for _, input := range inputs {
		readAll(t, filepath.Join(root, input))
	}
	for _, lesson := range lessons {
		files, err := lesson.TestFiles()
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			readAll(t, file)
		}
	}
}

// readAll reads the file at path, or all that are in the folder there.
func readAll(t *testing.T, path string) {
	err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			_, err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatalf("reading what the solutions depend on: %v", err)
	}
}

// run runs the lessons' tests on the solutions, with the race detector if this
// test has it.
func run(t *testing.T, root string, lessons []catalog.Lesson) []progress.Result {
	var overlays []overlay.Overlay
	for _, lesson := range lessons {
		o, err := overlay.LessonFromSolution(lesson)
		if err != nil {
			t.Fatal(err)
		}
		tests, err := overlay.TestsInSolution(lesson)
		if err != nil {
			t.Fatal(err)
		}
		overlays = append(overlays, o, tests)
	}
	file, err := overlay.Merge(overlays...).Write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := untilInterrupted(t)
	defer stop()
	results, err := progress.Run(ctx, root, lessons, progress.Options{
		Tree:    "solutions",
		Overlay: file,
		Race:    underRace(),
		Env:     []string{"STEP_LIMIT=60s"}, // this is no race against a busy machine
	})
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// untilInterrupted returns a context that ends with Ctrl-C, or a little before
// the go command would end this test: what the test started must not outlive it.
func untilInterrupted(t *testing.T) (ctx context.Context, stop func()) {
	ctx, stopSignal := signal.NotifyContext(t.Context(), os.Interrupt)
	deadline, ok := t.Deadline()
	if !ok {
		return ctx, stopSignal
	}
	ctx, cancel := context.WithDeadline(ctx, deadline.Add(-5*time.Second))
	return ctx, func() { cancel(); stopSignal() }
}

// underRace reports whether this test was built with the race detector.
func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// report makes each step of the lesson a subtest, which fails as the step did.
func report(t *testing.T, result progress.Result) {
	if result.BuildError != "" {
		t.Fatalf("the lesson's tests do not build on the solution:\n%s", result.BuildError)
	}
	for _, step := range result.Steps {
		t.Run(step.Name, func(t *testing.T) {
			switch step.Status {
			case progress.Failed:
				t.Errorf("%s: %s", step.At, step.Message)
			case progress.Waiting:
				t.Skip(step.Message)
			case progress.Unknown:
				t.Error("the step was not run")
			}
		})
	}
	if !result.Done && !t.Failed() {
		t.Errorf("the steps pass, the lesson does not:\n%s", result.Outside)
	}
}
