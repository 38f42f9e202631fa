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
		short: "Compares your code with the solution.",
		long: `Shows how your code differs from the solution: lines with - are yours, lines with + are the solution's. It compares
all Go files in the lesson's folder and names known mistakes in yours; if the lesson is green, the rest is style.
Without a lesson, it takes the next one. If the lesson is not done yet, the diff gives its answers away, and a
warning says so first.`,
		args: lessonOrNext,
		run: func(cmd *command, args []string) error {
			book, result, err := openResult(cmd, args)
			if err != nil {
				return err
			}
			if result.Lesson.Name == "" {
				return errors.New("all lessons are done, so name one, for example: " + program + " diff 1")
			}
			if !result.Done {
				fmt.Fprintf(cmd.stderr, "careful: lesson %s is not done yet, and this diff gives its answers away\n", result.Lesson.Name)
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
