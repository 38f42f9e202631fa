package cli

import (
	"fmt"

	"example.com/sseworkbook/harness/verify"
)

// newMistakes returns the command that lists what people get wrong.
func newMistakes() *command {
	return &command{
		use:   "mistakes LESSON",
		short: "What people get wrong in a lesson, and the step that shows it.",
		args:  oneLesson,
		run: func(cmd *command, args []string) error {
			book, lesson, err := openLesson(args[0])
			if err != nil {
				return err
			}
			mistakes, err := verify.Mistakes(book.root, lesson)
			if err != nil {
				return err
			}
			steps, err := lesson.Steps()
			if err != nil {
				return err
			}
			w := cmd.stdout
			fmt.Fprintf(w, "lesson %s · %d mistakes that people make, by the step that shows them\n", lesson.Name, len(mistakes))
			for i, step := range steps {
				first := true
				for _, m := range mistakes {
					if m.Catches[0].Step != step.Name {
						continue
					}
					if first {
						fmt.Fprintf(w, "\n%2d  %s\n", i+1, step.Name)
						first = false
					}
					fmt.Fprintf(w, "    %s\n        %s\n", m.Title, m.Symptom)
					if m.Source != "" {
						fmt.Fprintf(w, "        seen in %s\n", m.Source)
					}
				}
			}
			return nil
		},
	}
}
