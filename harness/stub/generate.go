package stub

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/textfile"
)

// Generate derives the stub of each lesson of the workbook in root and writes those that differ from what is there,
// and so with the copies of what is given. It writes only where nothing is yet, or where the file is byte for byte a
// stub that we derived, now or earlier. What a learner has written is left as it is, and log says so, one line a file.
//
// The errors of all lessons come back joined; one lesson's error does not hold up the others.
func Generate(root string, lessons []catalog.Lesson, log io.Writer) error {
	known, err := openLedger(root)
	if err != nil {
		return err
	}
	var errs []error
	for _, lesson := range lessons {
		errs = append(errs, generate(lesson, known, log))
	}
	return errors.Join(errs...)
}

// generate writes the files of one lesson, if that harms nobody.
func generate(lesson catalog.Lesson, known *ledger, log io.Writer) error {
	files, err := derive(lesson)
	if err != nil {
		return err
	}
	if err := known.add(files); err != nil {
		return err
	}
	for _, f := range files {
		said, err := f.refresh(known)
		if err != nil {
			return err
		}
		if said != "" {
			fmt.Fprintf(log, "%s: %s\n", f, said)
		}
	}
	return nil
}

// refresh writes the file unless that would harm a learner's work. It returns what became of it, or "" if there was
// nothing to do.
func (f file) refresh(known *ledger) (said string, err error) {
	present, err := os.ReadFile(f.path())
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.isGiven():
		return "written", f.write()
	case errors.Is(err, fs.ErrNotExist):
		return f.writeAlone()
	case err != nil:
		return "", fmt.Errorf("looking at the stub: %w", err)
	case bytes.Equal(textfile.UnixLines(present), f.text):
		return "", nil
	case known.has(present):
		return "written", f.write()
	case f.isGiven():
		return "left as it is, it was edited; go run ./harness reset brings the workbook's back", nil
	}
	return "left as it is, it has your work in it", nil
}

// writeAlone writes a stub where none is, unless the learner has moved the code into files of their own: the two would
// declare everything twice.
func (f file) writeAlone() (said string, err error) {
	others, err := learnersFiles(f.lesson)
	if err != nil {
		return "", err
	}
	if len(others) > 0 {
		return "left away, since the folder has " + others[0], nil
	}
	return "written", f.write()
}

// Check tells which stubs, or copies of what is given, have to be generated again: the file is one that we derived, but
// its solution has changed since, or nobody has written down what is derived from the solution now. A learner's file is
// no error, whatever is in it, and neither is one that is not there.
func Check(root string, lessons []catalog.Lesson) (errs []error) {
	known, err := openLedger(root)
	if err != nil {
		return []error{err}
	}
	for _, lesson := range lessons {
		files, err := derive(lesson)
		if err != nil {
			errs = append(errs, err)
		}
		for _, f := range files {
			if err := f.check(known); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errs
}

// check tells whether the file has to be generated again.
func (f file) check(known *ledger) error {
	from := "solutions/" + f.lesson.Name + "/" + f.name
	if !known.has(f.text) {
		return fmt.Errorf("%s has changed, and its stub is not in %s: run go generate", from, LedgerFile)
	}
	present, err := os.ReadFile(f.path())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking at the stub: %w", err)
	}
	if known.has(present) && !bytes.Equal(textfile.UnixLines(present), f.text) {
		return fmt.Errorf("%s is an earlier stub of %s: run go generate", f, from)
	}
	return nil
}
