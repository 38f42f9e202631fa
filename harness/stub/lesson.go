package stub

import (
	"fmt"
	"os"
	"path/filepath"

	"example.com/sseworkbook/harness/catalog"
)

// Targets returns the targets that lessons of the workbook in root are.
func Targets(root string, lessons ...catalog.Lesson) ([]Target, error) {
	var targets []Target
	for _, lesson := range lessons {
		target, err := newTarget(root, lesson)
		if err != nil {
			return nil, err
		}
		targets = append(targets, target)
	}
	return targets, nil
}

// newTarget returns the target that one lesson is.
func newTarget(root string, lesson catalog.Lesson) (Target, error) {
	under := func(file string) string {
		if rel, err := filepath.Rel(root, file); err == nil {
			file = rel
		}
		return filepath.ToSlash(file)
	}
	target := Target{Name: lesson.Name, SolutionFile: under(lesson.SolutionFile()), StubFile: under(lesson.File())}
	if given, ok := lesson.Given(); ok {
		target.SolutionGiven, target.GivenFile = under(given), under(lesson.GivenFile())
	}
	tests, err := lesson.TestFiles()
	for _, test := range tests {
		target.Tests = append(target.Tests, under(test))
	}
	return target, err
}

// Of derives the stub of a lesson from its solution. It writes nothing.
func Of(lesson catalog.Lesson) ([]byte, error) {
	solution, err := os.ReadFile(lesson.SolutionFile())
	if err != nil {
		return nil, fmt.Errorf("reading the solution of %s: %w", lesson.Name, err)
	}
	var given []byte
	if file, ok := lesson.Given(); ok {
		if given, err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("reading what %s gives: %w", lesson.Name, err)
		}
	}
	return Derive("solutions/"+lesson.Name+"/"+lesson.Topic+".go", solution, given)
}
