package step

import (
	"os"
	"path/filepath"
)

// lastRed returns the file in which the workbook remembers the step of this lesson
// that was red last, or "" if the lesson is not being run where a learner works on
// it. What cannot be read or written there is no reason to fail.
func (l *lesson) lastRed() string {
	dir, err := os.Getwd()
	if err != nil || filepath.Base(filepath.Dir(dir)) != "lessons" {
		return ""
	}
	return filepath.Join(dir, "..", "..", ".workbook", "red", l.folder)
}

// redAgain reports whether the red step was the red one of the last run too, and
// remembers it for the next. The caller holds mu.
func (l *lesson) redAgain() bool {
	file := l.lastRed()
	if file == "" {
		return false
	}
	last, _ := os.ReadFile(file)
	os.MkdirAll(filepath.Dir(file), 0o755)
	os.WriteFile(file, []byte(l.red), 0o644)
	return string(last) == l.red
}

// forgetRed forgets the step that was red, when none is.
func (l *lesson) forgetRed() {
	if file := l.lastRed(); file != "" {
		os.Remove(file)
	}
}
