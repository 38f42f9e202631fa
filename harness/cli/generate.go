package cli

import (
	"example.com/sseworkbook/harness/checksums"
	"example.com/sseworkbook/harness/stub"
	"example.com/sseworkbook/harness/verify"
)

// newStubs returns the command that go generate runs.
func newStubs() *command {
	return forAuthors("stubs", "Derives the lessons' stubs from the solutions.", func(cmd *command, book workbook) error {
		return stub.Generate(book.root, book.lessons, cmd.stdout)
	})
}

// newOften returns the command that go generate runs for the mistakes on record.
func newOften() *command {
	return forAuthors("often", "Lists for each step which recorded mistakes it catches.", func(_ *command, book workbook) error {
		return verify.GenerateMistakes(book.root, book.lessons)
	})
}

// newSums returns the command that makes the lesson tests as they are now the
// workbook's. It is no part of go generate: a learner who runs that, and who has
// edited a test, is still to be told so.
func newSums() *command {
	return forAuthors("sums", "Records the lessons' current tests as the workbook's own.", func(_ *command, book workbook) error {
		return checksums.Write(book.root)
	})
}

// forAuthors returns a command that the help does not list.
func forAuthors(name, short string, run func(*command, workbook) error) *command {
	return &command{
		use:    name,
		short:  short,
		hidden: true,
		args:   noArguments,
		run: func(cmd *command, _ []string) error {
			book, err := openWorkbook()
			if err != nil {
				return err
			}
			return run(cmd, book)
		},
	}
}
