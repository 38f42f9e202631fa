package step

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The workbook remembers which step of a lesson was red last, in a file of the
// lesson's name in this folder of its own. What cannot be read or written there
// is no reason to fail.
const memoryDir = ".workbook/red"

// memory returns the file that remembers the lesson, or "" if the lesson is not
// being run where a learner works on it.
func (l *lesson) memory() string {
	dir, err := os.Getwd()
	if err != nil || filepath.Base(filepath.Dir(dir)) != "lessons" {
		return ""
	}
	return filepath.Join(dir, "..", "..", filepath.FromSlash(memoryDir), l.folder)
}

// redAgain reports whether the red step was the red one of the last run too, and
// remembers it for the next. The caller holds mu.
func (l *lesson) redAgain() bool {
	file := l.memory()
	if file == "" {
		return false
	}
	last, _ := os.ReadFile(file)
	os.MkdirAll(filepath.Dir(file), 0o755)
	os.WriteFile(file, []byte(l.red), 0o644)
	return string(last) == l.red
}

// forget forgets the step that was red, when none is.
func (l *lesson) forget() {
	if file := l.memory(); file != "" {
		os.Remove(file)
	}
}

// causes is what a step that is red again adds: what people often get wrong when
// this one catches them, or "" if nothing is on record. The caller holds mu.
func (l *lesson) causes() string {
	mistakes := often[l.folder+"/"+l.red]
	if l.red == "" || !l.redAgain() || len(mistakes) == 0 {
		return ""
	}
	number, _, _ := strings.Cut(l.folder, "-")
	return fmt.Sprintf("often: %s · more: go run ./harness mistakes %s\n", strings.Join(mistakes, "; or "), strings.TrimLeft(number, "0"))
}
