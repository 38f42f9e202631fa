// Package mistakes reads what people get wrong: answers to the lessons that are
// on record, as edits of their solutions. The records of mistakes are in this
// package's own folder, a folder for each lesson and a txtar file for each
// mistake. It runs nothing. Those who show mistakes to a learner use it, and
// harness/verify, which proves that the lessons' tests catch them; its records of
// right answers of another shape are written in the same way.
package mistakes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/textfile"
)

// The folders of records, slash-separated and below the workbook's root: of the
// mistakes, and of right answers of another shape. Each has a folder for each lesson,
// of the lesson's name.
const (
	Dir             = "harness/mistakes"
	AlternativesDir = "harness/verify/alternatives"
)

// Of returns the mistakes on record for the lesson in the workbook at root, in
// the order of their file names.
func Of(root string, lesson catalog.Lesson) ([]Record, error) {
	return Read(root, Dir, lesson)
}

// Read is Of for the records in another folder than Dir. The errors of all records
// come joined.
func Read(root, dir string, lesson catalog.Lesson) ([]Record, error) {
	files, err := filepath.Glob(filepath.Join(root, dir, lesson.Name, "*.txtar"))
	if err != nil {
		return nil, err
	}
	var records []Record
	var errs []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a record: %w", err)
		}
		record, err := parse(dir+"/"+lesson.Name+"/"+filepath.Base(file), textfile.UnixLines(text))
		records, errs = append(records, record), append(errs, err)
	}
	return records, errors.Join(errs...)
}
