package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Check returns what is wrong with the lessons in root, joined into one error,
// or nil. It is the authors' check: folders are numbered from 01 without a gap
// and mirrored in lessons/ and solutions/, each lesson has its README with title,
// hints, and what it says to who is done, its tests by part with a hint for each
// step, and the recorded checksums are of these tests. Folders under lessons/ that are not named like a lesson are none.
func Check(root string) error {
	lessons, err := Find(root)
	if err != nil {
		return err
	}
	problems := checkFolders(root, lessons)
	for i, lesson := range lessons {
		if lesson.Number != i+1 {
			problems = append(problems, fmt.Errorf("solutions/%s: lessons are numbered from 01 without a gap; this should be %02d-%s",
				lesson.Name, i+1, lesson.Topic))
		}
		problems = append(problems, lesson.check()...)
	}
	return errors.Join(append(problems, checkSums(root))...)
}

// checkFolders returns an error for each folder, in either tree, that should be
// a lesson and is none.
func checkFolders(root string, lessons []Lesson) []error {
	known := map[string]bool{}
	for _, lesson := range lessons {
		known[lesson.Name] = true
	}
	var problems []error
	for _, tree := range []string{"lessons", "solutions"} {
		entries, err := os.ReadDir(filepath.Join(root, tree))
		if err != nil {
			problems = append(problems, fmt.Errorf("checking the lessons: %w", err))
		}
		for _, entry := range entries {
			named := folderName.MatchString(entry.Name())
			switch {
			case !entry.IsDir() || known[entry.Name()]:
			case tree == "solutions" && !named:
				problems = append(problems, fmt.Errorf(`%s/%s: a lesson's folder is named like "05-correlation"`, tree, entry.Name()))
			case named:
				_, topic, _ := strings.Cut(entry.Name(), "-")
				problems = append(problems, fmt.Errorf("%s/%s: there is no solutions/%[2]s/%s.go", tree, entry.Name(), topic))
			}
		}
	}
	return problems
}

// check returns what is wrong with the lesson's own files.
func (l Lesson) check() []error {
	if _, err := os.Stat(l.Dir); errors.Is(err, fs.ErrNotExist) {
		return []error{fmt.Errorf("solutions/%s: there is no lessons/%[1]s", l.Name)}
	}
	var problems []error
	_, err := l.title()
	problems = append(problems, err)
	_, err = l.Hints()
	problems = append(problems, err)
	_, err = l.Green()
	problems = append(problems, err)
	files, err := l.SolutionFiles()
	problems = append(problems, err)
	if given, ok := l.Given(); ok {
		files = append(files, given)
	}
	for _, file := range files {
		problems = append(problems, checkPackage(file, l.Topic))
	}
	return append(problems, l.checkTests()...)
}

// checkPackage returns an error if the package clause of file is not name.
func checkPackage(file, name string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
	if err == nil && parsed.Name.Name != name {
		return fmt.Errorf("%s: the package is %s; it should be %s", file, parsed.Name.Name, name)
	}
	return err
}

// checkSums returns an error if the recorded checksums are not of the tests
// that are there.
func checkSums(root string) error {
	want, err := sums(root)
	if err != nil {
		return err
	}
	got, err := os.ReadFile(filepath.Join(root, sumsFile))
	if err == nil && !bytes.Equal(got, want) {
		return fmt.Errorf("%s is not of the lesson tests as they are now: go run ./harness sums", sumsFile)
	}
	return err
}
