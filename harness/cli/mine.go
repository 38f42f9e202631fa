package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/overlay"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
	"example.com/sseworkbook/harness/toolchain"
)

// childLimit is how long a program that was told to stop may take.
const childLimit = 500 * time.Millisecond

// tourOfMine shows the tour on the learner's code.
func (b workbook) tourOfMine(ctx context.Context, strict bool, stdout, stderr io.Writer) error {
	return b.onMine(ctx, strict, stderr, func(binary string, yours []catalog.Lesson) error {
		return runTour(ctx, binary, yours, stdout, stderr)
	})
}

// onMine builds a harness in which the lessons that are green take the place of
// their solutions, and calls run with the path of it and with these lessons. With
// strict, all have to be green.
func (b workbook) onMine(ctx context.Context, strict bool, stderr io.Writer, run func(binary string, yours []catalog.Lesson) error) error {
	yours, err := b.greenLessons(ctx, strict, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sseworkbook-*")
	if err != nil {
		return fmt.Errorf("building the harness: %w", err)
	}
	defer os.RemoveAll(dir)
	binary, err := b.buildWith(ctx, yours, dir)
	if err != nil {
		return err
	}
	return run(binary, yours)
}

// greenLessons runs the lessons' tests and returns those that are green. With
// strict, one that is not is an error.
func (b workbook) greenLessons(ctx context.Context, strict bool, stderr io.Writer) ([]catalog.Lesson, error) {
	fmt.Fprintln(stderr, "running your lessons' tests, to see which of them are green …")
	results, err := progress.Run(ctx, b.root, b.lessons, progress.Options{})
	if err != nil {
		return nil, err
	}
	var green []catalog.Lesson
	for _, r := range results {
		switch {
		case r.Done:
			green = append(green, r.Lesson)
		case strict:
			return nil, fmt.Errorf("lesson %s is not green yet (%s); without -strict, the reference stands in for it",
				r.Lesson.Name, strings.TrimSpace(status.Summary(r)))
		}
	}
	return green, nil
}

// buildWith builds the harness with the lessons in place of their solutions, and
// returns the path of the program in dir.
func (b workbook) buildWith(ctx context.Context, yours []catalog.Lesson, dir string) (string, error) {
	replaced := overlay.Overlay{}
	for _, lesson := range yours {
		o, err := overlay.SolutionFromLesson(lesson)
		if err != nil {
			return "", err
		}
		replaced = overlay.Merge(replaced, o)
	}
	file, err := replaced.Write(dir)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "harness.exe") // the name that every system runs
	build := toolchain.Command(ctx, b.root, "build", "-overlay="+file, "-o", binary, "./harness")
	build.Cancel = func() error { return build.Process.Signal(os.Interrupt) }
	build.WaitDelay = childLimit
	var output bytes.Buffer
	build.Stdout, build.Stderr = &output, &output
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("your lessons are green, but the harness does not build with them: %w\n%s",
			err, bytes.TrimSpace(output.Bytes()))
	}
	return binary, nil
}

// runTour runs the tour of a harness that was built with the lessons in yours.
// When ctx ends, it is told to stop, and it is gone soon after.
func runTour(ctx context.Context, binary string, yours []catalog.Lesson, stdout, stderr io.Writer) error {
	child := exec.CommandContext(ctx, binary, "demo")
	child.Env = tellYours(yours)
	child.Stdout, child.Stderr = stdout, stderr
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	child.WaitDelay = childLimit
	if err := child.Run(); err != nil {
		return fmt.Errorf("the tour on your code did not get to its end: %w", err)
	}
	return nil
}

// tellYours returns the environment for a harness that was built with the lessons
// in yours.
func tellYours(yours []catalog.Lesson) []string {
	return append(os.Environ(), yoursVar+"="+strings.Join(namesOf(yours), ","))
}

// namesOf returns the lessons' names.
func namesOf(lessons []catalog.Lesson) (names []string) {
	for _, lesson := range lessons {
		names = append(names, lesson.Name)
	}
	return names
}
