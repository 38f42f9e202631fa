// Package structure checks that the workbook has the shape that learners and the
// harness rely on: the folders, and of each lesson the README, the tests, the files
// and what is on record. It is the authors' check; nothing is run for it, and only
// harness/verify uses it.
//
// Each function returns what it finds wrong, in words.
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

// findings are what is found wrong.
type findings []string

// say adds one.
func (f *findings) say(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// note adds what an error says, if it is one.
func (f *findings) note(err error) {
	if err != nil {
		f.say("%v", err)
	}
}

// Workbook checks what is about no lesson alone: folders are numbered from 01
// without a gap and mirrored in lessons/ and solutions/, the solutions' packages
// are called by their topics, and the recorded checksums are of the tests that are
// there. Folders under lessons/ that are not named like a lesson are none.
func Workbook(root string) []string {
	lessons, err := catalog.Find(root)
	if err != nil {
		return []string{err.Error()}
	}
	var f findings
	f.folders(root, "solutions", lessons)
	f.folders(root, "lessons", lessons)
	for i, lesson := range lessons {
		if lesson.Number != i+1 {
			f.say("solutions/%s: lessons are numbered from 01 without a gap; this should be %02d-%s", lesson.Name, i+1, lesson.Topic)
		}
		if _, err := os.Stat(lesson.Dir); errors.Is(err, fs.ErrNotExist) {
			f.say("solutions/%s: there is no lessons/%[1]s", lesson.Name)
		}
		f.solution(lesson)
	}
	f.note(checksums.Check(root))
	return f
}

// folders checks that the folders of a tree are those of the lessons.
func (f *findings) folders(root, tree string, lessons []catalog.Lesson) {
	entries, err := os.ReadDir(filepath.Join(root, tree))
	f.note(err)
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case !entry.IsDir() || slices.ContainsFunc(lessons, func(l catalog.Lesson) bool { return l.Name == name }):
		case catalog.IsLessonName(name):
			f.say("%s/%s: there is no solutions/%[2]s/%s.go", tree, name, name[len("01-"):])
		case tree == "solutions":
			f.say(`%s/%s: a lesson's folder is named like "05-correlation"`, tree, name)
		}
	}
}

// solution checks that the files of a solution are of the package of its topic.
func (f *findings) solution(lesson catalog.Lesson) {
	files, err := lesson.SolutionFiles()
	f.note(err)
	if given, ok := lesson.Given(); ok {
		files = append(files, given)
	}
	for _, file := range files {
		f.inPackage(file, lesson.Topic)
	}
}

// inPackage checks that the package clause of file is name.
func (f *findings) inPackage(file, name string) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
	if err != nil {
		f.note(err)
	} else if parsed.Name.Name != name {
		f.say("%s: the package is %s; it should be %s", file, parsed.Name.Name, name)
	}
}
