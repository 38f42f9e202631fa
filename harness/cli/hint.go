package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// newHint returns the command that helps with the step that is red.
func newHint() *cobra.Command {
	return &cobra.Command{
		Use:   "hint LESSON [N]",
		Short: "The hint for the step that is red; then the lesson's own.",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			level, err := hintLevel(args)
			if err != nil {
				return err
			}
			book, lesson, err := openLesson(args[0])
			if err != nil {
				return err
			}
			if level > 1 {
				return showLessonHint(cmd.OutOrStdout(), lesson, level)
			}
			result, err := book.progressOf(cmd.Context(), lesson)
			if err != nil {
				return err
			}
			return showStepHint(cmd.OutOrStdout(), result)
		},
	}
}

// hintLevel returns which hint is wanted: 1 is the step's, and further ones are
// the lesson's.
func hintLevel(args []string) (int, error) {
	switch len(args) {
	case 0:
		return 0, errors.New("which lesson? For example: " + program + " hint 1")
	case 1:
		return 1, nil
	case 2:
		if level, err := strconv.Atoi(args[1]); err == nil && level > 0 {
			return level, nil
		}
		return 0, fmt.Errorf("which hint? %q is no number from 1 up", args[1])
	}
	return 0, fmt.Errorf("hint takes a lesson and a number, but got %d arguments", len(args))
}

// showStepHint writes the hint for the step that is red.
func showStepHint(w io.Writer, r progress.Result) error {
	step, open := r.Open()
	switch {
	case r.Done:
		fmt.Fprintf(w, "lesson %s is green: no hint is needed. Compare: %s diff %d\n", r.Lesson.Name, program, r.Lesson.Number)
		return nil
	case r.BuildError != "":
		fmt.Fprintf(w, "lesson %s does not compile yet:\n%s\n", r.Lesson.Name, indent(r.BuildError))
		return nil
	case !open:
		fmt.Fprintf(w, "all steps of lesson %s pass, but:\n%s\n", r.Lesson.Name, indent(r.Outside))
		return nil
	}
	steps, err := r.Lesson.Steps()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(steps, func(s catalog.Step) bool { return s.Name == step.Name })
	if i < 0 {
		return fmt.Errorf("lesson %s has no step %s", r.Lesson.Name, step.Name)
	}
	fmt.Fprintf(w, "lesson %s · step %d of %d · %s\n", r.Lesson.Name, i+1, len(steps), step.Name)
	fmt.Fprintln(w, indent(steps[i].Doc))
	if steps[i].Hint != "" {
		fmt.Fprintf(w, "hint  %s\n", steps[i].Hint)
	}
	showMore(w, r.Lesson, 1)
	return nil
}

// showLessonHint writes one of the lesson's own hints, of which the first is
// hint number 2.
func showLessonHint(w io.Writer, lesson catalog.Lesson, level int) error {
	hints, err := lesson.Hints()
	if err != nil {
		return err
	}
	if level-2 >= len(hints) {
		return fmt.Errorf("lesson %s has %d hints; what is left is %s diff %d", lesson.Name, len(hints)+1, program, lesson.Number)
	}
	fmt.Fprintln(w, hints[level-2])
	showMore(w, lesson, level)
	return nil
}

// showMore says how to get the hint after this one, if there is one.
func showMore(w io.Writer, lesson catalog.Lesson, level int) {
	if hints, err := lesson.Hints(); err == nil && level-1 < len(hints) {
		fmt.Fprintf(w, "more  %s hint %d %d\n", program, lesson.Number, level+1)
	}
}
