package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/cockpit"
)

// newDiff returns the command that compares with the solution.
func newDiff() *cobra.Command {
	return &cobra.Command{
		Use:   "diff LESSON",
		Short: "Your code against the solution.",
		Args:  oneLesson,
		RunE: func(cmd *cobra.Command, args []string) error {
			book, lesson, err := openLesson(args[0])
			if err != nil {
				return err
			}
			result, err := book.progressOf(cmd.Context(), lesson)
			if err != nil {
				return err
			}
			if !result.Done {
				fmt.Fprintf(cmd.ErrOrStderr(), "careful: lesson %s is not green yet, and this gives its answers away\n", lesson.Name)
			}
			return book.showDiff(cmd.OutOrStdout(), lesson)
		},
	}
}

// showDiff writes what would make the solution of the learner's code.
func (b workbook) showDiff(w io.Writer, lesson catalog.Lesson) error {
	files, err := lesson.SolutionFiles()
	if err != nil {
		return err
	}
	same := true
	for _, file := range files {
		yours := filepath.Join(lesson.Dir, filepath.Base(file))
		text, err := b.diff(yours, file)
		if err != nil {
			return err
		}
		same = same && len(text) == 0
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	if same {
		fmt.Fprintf(w, "lesson %s: your code is the solution, to the letter\n", lesson.Name)
	}
	return nil
}

// diff compares a file of the learner's, which may not be there, with the
// solution's, without what that says to the harness alone.
func (b workbook) diff(yours, solution string) ([]byte, error) {
	before, err := os.ReadFile(yours)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading your code: %w", err)
	}
	after, err := os.ReadFile(solution)
	if err != nil {
		return nil, fmt.Errorf("reading the solution: %w", err)
	}
	text := diff.Diff(b.relative(yours), before, b.relative(solution), cockpit.WithoutDirectives(after))
	_, text, _ = bytes.Cut(text, []byte("\n")) // the line "diff a b" says nothing that the next two do not
	return text, nil
}
