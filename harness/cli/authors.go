package cli

import (
	"github.com/spf13/cobra"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/stub"
	"example.com/sseworkbook/harness/verify"
)

// newStubs returns the command that go generate runs.
func newStubs() *cobra.Command {
	return forAuthors("stubs", "Derives the lessons' stubs from the solutions.", func(cmd *cobra.Command, book workbook) error {
		targets, err := stub.Targets(book.root, book.lessons...)
		if err != nil {
			return err
		}
		return stub.Generate(book.root, targets, cmd.OutOrStdout())
	})
}

// newOften returns the command that go generate runs for the mistakes on record.
func newOften() *cobra.Command {
	return forAuthors("often", "Tells the steps which mistakes on record they catch.", func(_ *cobra.Command, book workbook) error {
		return verify.WriteOften(book.root, book.lessons)
	})
}

// newSums returns the command that makes the lesson tests as they are now the
// workbook's. It is no part of go generate: a learner who runs that, and who has
// edited a test, is still to be told so.
func newSums() *cobra.Command {
	return forAuthors("sums", "Records the lessons' tests as they are, as the workbook's.", func(_ *cobra.Command, book workbook) error {
		return catalog.WriteSums(book.root)
	})
}

// forAuthors returns a command that the help does not list.
func forAuthors(name, short string, run func(*cobra.Command, workbook) error) *cobra.Command {
	return &cobra.Command{
		Use:    name,
		Short:  short,
		Hidden: true,
		Args:   noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			book, err := openWorkbook()
			if err != nil {
				return err
			}
			return run(cmd, book)
		},
	}
}
