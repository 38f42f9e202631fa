package stub

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/textfile"
)

// ModifiedFiles returns the files that Reset would keep: what the learner has written, as slash-separated paths under
// root. There is none when nothing was written, or when it is gone.
func ModifiedFiles(root string, lesson catalog.Lesson) (paths []string, err error) {
	known, err := openLedger(root)
	if err != nil {
		return nil, err
	}
	files, err := modified(lesson, known)
	if err != nil {
		return nil, fmt.Errorf("looking at your work: %w", err)
	}
	for _, f := range files {
		paths = append(paths, f.String())
	}
	return paths, nil
}

// Reset starts a lesson of the workbook in root anew: its stub and what it gives are in their places again, and the
// learner's other Go files are out of the way.
// Each file that the learner wrote is kept first, beside where it was, under a name that the go command does not
// read, such as framing.go.orig-20261124-1530; no earlier copy is ever overwritten. Reset returns the copies' paths,
// slash-separated and under root; there is none when there was nothing to keep.
//
// After an error nothing is lost: what is not in its place is in a copy.
func Reset(root string, lesson catalog.Lesson) (kept []string, err error) {
	return reset(root, lesson, time.Now())
}

// reset is Reset at a moment of one's choice.
func reset(root string, lesson catalog.Lesson, now time.Time) (kept []string, err error) {
	known, err := openLedger(root)
	if err != nil {
		return nil, err
	}
	files, err := derive(lesson)
	if err != nil {
		return nil, err
	}
	if err := known.add(files); err != nil {
		return nil, err
	}
	others, err := learnersFiles(lesson)
	if err != nil {
		return nil, err
	}
	if kept, err = keep(lesson, known, now); err != nil {
		return kept, fmt.Errorf("keeping your work: %w", err)
	}
	for _, name := range others {
		if err := os.Remove(filepath.Join(lesson.Dir, name)); err != nil {
			return kept, fmt.Errorf("clearing the lesson: %w", err)
		}
	}
	for _, f := range files {
		if err := f.write(); err != nil {
			return kept, err
		}
	}
	return kept, nil
}

// keep copies what the learner has written, and returns the copies' paths.
func keep(lesson catalog.Lesson, known *ledger, now time.Time) (kept []string, err error) {
	files, err := modified(lesson, known)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		copied, err := f.backup(now)
		if err != nil {
			return kept, err
		}
		kept = append(kept, copied.String())
	}
	return kept, nil
}

// backup writes the file under the first name that is free.
func (f file) backup(now time.Time) (file, error) {
	for n := 1; ; n++ {
		to := file{f.lesson, textfile.BackupName(f.name, now, n), f.text}
		if err := textfile.Create(to.path(), to.text); !errors.Is(err, fs.ErrExist) {
			return to, err
		}
	}
}
