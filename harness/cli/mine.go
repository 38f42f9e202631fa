package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/load"
	"example.com/sseworkbook/harness/overlay"
	"example.com/sseworkbook/harness/process"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
	"example.com/sseworkbook/harness/toolchain"
)

// yoursVar tells a harness that was built with a learner's code which lessons
// are in it, by name, with commas between.
const yoursVar = "SSEWORKBOOK_YOURS"

// A mine says whether a command is to run on the learner's code.
type mine struct{ on, strict bool }

// addMine gives a command the flags that say it.
func addMine(cmd *command) *mine {
	m := &mine{}
	cmd.flags.BoolVar(&m.on, "mine", false, "use your code for every lesson that is green")
	cmd.flags.BoolVar(&m.strict, "strict", false, "with -mine: refuse unless every lesson is green")
	return m
}

// check refuses what makes no sense.
func (m *mine) check() error {
	if m.strict && !m.on {
		return errors.New("-strict needs -mine: it demands that every lesson is green")
	}
	return nil
}

// run runs cmd, with the flags that were typed, in a harness that is built with the
// learner's code.
func (m *mine) run(cmd *command) error {
	harness, err := m.build(cmd.ctx, cmd.stderr)
	if err != nil {
		return err
	}
	defer harness.remove()
	fmt.Fprintf(cmd.stderr, "your code: %s; the reference: everything else\n",
		cmp.Or(strings.Join(harness.yours, ", "), "none, because no lesson is green yet"))
	if err := harness.run(cmd.ctx, cmd.stdout, cmd.stderr, again(cmd)...); err != nil {
		return fmt.Errorf("%s on your code: %w", cmd.name(), err)
	}
	return nil
}

// again returns what was typed to run cmd, without the flags that say on which code.
func again(cmd *command) (args []string) {
	args = slices.Clone(cmd.path)
	cmd.flags.Visit(func(f *flag.Flag) {
		values := []string{f.Value.String()}
		if l, ok := f.Value.(list); ok {
			values = *l.values
		}
		for _, value := range values {
			if f.Name != "mine" && f.Name != "strict" {
				args = append(args, "-"+f.Name+"="+value)
			}
		}
	})
	return args
}

// orMine has cmd run on the learner's code where it is told to. What check
// refuses, it refuses first, since nothing has to be built for that.
func orMine(cmd *command, check func() error) {
	m := addMine(cmd)
	here := cmd.run
	cmd.run = func(cmd *command, args []string) error {
		if err := errors.Join(m.check(), check()); err != nil {
			return err
		}
		if m.on {
			return m.run(cmd)
		}
		return here(cmd, args)
	}
}

// A mineHarness is a harness with the learner's code: in it, the lessons that are
// green take the place of their solutions.
type mineHarness struct {
	yours  []string // these lessons' names
	binary string   // in a folder of its own
}

// build runs the lessons' tests, and builds the harness with those that are green.
// With strict, all have to be. The caller removes it.
func (m *mine) build(ctx context.Context, stderr io.Writer) (*mineHarness, error) {
	book, err := openWorkbook()
	if err != nil {
		return nil, err
	}
	green, err := book.greenLessons(ctx, m.strict, stderr)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sseworkbook-*")
	if err != nil {
		return nil, fmt.Errorf("building the harness: %w", err)
	}
	h := &mineHarness{binary: filepath.Join(dir, "harness.exe")} // the name that every system runs
	for _, lesson := range green {
		h.yours = append(h.yours, lesson.Name)
	}
	if err := book.buildWith(ctx, green, h.binary); err != nil {
		h.remove()
		return nil, err
	}
	return h, nil
}

// greenLessons runs the lessons' tests and returns those that are green. With
// strict, one that is not is an error.
func (b workbook) greenLessons(ctx context.Context, strict bool, stderr io.Writer) ([]catalog.Lesson, error) {
	fmt.Fprintln(stderr, "running your lessons' tests to see which are green …")
	results, err := b.judge(ctx, b.lessons, stderr)
	if err != nil {
		return nil, err
	}
	var green []catalog.Lesson
	for _, r := range results {
		switch {
		case r.Done:
			green = append(green, r.Lesson)
		case strict:
			return nil, fmt.Errorf("lesson %s is not green yet (%s); without -strict, the reference replaces it",
				r.Lesson.Name, strings.TrimSpace(status.Summary(r)))
		case r.Race == progress.Raced:
			fmt.Fprintf(stderr, "lesson %s is red with -race, so the reference replaces it; see %s test %d\n", r.Lesson.Name, program, r.Lesson.Number)
		}
	}
	if untried := status.Untried(results); untried != "" {
		fmt.Fprintln(stderr, untried)
	}
	return green, nil
}

// buildWith builds the harness with the lessons in place of their solutions.
func (b workbook) buildWith(ctx context.Context, lessons []catalog.Lesson, binary string) error {
	replaced := overlay.Overlay{}
	for _, lesson := range lessons {
		o, err := overlay.SolutionFromLesson(lesson)
		if err != nil {
			return err
		}
		replaced = overlay.Merge(replaced, o)
	}
	file, err := replaced.Write(filepath.Dir(binary))
	if err != nil {
		return err
	}
	output, err := toolchain.Command(ctx, b.root, "build", "-overlay="+file, "-o", binary, "./harness").CombinedOutput()
	if err != nil {
		return fmt.Errorf("your lessons are green, but the harness does not build with them: %w\n%s", err, bytes.TrimSpace(output))
	}
	return nil
}

// run runs a command of the harness. It is told to stop by the end of its stdin,
// which comes when ctx ends, and also when this process does. See [untilStarterEnds].
func (h *mineHarness) run(ctx context.Context, stdout, stderr io.Writer, args ...string) error {
	child := process.Command(ctx, h.binary, args...)
	child.Env = append(os.Environ(), yoursVar+"="+strings.Join(h.yours, ","))
	child.Stdout, child.Stderr = stdout, stderr
	stdin, err := child.StdinPipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	child.Cancel = stdin.Close
	err = child.Run()
	if ctx.Err() != nil && child.ProcessState != nil && child.ProcessState.Success() {
		return nil // a server that was told to stop has
	}
	return err
}

// remove removes the harness from the disk.
func (h *mineHarness) remove() { os.RemoveAll(filepath.Dir(h.binary)) }

// untilStarterEnds returns a context that ends with ctx and, in a [mineHarness],
// when whoever has started it ends or gives it up.
func untilStarterEnds(ctx context.Context) context.Context {
	if _, built := os.LookupEnv(yoursVar); !built {
		return ctx
	}
	return load.UntilEnd(ctx, os.Stdin)
}
