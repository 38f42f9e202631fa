// Package structure checks that the workbook has the shape that learners and the
// harness rely on: the folders, and of each lesson the README, the tests, the files
// and what is on record. It is the authors' check; nothing is run for it, and only
// harness/verify uses it.
//
// Each function returns what it finds wrong, an error for each thing.
package structure

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/checksums"
)

// Workbook checks what is about no lesson alone: folders are numbered from 01
// without a gap and mirrored in lessons/ and solutions/, the solutions' packages
// are called by their topics, and the recorded checksums are of the tests that are
// there. Folders under lessons/ that are not named like a lesson are none.
func Workbook(root string) []error {
	lessons, err := catalog.Find(root)
	if err != nil {
		return []error{err}
	}
	problems := append(folders(root, "solutions", lessons), folders(root, "lessons", lessons)...)
	for i, lesson := range lessons {
		if lesson.Number != i+1 {
			problems = append(problems, fmt.Errorf("solutions/%s: lessons are numbered from 01 without a gap; this should be %02d-%s",
				lesson.Name, i+1, lesson.Topic))
		}
		if _, err := os.Stat(lesson.Dir); errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, fmt.Errorf("solutions/%s: there is no lessons/%[1]s", lesson.Name))
		}
		problems = append(problems, solution(lesson)...)
	}
	return found(append(problems, checksums.Check(root)))
}

// folders checks that the folders of a tree are those of the lessons.
func folders(root, tree string, lessons []catalog.Lesson) (problems []error) {
	entries, err := os.ReadDir(filepath.Join(root, tree))
	if err != nil {
		return []error{fmt.Errorf("checking the lessons: %w", err)}
	}
	for _, entry := range entries {
		name := entry.Name()
		named := catalog.IsLessonName(name)
		switch {
		case !entry.IsDir() || slices.ContainsFunc(lessons, func(l catalog.Lesson) bool { return l.Name == name }):
		case named:
			problems = append(problems, fmt.Errorf("%s/%s: there is no solutions/%[2]s/%s.go", tree, name, name[len("01-"):]))
		case tree == "solutions":
			problems = append(problems, fmt.Errorf(`%s/%s: a lesson's folder is named like "05-correlation"`, tree, name))
		}
	}
	return problems
}

// solution checks that the files of a solution are of the package of its topic.
func solution(lesson catalog.Lesson) []error {
	files, err := lesson.SolutionFiles()
	problems := []error{err}
	if given, ok := lesson.Given(); ok {
		files = append(files, given)
	}
	for _, file := range files {
		problems = append(problems, inPackage(file, lesson.Topic))
	}
	return problems
}

// inPackage returns an error if the package clause of file is not name.
func inPackage(file, name string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
	if err == nil && parsed.Name.Name != name {
		return fmt.Errorf("%s: the package is %s; it should be %s", file, parsed.Name.Name, name)
	}
	return err
}

// found returns those of the results of checks that are errors.
func found(results []error) []error {
	return slices.DeleteFunc(results, func(err error) bool { return err == nil })
}
