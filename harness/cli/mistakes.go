package cli

import (
	"fmt"

	"example.com/sseworkbook/harness/mistakes"
)

// newMistakes returns the command that lists what people get wrong.
func newMistakes() *command {
	return &command{
		use:   "mistakes LESSON",
		short: "Lists what people get wrong in a lesson, and the step that catches it.",
		args:  oneLesson,
		run: func(cmd *command, args []string) error {
			book, lesson, err := openLesson(args[0])
			if err != nil {
				return err
			}
			text, err := mistakes.List(book.root, lesson)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.stdout, text)
			return err
		},
	}
}
