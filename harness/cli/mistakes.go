package cli

import (
	"fmt"

	"example.com/sseworkbook/harness/mistakes"
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
			records, err := mistakes.Of(book.root, lesson)
			if err != nil {
				return err
			}
			steps, err := lesson.Steps()
			if err != nil {
				return err
			}
			w := cmd.stdout
			fmt.Fprintf(w, "lesson %s · %d mistakes that people make, by the step that shows them\n", lesson.Name, len(records))
			for i, step := range steps {
				first := true
				for _, m := range records {
					if m.Step() != step.Name {
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
