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
)

// childLimit is how long a program that was told to stop may take.
const childLimit = 500 * time.Millisecond

// tourOfMine shows the tour on the learner's code: a harness is built in which
// the lessons that are green take the place of their solutions, and run.
func (b workbook) tourOfMine(ctx context.Context, strict bool, stdout, stderr io.Writer) error {
	fmt.Fprintln(stderr, "running your lessons' tests, to see which of them are green …")
	results, err := progress.Run(ctx, b.root, b.lessons, progress.Options{})
	if err != nil {
		return err
	}
	var yours []catalog.Lesson
	for _, r := range results {
		switch {
		case r.Done:
			yours = append(yours, r.Lesson)
		case strict:
			return fmt.Errorf("lesson %s is not green yet (%s); without -strict, the reference stands in for it",
				r.Lesson.Name, strings.TrimSpace(standing(r)))
		}
	}
	dir, err := os.MkdirTemp("", "sseworkbook-*")
	if err != nil {
		return fmt.Errorf("building the tour: %w", err)
	}
	defer os.RemoveAll(dir)
	binary, err := b.buildWith(ctx, yours, dir)
	if err != nil {
		return err
	}
	return runTour(ctx, binary, yours, stdout, stderr)
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
	build := exec.CommandContext(ctx, "go", "build", "-overlay="+file, "-o", binary, "./harness")
	build.Dir = b.root
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
	var names []string
	for _, lesson := range yours {
		names = append(names, lesson.Name)
	}
	child := exec.CommandContext(ctx, binary, "demo")
	child.Env = append(os.Environ(), yoursVar+"="+strings.Join(names, ","))
	child.Stdout, child.Stderr = stdout, stderr
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	child.WaitDelay = childLimit
	if err := child.Run(); err != nil {
		return fmt.Errorf("the tour on your code did not get to its end: %w", err)
	}
	return nil
}
