// Package source finds the line of the learner's own code that a message names, and
// how the learner's editor opens it. The terminal and the pages in the browser show it.
package source

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/textfile"
)

// named is a place in a Go file, as the compiler and the lessons' steps name it:
// "lessons/01-framing/framing.go:3:19", "framing.go:42".
var named = regexp.MustCompile(`([\w./\\-]*\w\.go):(\d+)(?::(\d+))?`)

// An Excerpt is a file of the learner's, at the line that a message names.
type Excerpt struct {
	File   string // the path
	Lines  []string
	Line   int // counted from 1
	Column int // counted from 1, in bytes; 0 if none is named
}

// Find returns the first line of the learner's own that message names, if it names one
// that is there.
func Find(lesson catalog.Lesson, message string) (e Excerpt, ok bool) {
	files, err := lesson.LearnerFiles()
	if err != nil {
		return Excerpt{}, false
	}
	for _, found := range named.FindAllStringSubmatch(message, -1) {
		name := filepath.ToSlash(found[1])
		if dir := path.Dir(name); dir != "." && path.Base(dir) != lesson.Name {
			continue
		}
		file := filepath.Join(lesson.Dir, path.Base(name))
		if !slices.Contains(files, file) || strings.Contains(name, "solutions/") {
			continue
		}
		line, _ := strconv.Atoi(found[2])   // digits
		column, _ := strconv.Atoi(found[3]) // digits, or "" for 0
		text, err := os.ReadFile(file)
		lines := strings.Split(strings.TrimSuffix(string(textfile.UnixLines(text)), "\n"), "\n")
		if err == nil && 1 <= line && line <= len(lines) {
			return Excerpt{file, lines, line, column}, true
		}
	}
	return Excerpt{}, false
}

// Around returns the numbers of the first and the last of the lines that are at most n
// lines away from the one that is named.
func (e Excerpt) Around(n int) (first, last int) {
	return max(e.Line-n, 1), min(e.Line+n, len(e.Lines))
}
