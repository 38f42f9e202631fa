package cli

import (
	"errors"
	"fmt"

	"example.com/sseworkbook/harness/compare"
)

// newDiff returns the command that compares with the solution.
func newDiff() *command {
	return &command{
		use:   "diff [LESSON]",
		short: "Your code against the solution.",
		long: `Shows what would make the solution of your code: lines with - are yours, lines with + are the solution's.
All Go files in the lesson's folder count. A known mistake in yours is named; of a green lesson, the rest is style. Without a lesson, it is the one that is next. While a lesson is not
green, its answers are given away, and a warning says so first.`,
		args: lessonOrNext,
		run: func(cmd *command, args []string) error {
			book, result, err := openResult(cmd, args)
			if err != nil {
				return err
			}
			if result.Lesson.Name == "" {
				return errors.New("all lessons are done; which one? For example: " + program + " diff 1")
			}
			if !result.Done {
				fmt.Fprintf(cmd.stderr, "careful: lesson %s is not green yet, and this gives its answers away\n", result.Lesson.Name)
			}
			w := cmd.stdout
			text, err := compare.Unified(book.root, result.Lesson, result.Done, colours(w))
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(w, text)
			return err
		},
	}
}
