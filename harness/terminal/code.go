package terminal

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// tab is what a tab is shown as.
const tab = "    "

// named is a place in a Go file, as the compiler and the lessons' steps name it:
// "lessons/01-framing/framing.go:3:19", "framing.go:42".
var named = regexp.MustCompile(`([\w./\\-]*\w\.go):(\d+)(?::(\d+))?`)

// An excerpt is the code around a line that a message names.
type excerpt struct {
	file   string // the path
	lines  []string
	line   int // counted from 1
	column int // counted from 1, in bytes; 0 if none is named
}

// findExcerpt returns the first line of the learner's own that message names, if it
// names one that is there.
func findExcerpt(lesson catalog.Lesson, message string) (e excerpt, ok bool) {
	files, err := lesson.LearnerFiles()
	if err != nil {
		return excerpt{}, false
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
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if err == nil && 1 <= line && line <= len(lines) {
			return excerpt{file, lines, line, column}, true
		}
	}
	return excerpt{}, false
}

// text returns the line that is named and so many around it, with their numbers, a
// mark before that one, and a caret under the column. No line is wider than width.
func (e excerpt) text(s style, width, around int) string {
	first, last := max(e.line-around, 1), min(e.line+around, len(e.lines))
	digits := len(strconv.Itoa(last))
	var out []string
	for n := first; n <= last; n++ {
		code := strings.TrimRight(e.lines[n-1], "\r")
		line := fmt.Sprintf("  %*d │ %s", digits, n, strings.ReplaceAll(code, "\t", tab))
		line = clip(strings.TrimRight(line, " "), width)
		if n != e.line {
			out = append(out, s.dim(line))
			continue
		}
		out = append(out, s.red("▸")+line[1:])
		if 1 <= e.column && e.column <= len(code)+1 {
			before := []rune(strings.ReplaceAll(code[:e.column-1], "\t", tab))
			out = append(out, strings.Repeat(" ", digits+3)+"│ "+strings.Repeat(" ", len(before))+s.red("^"))
		}
	}
	return strings.Join(out, "\n")
}
