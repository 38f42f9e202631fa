package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"example.com/sseworkbook/harness/stub"
)

// newReset returns the command that starts a lesson anew.
func newReset() *cobra.Command {
	return &cobra.Command{
		Use:   "reset LESSON",
		Short: "A clean start for a lesson; what you wrote is kept beside it.",
		Args:  oneLesson,
		RunE: func(cmd *cobra.Command, args []string) error {
			book, lesson, err := openLesson(args[0])
			if err != nil {
				return err
			}
			kept, err := stub.Reset(book.root, book.target(lesson))
			for _, path := range kept {
				fmt.Fprintf(cmd.OutOrStdout(), "kept   your code, as %s\n", path)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "reset  %s is as it was at the start\n", book.relative(lesson.File()))
			return nil
		},
	}
}
