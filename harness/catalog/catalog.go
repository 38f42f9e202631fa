// Package catalog finds the lessons. It reads them off the folders, their
// tests and their READMEs, so no list of lessons is kept by hand. All of the
// harness uses it to know what there is. Whether everything has its place, the
// authors' check says, harness/verify/structure.
package catalog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Module is the path of the workbook's module.
const Module = "example.com/sseworkbook"

// ErrNoWorkbook says that neither a folder nor any above it is the workbook's.
var ErrNoWorkbook = errors.New("this is not inside the workbook")

// folderName is the name of a lesson's folder: two digits, a dash, the topic,
// which is the name of its package and of its files as well.
var folderName = regexp.MustCompile(`^(\d\d)-([a-z][a-z0-9]*)$`)

// Root returns the workbook's own folder: dir or the closest one above it whose
// go.mod is the workbook's. It returns ErrNoWorkbook, wrapped, if there is none.
func Root(dir string) (string, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("finding the workbook: %w", err)
	}
	for dir = start; !isRoot(dir); dir = filepath.Dir(dir) {
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%w: no go.mod of %s in %s or above it; change to the workbook's folder first",
				ErrNoWorkbook, Module, start)
		}
	}
	return dir, nil
}

// isRoot reports whether the go.mod in dir is the workbook's.
func isRoot(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) >= 2 && words[0] == "module" {
			return strings.Trim(words[1], `"`) == Module
		}
	}
	return false
}

// Find returns the lessons of the workbook in root, in order. A lesson is there
// when its solution is: whatever happens under lessons/, where learners work,
// the list stays whole.
func Find(root string) ([]Lesson, error) {
	entries, err := os.ReadDir(filepath.Join(root, "solutions"))
	if err != nil {
		return nil, fmt.Errorf("finding the lessons: %w", err)
	}
	var lessons []Lesson
	for _, entry := range entries { // ReadDir sorts by name, and so by number
		lesson, ok := newLesson(root, entry.Name())
		if ok && isFile(lesson.SolutionFile()) {
			lessons = append(lessons, lesson)
		}
	}
	if len(lessons) == 0 {
		return nil, fmt.Errorf("finding the lessons: none in %s", filepath.Join(root, "solutions"))
	}
	return lessons, nil
}

// IsLessonName reports whether a folder of this name is a lesson's, by its form:
// "05-correlation".
func IsLessonName(name string) bool { return folderName.MatchString(name) }

// newLesson returns the lesson whose folder is called name, and whether name is
// one for a lesson at all.
func newLesson(root, name string) (lesson Lesson, ok bool) {
	parts := folderName.FindStringSubmatch(name)
	if parts == nil {
		return Lesson{}, false
	}
	number, _ := strconv.Atoi(parts[1]) // it is two digits
	lesson = Lesson{
		Number:      number,
		Name:        name,
		Topic:       parts[2],
		Dir:         filepath.Join(root, "lessons", name),
		SolutionDir: filepath.Join(root, "solutions", name),
	}
	lesson.Title = lesson.title()
	return lesson, true
}

// isFile reports whether a regular file is at path.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
