package cli

import (
	"context"
	"errors"
	"fmt"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
)

// A workbook is the learner's copy of it, with the lessons that are in it.
type workbook struct {
	root    string
	lessons []catalog.Lesson
}

// openWorkbook finds the workbook around the working directory.
func openWorkbook() (workbook, error) {
	root, err := catalog.Root(".")
	if err != nil {
		return workbook{}, err
	}
	lessons, err := catalog.Find(root)
	if err != nil {
		return workbook{}, err
	}
	return workbook{root, lessons}, nil
}

// openLesson finds the workbook and the lesson in it that word names.
func openLesson(word string) (workbook, catalog.Lesson, error) {
	book, err := openWorkbook()
	if err != nil {
		return workbook{}, catalog.Lesson{}, err
	}
	lesson, err := catalog.Lookup(book.lessons, word)
	return book, lesson, err
}

// progressOf runs the tests of one lesson.
func (b workbook) progressOf(ctx context.Context, lesson catalog.Lesson) (progress.Result, error) {
	results, err := progress.Run(ctx, b.root, []catalog.Lesson{lesson}, progress.Options{})
	if err != nil {
		return progress.Result{}, err
	}
	return results[0], nil
}

// relative returns path as a person in the workbook's folder would type it.
func (b workbook) relative(path string) string {
	return status.Relative(b.root, path)
}

// oneLesson demands the name of a lesson as the only argument.
func oneLesson(cmd *command, args []string) error {
	switch len(args) {
	case 0:
		return errors.New("which lesson? For example: " + program + " " + cmd.name() + " 1")
	case 1:
		return nil
	}
	return fmt.Errorf("%s takes one lesson, but got %d arguments", cmd.name(), len(args))
}
