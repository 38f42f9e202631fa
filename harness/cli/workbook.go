package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

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

// judge runs the tests of lessons, and says how far they are, with the race detector
// too. While that runs, a line in log says so.
func (b workbook) judge(ctx context.Context, lessons []catalog.Lesson, log io.Writer) ([]progress.Result, error) {
	results, err := progress.Judge(ctx, b.root, lessons)
	if err != nil {
		return nil, err
	}
	return b.judgeRaces(ctx, results, log)
}

// judgeRaces has the race detector run what it is due to run.
func (b workbook) judgeRaces(ctx context.Context, results []progress.Result, log io.Writer) ([]progress.Result, error) {
	var names []string
	for _, lesson := range progress.DueRaces(results) {
		names = append(names, lesson.Name)
	}
	if len(names) > 0 {
		fmt.Fprintf(log, "running %s with -race; %s …\n", strings.Join(names, ", "), status.FirstRace)
	}
	return progress.JudgeRaces(ctx, b.root, results)
}

// judgeOne is judge for one lesson.
func (b workbook) judgeOne(ctx context.Context, lesson catalog.Lesson, log io.Writer) (progress.Result, error) {
	results, err := b.judge(ctx, []catalog.Lesson{lesson}, log)
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
