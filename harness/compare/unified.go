package compare

import (
	"fmt"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// Unified returns what would make the solution of the learner's code, as a unified
// diff of all files, for a terminal that takes colours or not, after what there is to
// say of it. Where they are the same, it is a line that says so. Done is whether the
// lesson is done.
func Unified(root string, lesson catalog.Lesson, done, colour bool) (string, error) {
	files, err := Files(root, lesson)
	if err != nil {
		return "", err
	}
	remarks, err := Remarks(root, lesson, files, done)
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, file := range files {
		_, text, _ := strings.Cut(file.Diff(), "\n") // the line "diff a b" says nothing that the next two do not
		if colour {
			text = paint(text)
		}
		all.WriteString(text)
	}
	if all.Len() == 0 {
		return fmt.Sprintf("lesson %s: your code is identical to the solution\n", lesson.Name), nil
	}
	return strings.Join(append(remarks, all.String()), "\n"), nil
}

// Codes that begin to set text off on a terminal, and the one that ends them.
const (
	bold  = "\x1b[1m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
	cyan  = "\x1b[36m"
	plain = "\x1b[0m"
)

// paint sets the lines of the diff of one file off, by what they begin with. The
// first two are the names.
func paint(text string) string {
	var out strings.Builder
	n := 0
	for line := range strings.Lines(text) {
		n++
		colour := ""
		switch {
		case n <= 2:
			colour = bold
		case strings.HasPrefix(line, "@@"):
			colour = cyan
		case strings.HasPrefix(line, "-"):
			colour = red
		case strings.HasPrefix(line, "+"):
			colour = green
		}
		if colour != "" {
			line = colour + strings.TrimSuffix(line, "\n") + plain + "\n"
		}
		out.WriteString(line)
	}
	return out.String()
}
