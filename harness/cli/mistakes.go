package cli

import (
	"fmt"
	"slices"

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
			fmt.Fprintf(cmd.stdout, "lesson %s · %d mistakes that people make, by the step that shows them\n", lesson.Name, len(records))
			for i, step := range steps {
				these := slices.DeleteFunc(slices.Clone(records), func(r mistakes.Record) bool { return r.Step() != step.Name })
				if len(these) > 0 {
					fmt.Fprintf(cmd.stdout, "\n%2d  %s\n", i+1, step.Name)
				}
				for _, r := range these {
					fmt.Fprintf(cmd.stdout, "    %s\n        %s\n", r.Title, r.Symptom)
					if r.Source != "" {
						fmt.Fprintf(cmd.stdout, "        seen in %s\n", r.Source)
					}
				}
			}
			return nil
		},
	}
}
