package stub

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/textfile"
)

// A file is one of a lesson's folder, with the text that we derive for it or that a learner has there.
type file struct {
	lesson catalog.Lesson
	name   string
	text   []byte
}

// String returns the file's path under the workbook's root, with slashes.
func (f file) String() string { return "lessons/" + f.lesson.Name + "/" + f.name }

func (f file) path() string { return filepath.Join(f.lesson.Dir, f.name) }

// isGiven tells whether this is what the lesson gives; otherwise it is the stub, or a learner's.
func (f file) isGiven() bool { return f.name == catalog.GivenName }

// write puts the file in its place.
func (f file) write() error {
	if err := os.MkdirAll(f.lesson.Dir, 0o755); err != nil {
		return fmt.Errorf("writing the stub: %w", err)
	}
	if err := os.WriteFile(f.path(), f.text, 0o644); err != nil {
		return fmt.Errorf("writing the stub: %w", err)
	}
	return nil
}

// derive returns the files that follow from a solution: the stub and, if the lesson gives something, its copy.
func derive(lesson catalog.Lesson) ([]file, error) {
	stub, err := Of(lesson)
	if err != nil {
		return nil, err
	}
	files := []file{{lesson, lesson.Topic + ".go", stub}}
	given, ok := lesson.Given()
	if !ok {
		return files, nil
	}
	text, err := os.ReadFile(given)
	if err != nil {
		return nil, fmt.Errorf("reading what %s gives: %w", lesson.Name, err)
	}
	if bytes.Contains(text, []byte("//lesson:")) {
		return nil, fmt.Errorf("solutions/%s/%s: a directive does nothing here: it is copied as it is", lesson.Name, catalog.GivenName)
	}
	return append(files, file{lesson, catalog.GivenName, textfile.UnixLines(text)}), nil
}

// learnersFiles are the names of the Go files in a lesson's folder that are not the workbook's, which are the stub, what
// is given, and the tests.
func learnersFiles(lesson catalog.Lesson) ([]string, error) {
	tests, err := lesson.TestFiles()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(lesson.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for your files: %w", err)
	}
	ours := workbooks(lesson)
	var names []string
	for _, entry := range entries {
		name := entry.Name()
		isTest := slices.Contains(tests, filepath.Join(lesson.Dir, name))
		if isGoFile(entry) && !isTest && !slices.Contains(ours, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// workbooks are the names of the files that are derived for a lesson.
func workbooks(lesson catalog.Lesson) []string {
	names := []string{lesson.Topic + ".go"}
	if _, ok := lesson.Given(); ok {
		names = append(names, catalog.GivenName)
	}
	return names
}

// isGoFile tells whether the go command reads a file: not when it begins with a dot, as editors' locks do, or with _.
func isGoFile(entry fs.DirEntry) bool {
	name := entry.Name()
	return filepath.Ext(name) == ".go" && !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "_") && !entry.IsDir()
}

// modified returns the files of a lesson that a learner has written: those among the workbook's that are none that we
// derived, and their own.
func modified(lesson catalog.Lesson, known *ledger) (files []file, err error) {
	others, err := learnersFiles(lesson)
	if err != nil {
		return nil, err
	}
	for _, name := range append(workbooks(lesson), others...) {
		f := file{lesson: lesson, name: name}
		f.text, err = os.ReadFile(f.path())
		if errors.Is(err, fs.ErrNotExist) || err == nil && known.has(f.text) {
			continue
		}
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}
