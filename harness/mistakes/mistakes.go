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
	"path"
	"path/filepath"
	"slices"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/textfile"
)

// The folders of records, slash-separated and below the workbook's root: of the
// mistakes, of right answers of another shape, and of answers, right and wrong, whose
// authors had not seen the tests. Each has a folder for each lesson, of the lesson's name.
const (
	Dir             = "harness/mistakes"
	AlternativesDir = "harness/verify/alternatives"
	IndependentDir  = "harness/verify/independent"
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
	errs = append(errs, findBases(records))
	return records, errors.Join(errs...)
}

// findBases gives each record the one that it changes.
func findBases(records []Record) error {
	var errs []error
	for i, r := range records {
		if r.base == "" {
			continue
		}
		name := path.Join(path.Dir(r.File), r.base+".txtar")
		at := slices.IndexFunc(records, func(other Record) bool { return other.File == name })
		if at < 0 || records[at].changes(&records[i]) {
			errs = append(errs, fmt.Errorf("%s: its base %q is no other record of the same folder", r.File, r.base))
			continue
		}
		records[i].on = &records[at]
	}
	return errors.Join(errs...)
}

// changes reports whether r is other, or a change of it, or of a change of it.
func (r *Record) changes(other *Record) bool {
	for ; r != nil; r = r.on {
		if r == other {
			return true
		}
	}
	return false
}
