package catalog

import (
	"path/filepath"
	"regexp"
	"strconv"
)

// GivenName is the name of the file in which a lesson gives what the learner does
// not write, in both trees.
const GivenName = "given.go"

// The names of the workbook's tests in a lesson's folder, beside those of the
// parts: what these share, and the table of hints. Tests of other names are the
// learner's.
const (
	helpersName = "helpers_test.go"
	hintsName   = "hints_test.go"
)

// partName is the name of a file with the steps of one part of a lesson. There
// are nine parts at most: by name, as the go command sorts files, a tenth would
// come before the second.
var partName = regexp.MustCompile(`^part([1-9])_test\.go$`)

// Given returns the path of what the lesson gives, in the solution's folder, and
// whether the lesson gives anything. GivenFile is its copy.
func (l Lesson) Given() (file string, ok bool) {
	file = filepath.Join(l.SolutionDir, GivenName)
	return file, isFile(file)
}

// GivenFile returns the path of the copy of what the lesson gives, in the folder
// where the learner works. It is there if Given is, unless a learner has deleted
// it, and it is the workbook's.
func (l Lesson) GivenFile() string { return filepath.Join(l.Dir, GivenName) }

// HintsFile returns the path of the table of the steps' hints.
func (l Lesson) HintsFile() string { return filepath.Join(l.Dir, hintsName) }

// TestFiles returns the paths of the workbook's tests in the lesson's folder, in
// the order of their names, in which the go command compiles them: what the parts
// share, the hints, and the parts. Tests of a learner's own, which have other
// names, are not among them, nor are files that a learner has deleted.
func (l Lesson) TestFiles() ([]string, error) { return goFiles(l.Dir, isTest) }

// isTest reports whether a file of a lesson's folder is one of the workbook's
// tests, by its name.
func isTest(name string) bool {
	return name == helpersName || name == hintsName || partName.MatchString(name)
}

// Part returns the number of the part of its lesson of which a file of tests has the
// steps, from 1, or 0 if the file is not called like one with steps.
func Part(file string) int {
	found := partName.FindStringSubmatch(filepath.Base(file))
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1]) // it is a digit
	return n
}

// WorkbookFiles returns the paths of the workbook's Go files in the lesson's folder:
// what is given, if anything is, and the tests.
func (l Lesson) WorkbookFiles() ([]string, error) {
	files, err := l.TestFiles()
	if _, ok := l.Given(); ok {
		files = append([]string{l.GivenFile()}, files...)
	}
	return files, err
}
