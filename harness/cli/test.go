package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
	"example.com/sseworkbook/harness/terminal"
	"example.com/sseworkbook/harness/trace"
)

// testOptions is what test takes.
type testOptions struct {
	check bool   // steps that are open are an error
	trace string // the file to write; "" is none
	force bool   // over whatever is there
}

// newTest returns the command that runs one lesson.
func newTest() *command {
	var o testOptions
	cmd := &command{
		use:   "test LESSON",
		short: "Runs one lesson; with -trace, records what went over the wire.",
		long: `Runs the tests of one lesson, as go test does; if they pass, it runs them with -race too, from lesson 02 on. With
-trace FILE, it writes a web page that shows each message between client and server as an arrow, with its bytes,
up to the failure. The page opens from disk.`,
		args: oneLesson,
		run: func(cmd *command, args []string) error {
			if o.force && o.trace == "" {
				return errors.New("-force needs -trace: it allows the trace to overwrite the file")
			}
			book, lesson, err := openLesson(args[0])
			if err != nil {
				return err
			}
			tests, err := lesson.TestFiles()
			if err != nil {
				return err
			}
			if len(tests) == 0 {
				return fmt.Errorf("lesson %s has no tests to run in %s", lesson.Name, book.relative(lesson.Dir))
			}
			done, err := book.test(cmd, lesson, o)
			if err == nil && done {
				done, err = book.testRaces(cmd, lesson)
			}
			if err == nil && o.check && !done {
				return fmt.Errorf("lesson %s is not done", lesson.Name)
			}
			return err
		},
	}
	cmd.flags.StringVar(&o.trace, "trace", "", "file for a page that shows what went over the wire")
	cmd.flags.BoolVar(&o.force, "force", false, "with -trace: overwrite the file even if it is not a trace")
	cmd.flags.BoolVar(&o.check, "check", false, "exit with status 1 unless every step passes, for scripts")
	return cmd
}

// test runs a lesson as go test does, and reports whether it is green.
func (b workbook) test(cmd *command, lesson catalog.Lesson, o testOptions) (passed bool, err error) {
	if o.trace == "" {
		return progress.Stream(cmd.ctx, b.root, lesson, progress.Options{}, cmd.stdout, cmd.stderr)
	}
	file, err := trace.Create(o.trace, o.force)
	if err != nil {
		return false, err
	}
	defer file.Discard()
	run, err := b.traced(cmd.ctx, lesson, cmd.stdout, cmd.stderr)
	if err != nil {
		return false, err
	}
	run.Command = fmt.Sprintf("%s test %d -trace %s", program, lesson.Number, o.trace)
	if err := file.Write(run); err != nil {
		return false, err
	}
	fmt.Fprintf(cmd.stdout, "trace %s · %s · open it in a browser\n", o.trace, traceSize(run.Steps))
	return run.Passed, nil
}

// testRaces has the race detector run a lesson that is green, and reports whether it
// is done. Then it writes what was learned, or else what is red now.
func (b workbook) testRaces(cmd *command, lesson catalog.Lesson) (done bool, err error) {
	result, err := progress.JudgeGreen(cmd.ctx, b.root, lesson)
	if err != nil {
		return false, err
	}
	results, err := b.judgeRaces(cmd.ctx, []progress.Result{result}, cmd.stderr)
	if err != nil {
		return false, err
	}
	fmt.Fprintln(cmd.stdout)
	if !results[0].Done {
		showLines(cmd.stdout, results)
		b.showNext(cmd.stdout, results, strings.TrimSpace)
		return false, nil
	}
	fmt.Fprint(cmd.stdout, terminal.DoneText(b.root, results[0]))
	if untried := status.Untried(results); untried != "" {
		fmt.Fprintln(cmd.stdout, "note  "+untried)
	}
	return true, nil
}

// traceSize says how much there is to see.
func traceSize(steps []trace.Step) string {
	switch n := trace.Messages(steps); n {
	case 0:
		return "nothing went over a wire"
	case 1:
		return "1 message"
	default:
		return fmt.Sprintf("%d messages", n)
	}
}

// traced runs a lesson, and keeps what went over the wire.
func (b workbook) traced(ctx context.Context, lesson catalog.Lesson, stdout, stderr io.Writer) (trace.Run, error) {
	record, err := os.CreateTemp("", "sseworkbook-trace-*")
	if err != nil {
		return trace.Run{}, fmt.Errorf("recording what goes over the wire: %w", err)
	}
	defer os.Remove(record.Name())
	defer record.Close()
	o := progress.Options{
		Args: []string{"-count=1"}, // a green from before has sent nothing
		Env:  []string{trace.Variable + "=" + record.Name()},
	}
	var output, complaints bytes.Buffer // the compiler's are complaints
	passed, err := progress.Stream(ctx, b.root, lesson, o, io.MultiWriter(stdout, &output), io.MultiWriter(stderr, &complaints))
	if err != nil {
		return trace.Run{}, err
	}
	steps, err := trace.Read(record)
	if err != nil {
		return trace.Run{}, err
	}
	return trace.Run{
		Lesson: lesson.Name, Made: time.Now(), Output: complaints.String() + output.String(), Passed: passed,
		Steps: trace.WithFailures(steps, output.String()),
	}, nil
}
