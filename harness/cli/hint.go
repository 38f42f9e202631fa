package cli

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/hints"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
)

// hintOptions is what the command hint takes.
type hintOptions struct {
	again bool // the last one once more
	all   bool // all of them
	n     int  // this one; 0 is none in particular
}

// newHint returns the command that helps with the step that is red.
func newHint() *command {
	var o hintOptions
	cmd := &command{
		use:   "hint [LESSON] [N]",
		short: "Shows the next hint for the red step.",
		long: `Each call shows a more detailed hint than the last: first the step's own hint, then the lesson's hints, and finally
the solution's function. When a different step turns red, the hints start over. Without a lesson, it takes the next
one. With N, it shows hint number N and does not change which hint is next.`,
		args: func(_ *command, args []string) error { return o.check(args) },
		run: func(cmd *command, args []string) error {
			book, result, err := openResult(cmd, args[:min(len(args), 1)])
			if err != nil {
				return err
			}
			if result.Lesson.Name == "" {
				fmt.Fprintln(cmd.stdout, "All lessons are done: no hint is needed.")
				return nil
			}
			return showHints(cmd.stdout, book.root, result, o)
		},
	}
	cmd.flags.BoolVar(&o.again, "again", false, "show the last hint again")
	cmd.flags.BoolVar(&o.all, "all", false, "show all hints for the step")
	return cmd
}

// check refuses what hint cannot do, and takes the number of a hint from args.
func (o *hintOptions) check(args []string) (err error) {
	switch {
	case len(args) > 2:
		return fmt.Errorf("hint takes a lesson and a number, but got %d arguments", len(args))
	case o.all && o.again:
		return errors.New("use either -all or -again, not both")
	case len(args) < 2:
		return nil
	case o.all || o.again:
		return errors.New("a number picks one hint: leave out -all and -again")
	}
	if o.n, err = strconv.Atoi(args[1]); err != nil || o.n < 1 {
		return fmt.Errorf("which hint? %q is not a number of 1 or more", args[1])
	}
	return nil
}

// lessonOrNext takes the name of a lesson as the only argument, or none.
func lessonOrNext(cmd *command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return oneLesson(cmd, args)
}

// openResult finds the workbook, and runs the tests of the lesson that is named in
// args, or else finds the one that is next. Where all are done, none is: the result
// then is empty.
func openResult(cmd *command, args []string) (workbook, progress.Result, error) {
	if len(args) > 0 {
		book, lesson, err := openLesson(args[0])
		if err != nil {
			return workbook{}, progress.Result{}, err
		}
		result, err := book.judgeOne(cmd.ctx, lesson, cmd.stderr)
		return book, result, err
	}
	book, results, err := judgeAll(cmd)
	if err != nil {
		return workbook{}, progress.Result{}, err
	}
	next, _ := status.FirstOpen(results)
	return book, next, nil
}

// showHints writes the next hint, or those that o asks for, and how to get more.
func showHints(w io.Writer, root string, r progress.Result, o hintOptions) error {
	list, err := pickHints(root, r, o)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return showNoStep(w, r, o.n)
	}
	for i, hint := range list {
		if i > 0 {
			fmt.Fprintln(w)
		}
		writeHint(w, r.Lesson, hint)
	}
	switch last := list[len(list)-1]; {
	case last.N == last.Of:
		fmt.Fprintf(w, "all   %s diff %d\n", program, r.Lesson.Number)
	case o.n > 0:
		fmt.Fprintf(w, "more  %s hint %d %d\n", program, r.Lesson.Number, o.n+1)
	default:
		fmt.Fprintf(w, "more  %s hint %d\n", program, r.Lesson.Number)
	}
	return nil
}

// pickHints returns the hints that o asks for; none where no step is red.
func pickHints(root string, r progress.Result, o hintOptions) ([]hints.Hint, error) {
	if !o.all && o.n == 0 {
		one := hints.Next
		if o.again {
			one = hints.Last
		}
		hint, err := one(root, r)
		if err != nil || hint.N == 0 {
			return nil, err
		}
		return []hints.Hint{hint}, nil
	}
	all, err := hints.All(r)
	switch {
	case err != nil || len(all) == 0 || o.all:
		return all, err
	case o.n > len(all):
		return nil, fmt.Errorf("lesson %s has %d hints for this step; for the whole solution: %s diff %d",
			r.Lesson.Name, len(all), program, r.Lesson.Number)
	}
	return all[o.n-1 : o.n], nil
}

// showNoStep writes how the lesson stands where no step is red; or hint number n, if
// it is one of the lesson's own.
func showNoStep(w io.Writer, r progress.Result, n int) error {
	texts, err := r.Lesson.Hints()
	switch {
	case n > 0 && err != nil:
		return err
	case n >= 2 && n-2 < len(texts):
		fmt.Fprintln(w, texts[n-2])
	case r.Done:
		fmt.Fprintf(w, "lesson %s is green: no hint is needed. To compare with the solution: %s diff %d\n", r.Lesson.Name, program, r.Lesson.Number)
	case r.BuildError != "":
		fmt.Fprintf(w, "lesson %s does not compile yet:\n%s\n", r.Lesson.Name, indent(r.BuildError))
	default:
		fmt.Fprintf(w, "all steps of lesson %s pass, but:\n%s\n", r.Lesson.Name, indent(r.Outside))
	}
	return nil
}

// writeHint writes a hint under a line that says whose it is.
func writeHint(w io.Writer, lesson catalog.Lesson, hint hints.Hint) {
	if hint.N > 1 {
		fmt.Fprintf(w, "lesson %s · hint %d of %d · %s\n\n%s\n\n", lesson.Name, hint.N, hint.Of, hint.Title, hint.Text)
		return
	}
	fmt.Fprintf(w, "lesson %s · %s\n", lesson.Name, hint.Title)
	if hint.About != "" {
		fmt.Fprintln(w, indent(hint.About))
	}
	fmt.Fprintf(w, "hint  %s\n", hint.Text)
}
