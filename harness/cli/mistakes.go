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
			of := map[string][]verify.Record{} // by the step that shows them
			for _, m := range mistakes {
				step := m.Catches[0].Step
				of[step] = append(of[step], m)
			}
			for i, step := range steps {
				if len(of[step.Name]) > 0 {
					fmt.Fprintf(w, "\n%2d  %s\n", i+1, step.Name)
				}
				for _, m := range of[step.Name] {
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
