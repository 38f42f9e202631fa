package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/hints"
	"example.com/sseworkbook/harness/progress"
)

// hintOptions is what the command hint takes.
type hintOptions struct {
	again bool // the last one once more
	all   bool // all of them
}

// newHint returns the command that helps with the step that is red.
func newHint() *command {
	var o hintOptions
	cmd := &command{
		use:   "hint [LESSON] [N]",
		short: "The next hint for the step that is red.",
		long: `Each call tells more than the one before: first the step's own hint, then those of the lesson, and in the end
the solution's function. When another step is red, it begins anew. Without a lesson, it is the one that is next;
with N, it is hint number N, and the count stays as it is.`,
		args: func(_ *command, args []string) error { return checkHint(args, o) },
		run: func(cmd *command, args []string) error {
			book, result, err := openResult(cmd.ctx, args[:min(len(args), 1)])
			if err != nil {
				return err
			}
			w := cmd.stdout
			if len(args) == 2 {
				n, _ := strconv.Atoi(args[1])
				return book.showHint(w, result, n)
			}
			return book.showHints(w, result, o)
		},
	}
	cmd.flags.BoolVar(&o.again, "again", false, "the hint that was shown last, once more")
	cmd.flags.BoolVar(&o.all, "all", false, "all hints for the step")
	return cmd
}

// checkHint refuses what hint cannot do.
func checkHint(args []string, o hintOptions) error {
	switch {
	case len(args) > 2:
		return fmt.Errorf("hint takes a lesson and a number, but got %d arguments", len(args))
	case o.all && o.again:
		return errors.New("-all or -again? Both at once is too much")
	case len(args) == 2 && (o.all || o.again):
		return errors.New("a number picks one hint; it goes without -all and -again")
	case len(args) == 2:
		if n, err := strconv.Atoi(args[1]); err != nil || n < 1 {
			return fmt.Errorf("which hint? %q is no number from 1 up", args[1])
		}
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
func openResult(ctx context.Context, args []string) (workbook, progress.Result, error) {
	if len(args) > 0 {
		book, lesson, err := openLesson(args[0])
		if err != nil {
			return workbook{}, progress.Result{}, err
		}
		result, err := book.progressOf(ctx, lesson)
		return book, result, err
	}
	book, results, err := runAll(ctx)
	if err != nil {
		return workbook{}, progress.Result{}, err
	}
	if i := slices.IndexFunc(results, func(r progress.Result) bool { return !r.Done }); i >= 0 {
		return book, results[i], nil
	}
	return book, progress.Result{}, nil
}

// showHints writes the next hint, or those that o asks for.
func (b workbook) showHints(w io.Writer, r progress.Result, o hintOptions) error {
	if r.Lesson.Name == "" {
		fmt.Fprintln(w, "All lessons are done: no hint is needed.")
		return nil
	}
	var list []hints.Hint
	var err error
	switch {
	case o.all:
		list, err = hints.All(b.root, r)
	case o.again:
		list, err = one(hints.Last(b.root, r))
	default:
		list, err = one(hints.Next(b.root, r))
	}
	if err != nil {
		return err
	}
	for i, hint := range list {
		if i > 0 {
			fmt.Fprintln(w)
		}
		writeHint(w, r, hint)
	}
	showMore(w, r.Lesson, list[len(list)-1], "")
	return nil
}

// one returns the one hint as a list.
func one(hint hints.Hint, err error) ([]hints.Hint, error) {
	return []hints.Hint{hint}, err
}

// showHint writes hint number n.
func (b workbook) showHint(w io.Writer, r progress.Result, n int) error {
	list, err := hints.All(b.root, r)
	if err != nil {
		return err
	}
	if list[0].N == 0 {
		return showAnyway(w, r, list[0], n)
	}
	if n > len(list) {
		return fmt.Errorf("lesson %s has %d hints for this step; what is left is %s diff %d",
			r.Lesson.Name, len(list), program, r.Lesson.Number)
	}
	writeHint(w, r, list[n-1])
	showMore(w, r.Lesson, list[n-1], fmt.Sprintf(" %d", n+1))
	return nil
}

// showAnyway writes hint number n where no step is red, which is one of the lesson's
// own or else says how the lesson stands.
func showAnyway(w io.Writer, r progress.Result, standing hints.Hint, n int) error {
	texts, err := r.Lesson.Hints()
	if err != nil {
		return err
	}
	if n < 2 || n-2 >= len(texts) {
		writeHint(w, r, standing)
		return nil
	}
	fmt.Fprintln(w, texts[n-2])
	return nil
}

// writeHint writes a hint under a line that says whose it is.
func writeHint(w io.Writer, r progress.Result, hint hints.Hint) {
	switch {
	case r.Done:
		fmt.Fprintf(w, "lesson %s is green: no hint is needed. Compare: %s diff %d\n", r.Lesson.Name, program, r.Lesson.Number)
	case hint.N == 0:
		fmt.Fprintf(w, "%s:\n%s\n", hint.Title, indent(hint.Text))
	case hint.N == 1:
		fmt.Fprintf(w, "lesson %s · %s\n", r.Lesson.Name, hint.Title)
		if hint.About != "" {
			fmt.Fprintln(w, indent(hint.About))
		}
		fmt.Fprintf(w, "hint  %s\n", hint.Text)
	default:
		fmt.Fprintf(w, "lesson %s · hint %d of %d · %s\n\n%s\n\n", r.Lesson.Name, hint.N, hint.Of, hint.Title, hint.Text)
	}
}

// showMore says how to get the hint after this one, or what there is after the last;
// number is what the command takes beside the lesson.
func showMore(w io.Writer, lesson catalog.Lesson, hint hints.Hint, number string) {
	switch {
	case hint.More:
		fmt.Fprintf(w, "more  %s hint %d%s\n", program, lesson.Number, number)
	case hint.N > 0:
		fmt.Fprintf(w, "all   %s diff %d\n", program, lesson.Number)
	}
}
