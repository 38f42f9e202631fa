// Package compare puts a learner's code beside the solution. The command diff, the
// terminal and the pages in the browser show it.
package compare

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/diff"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/status"
	"example.com/sseworkbook/harness/stub"
	"example.com/sseworkbook/harness/textfile"
)

// A File is one file of a lesson, as the learner has it and as the solution does.
type File struct {
	Yours, Solution Side
}

// A Side is one side of a File. One of the two may not be there.
type Side struct {
	Path string // in the workbook, with slashes
	Gone bool   // there is no such file
	Text []byte // with line feeds alone, and without what it says to the harness, also in a copy
}

// Files returns the files of a lesson, the one in which the learner writes first: all
// Go files of either side but tests and what the lesson gives.
func Files(root string, lesson catalog.Lesson) ([]File, error) {
	theirs, err := lesson.SolutionFiles()
	if err != nil {
		return nil, err
	}
	yours, err := lesson.LearnerFiles()
	if err != nil {
		return nil, err
	}
	var files []File
	var names []string
	for _, path := range slices.Concat([]string{lesson.File()}, yours, theirs) {
		name := filepath.Base(path)
		if slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
		var f File
		if f.Yours, err = side(root, filepath.Join(lesson.Dir, name)); err != nil {
			return nil, fmt.Errorf("reading your code: %w", err)
		}
		if f.Solution, err = side(root, filepath.Join(lesson.SolutionDir, name)); err != nil {
			return nil, fmt.Errorf("reading the solution: %w", err)
		}
		files = append(files, f)
	}
	return files, nil
}

// side returns the file at path.
func side(root, path string) (Side, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Side{Path: status.Relative(root, path), Gone: true}, nil
	}
	return Side{Path: status.Relative(root, path), Text: stub.WithoutDirectives(textfile.UnixLines(text))}, err
}

// Diff returns what would make the solution of the learner's file, as a unified diff;
// "" if they are the same.
func (f File) Diff() string {
	return string(diff.Diff(f.Yours.name("yours"), f.Yours.Text, f.Solution.name("solution"), f.Solution.Text))
}

// name returns what a diff calls the file, which says whose it is.
func (s Side) name(whose string) string {
	if s.Gone {
		return whose + ": no such file"
	}
	return whose + ": " + s.Path
}
