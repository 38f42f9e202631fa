// Package overlay lets a lesson's code and its solution take each other's
// place, without a copy of either: the go command reads one file where another
// stands when it is given -overlay. The checks of the workbook use it to run a
// lesson's tests on the solution, and the programs to run on the learner's code.
//
// Lesson and solution have the same package name, exported names and imports.
// Two things to know: -cover ignores an overlay without a word, and a stack
// trace names the file that was read, while a compile error names the file in
// whose place it was read.
package overlay

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"example.com/sseworkbook/harness/catalog"
)

// An Overlay says which files the go command is to read in place of others:
// from the path of a file to that of its replacement. "" in its place takes the
// file away. Paths are absolute if those of the lessons are.
type Overlay map[string]string

// Write writes o to a new file in dir, to be given to the go command as
// -overlay, and returns its path.
func (o Overlay) Write(dir string) (file string, err error) {
	f, err := os.CreateTemp(dir, "overlay-*.json")
	if err != nil {
		return "", fmt.Errorf("writing an overlay: %w", err)
	}
	err = json.NewEncoder(f).Encode(struct{ Replace Overlay }{o})
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("writing an overlay: %w", err)
	}
	return f.Name(), nil
}

// Merge returns all the overlays as one. Where two speak of the same file, the
// later one has its way.
func Merge(overlays ...Overlay) Overlay {
	merged := Overlay{}
	for _, o := range overlays {
		maps.Copy(merged, o)
	}
	return merged
}

// LessonFromSolution puts the solution into the lesson's folder. All that the
// folder then holds, for the go command, is the solution's Go files and the
// lesson's own tests: whatever a learner has there is out of the way, whether
// it compiles or not.
func LessonFromSolution(l catalog.Lesson) (Overlay, error) {
	solution, err := l.SolutionFiles()
	if err != nil {
		return nil, err
	}
	o, err := workbooksOnly(l)
	if err != nil {
		return nil, err
	}
	for _, file := range solution {
		o[filepath.Join(l.Dir, filepath.Base(file))] = file
	}
	return o, nil
}

// workbooksOnly returns the overlay that takes every file of the lesson's folder
// away but the workbook's: its tests, and what it gives, which is the solution's
// own. Not only Go files go: a go.mod or a file of C would be in the way as well.
func workbooksOnly(l catalog.Lesson) (Overlay, error) {
	entries, err := os.ReadDir(l.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("clearing a lesson's folder: %w", err)
	}
	o := Overlay{}
	for _, entry := range entries {
		if !entry.IsDir() {
			o[filepath.Join(l.Dir, entry.Name())] = ""
		}
	}
	tests, err := l.TestFiles()
	if err != nil {
		return nil, err
	}
	for _, test := range tests {
		delete(o, test)
	}
	if given, ok := l.Given(); ok {
		o[l.GivenFile()] = given
	}
	return o, nil
}

// LessonFromTexts puts these files, by their names, into the lesson's folder, and
// takes everything away that a learner has there. The lesson's own tests stay, and
// so does what it gives, unless a text has its name. The files are written into a
// folder of the lesson's name in dir, in which there is none of that name yet.
func LessonFromTexts(l catalog.Lesson, texts map[string]string, dir string) (Overlay, error) {
	o, err := workbooksOnly(l)
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, l.Name) // by which a failed step knows what is the learner's
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, fmt.Errorf("laying texts over a lesson: %w", err)
	}
	for name, text := range texts {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return nil, fmt.Errorf("laying texts over a lesson: %w", err)
		}
		o[filepath.Join(l.Dir, name)] = file
	}
	return o, nil
}

// SolutionFromLesson puts the learner's code into the solution's folder, all Go
// files but tests. What the lesson gives stays the solution's. It returns an error
// if the learner has none.
func SolutionFromLesson(l catalog.Lesson) (Overlay, error) {
	files, err := l.LearnerFiles()
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no Go file in %s", l.Dir)
	}
	solution, err := l.SolutionFiles()
	if err != nil {
		return nil, err
	}
	o := Overlay{}
	for _, file := range solution {
		o[file] = ""
	}
	for _, file := range files {
		o[filepath.Join(l.SolutionDir, filepath.Base(file))] = file
	}
	return o, nil
}

// TestsInSolution puts the lesson's tests beside the solution, so that they can
// be run from there. They still test what is in the lesson's folder, but the
// fuzz corpus that a learner may have in its testdata, which the go command
// reads past any overlay, is no part of the run. Nor are the solution's own
// tests, in which the same names may mean something else.
func TestsInSolution(l catalog.Lesson) (Overlay, error) {
	tests, err := l.TestFiles()
	if err != nil {
		return nil, err
	}
	own, err := fs.Glob(os.DirFS(l.SolutionDir), "*_test.go")
	if err != nil {
		return nil, fmt.Errorf("looking for a solution's own tests: %w", err)
	}
	o := Overlay{}
	for _, name := range own {
		o[filepath.Join(l.SolutionDir, name)] = ""
	}
	for _, test := range tests {
		o[filepath.Join(l.SolutionDir, filepath.Base(test))] = test
	}
	return o, nil
}
