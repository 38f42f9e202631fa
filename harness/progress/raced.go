package progress

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// racedDir is where the workbook remembers the code with which a lesson was green
// with the race detector, in a file of each lesson's name. What cannot be read or
// written there is no reason to fail.
const racedDir = ".workbook/raced"

// wasRaced reports whether the lesson as it is now was green with the race detector.
func wasRaced(root string, lesson catalog.Lesson) bool {
	code, err := os.ReadFile(racedFile(root, lesson))
	return err == nil && len(code) > 0 && string(code) == codeOf(lesson)
}

// rememberRaced remembers code as that of a lesson that is green with the race
// detector.
func rememberRaced(root string, lesson catalog.Lesson, code string) {
	file := racedFile(root, lesson)
	os.MkdirAll(filepath.Dir(file), 0o755)
	os.WriteFile(file, []byte(code), 0o644)
}

// racedFile returns the file that remembers the code of a lesson.
func racedFile(root string, lesson catalog.Lesson) string {
	return filepath.Join(root, filepath.FromSlash(racedDir), lesson.Name)
}

// codeOf returns the checksum of all that is in the lesson's folder, code, tests and
// what a fuzzer has found; "" if it cannot be read. What the tests run on beside that
// is the workbook's, and has no race.
func codeOf(lesson catalog.Lesson) string {
	sum := sha256.New()
	err := filepath.WalkDir(lesson.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") { // an editor's
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(lesson.Dir, path) // which it is below
		fmt.Fprintf(sum, "%q %d %s", name, len(text), text)
		return err
	})
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%x\n", sum.Sum(nil))
}
