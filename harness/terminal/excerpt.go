package terminal

import (
	"fmt"
	"strconv"
	"strings"

	"example.com/sseworkbook/harness/source"
)

// tab is what a tab is shown as.
const tab = "    "

// excerpt returns the line that is named and so many around it, with their numbers, a
// mark before that one, and a caret under the column. No line is wider than width.
func excerpt(e source.Excerpt, s style, width, around int) string {
	first, last := e.Around(around)
	digits := len(strconv.Itoa(last))
	var out []string
	for n := first; n <= last; n++ {
		code := e.Lines[n-1]
		line := fmt.Sprintf("  %*d │ %s", digits, n, strings.ReplaceAll(code, "\t", tab))
		line = clip(strings.TrimRight(line, " "), width)
		if n != e.Line {
			out = append(out, s.dim(line))
			continue
		}
		out = append(out, s.red("▸")+line[1:])
		if 1 <= e.Column && e.Column <= len(code)+1 {
			before := []rune(strings.ReplaceAll(code[:e.Column-1], "\t", tab))
			out = append(out, strings.Repeat(" ", digits+3)+"│ "+strings.Repeat(" ", len(before))+s.red("^"))
		}
	}
	return strings.Join(out, "\n")
}
