package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/checksums"
	"example.com/sseworkbook/harness/stub"
)

// freshWorkbook puts a copy of the workbook into dir as it is in a fresh clone:
// with stubs where a learner may have work.
func freshWorkbook(dir string) error {
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		rel := strings.TrimPrefix(filepath.ToSlash(path), "../")
		switch {
		case err != nil || path == "..":
			return err
		case strings.HasPrefix(entry.Name(), "."), entry.Name() == "node_modules", rel == "lessons":
			return skip(entry)
		case entry.IsDir() || !entry.Type().IsRegular():
			return nil
		}
		return copyFile(filepath.Join(dir, rel), path)
	})
	if err != nil {
		return err
	}
	return freshLessons(dir)
}

// skip leaves an entry of a folder out.
func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// freshLessons gives the copy in dir its lessons: the texts and tests from here,
// the stubs from the solutions.
func freshLessons(dir string) error {
	lessons, err := catalog.Find("..")
	if err != nil {
		return err
	}
	for _, lesson := range lessons {
		files, err := lesson.TestFiles()
		if err != nil {
			return err
		}
		for _, from := range append(files, lesson.Readme()) {
			err := copyFile(filepath.Join(dir, "lessons", lesson.Name, filepath.Base(from)), from)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if lessons, err = catalog.Find(dir); err != nil {
		return err
	}
	if err := stub.Generate(dir, lessons, io.Discard); err != nil {
		return err
	}
	return checksums.Write(dir) // an edited test is no concern of the copy
}

// readText returns the text of a file of the workbook with LF at the ends of its
// lines, as a clone has it: an editor, or git by its settings, may have made CRLF.
func readText(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), err
}

// copyFile copies the file at from, and makes the folders that it needs.
func copyFile(to, from string) error {
	text, err := readText(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
