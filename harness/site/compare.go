package site

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"example.com/sseworkbook/harness/compare"
	"example.com/sseworkbook/harness/status"
)

// compare is the page of the learner's code beside the solution. Before a lesson is
// green it shows a warning in place of the answers, unless show is asked for.
func (s *Server) compare(w http.ResponseWriter, r *http.Request) {
	i, ok := s.find(w, r, "/diff")
	if !ok {
		return
	}
	now := s.now()
	l := &now.Lessons[i]
	data := struct {
		head
		Lesson  *status.Lesson
		Show    bool
		Files   []compare.File
		Remarks []string
	}{head: s.head(now, l.Short()+": yours and the solution", l), Lesson: l}
	data.Show = l.Status == status.Done || r.URL.Query().Has("show")
	if data.Show {
		var err error
		if data.Files, err = compare.Files(s.root, s.lessons[i]); err == nil {
			data.Remarks, err = compare.Remarks(s.root, s.lessons[i], data.Files, l.Status == status.Done)
		}
		if err != nil {
			s.say(w, r, http.StatusInternalServerError, "Your code cannot be compared with the solution", err.Error())
			return
		}
	}
	s.show(w, r, http.StatusOK, "compare", data)
}

// A row is a line that both files have, a change that replaces lines of one by
// lines of the other, or, with Gap, what is left out between.
type row struct {
	Gap, Changed    bool
	Yours, Solution []codeLine // none: nothing is on that side
}

// A codeLine is one line of a file.
type codeLine struct {
	Number int // counted from 1
	Code   template.HTML
}

// rows puts the parts of two files that differ, and a few lines around them, side
// by side; none if they are the same.
func rows(f compare.File) (all []row) {
	yours, solution := codeLines(f.Yours.Text), codeLines(f.Solution.Text)
	var x, y, n int // the numbers of the next lines; n is not needed
	for line := range strings.Lines(f.Diff()) {
		switch {
		case strings.HasPrefix(line, "@@"): // a part begins
			fmt.Sscanf(line, "@@ -%d,%d +%d,%d @@", &x, &n, &y, &n)
			all = append(all, row{Gap: true})
			continue
		case len(all) == 0 || line[0] == '\\': // the names of the files; no line break at their end
			continue
		case line[0] == ' ':
			all = append(all, row{Yours: yours[x-1 : x], Solution: solution[y-1 : y]})
			x, y = x+1, y+1
			continue
		}
		if !all[len(all)-1].Changed {
			all = append(all, row{Changed: true})
		}
		if change := &all[len(all)-1]; line[0] == '-' {
			change.Yours = append(change.Yours, yours[x-1])
			x++
		} else {
			change.Solution = append(change.Solution, solution[y-1])
			y++
		}
	}
	return all
}

// codeLines returns the lines of a Go file.
func codeLines(text []byte) []codeLine {
	html := goLines(text) // without blank ones at the end
	all := make([]codeLine, bytes.Count(text, []byte("\n"))+1)
	for i := range all {
		all[i].Number = i + 1
		if i < len(html) {
			all[i].Code = template.HTML(html[i])
		}
	}
	return all
}
