package site

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/status"
	"example.com/sseworkbook/harness/stub"
)

// A comparison is one file of the learner's beside the solution's.
type comparison struct {
	Yours, Solution string // their paths in the workbook
	Rows            []row  // none if they are the same
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

// compare is the page of the learner's code beside the solution. Before a lesson is
// green it shows a warning in place of the answers, unless show is asked for.
func (s *Server) compare(w http.ResponseWriter, r *http.Request) {
	i, ok := s.find(w, r, "/diff")
	if !ok {
		return
	}
	now := s.now().standing
	l := now.Lessons[i]
	name, _ := titleOf(l)
	data := struct {
		head
		Lesson  status.Lesson
		Name    string
		Done    bool
		Show    bool
		Verdict string
		Files   []comparison
	}{head: s.head(now, name+": yours and the solution", &l), Lesson: l, Name: name, Done: l.Status == status.Done, Verdict: now.verdict(l)}
	data.Show = data.Done || r.URL.Query().Has("show")
	if data.Show {
		files, err := s.comparisons(s.lessons[i])
		if err != nil {
			s.say(w, r, http.StatusInternalServerError, "The two cannot be compared", err.Error())
			return
		}
		data.Files = files
	}
	s.show(w, r, http.StatusOK, "compare", data)
}

// comparisons compares all files of a solution.
func (s *Server) comparisons(lesson catalog.Lesson) ([]comparison, error) {
	files, err := lesson.SolutionFiles()
	if err != nil {
		return nil, err
	}
	var all []comparison
	for _, file := range files {
		yours := filepath.Join(lesson.Dir, filepath.Base(file))
		before, err := os.ReadFile(yours)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading your code: %w", err)
		}
		after, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the solution: %w", err)
		}
		all = append(all, comparison{
			Yours:    status.Relative(s.root, yours),
			Solution: status.Relative(s.root, file),
			Rows:     rows(before, stub.WithoutDirectives(after)),
		})
	}
	return all, nil
}

// hunk is the line with which a part of a diff begins: where it is in both files.
var hunk = regexp.MustCompile(`^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@`)

// rows puts the parts of two files that differ, and a few lines around them, side
// by side.
func rows(before, after []byte) []row {
	yours, solution := &side{lines: goLines(before)}, &side{lines: goLines(after)}
	var all []row
	for line := range strings.Lines(string(diff.Diff("yours", before, "solution", after))) {
		if at := hunk.FindStringSubmatch(line); at != nil {
			yours.next, solution.next = lineNumber(at[1]), lineNumber(at[2])
			all = append(all, row{Gap: true})
			continue
		}
		if len(all) == 0 {
			continue // the names of the files
		}
		if line[0] == ' ' {
			all = append(all, row{Yours: yours.take(), Solution: solution.take()})
			continue
		}
		if !all[len(all)-1].Changed {
			all = append(all, row{Changed: true})
		}
		switch change := &all[len(all)-1]; line[0] {
		case '-':
			change.Yours = append(change.Yours, yours.take()...)
		case '+':
			change.Solution = append(change.Solution, solution.take()...)
		}
	}
	return all
}

// A side is one of two files that are compared.
type side struct {
	lines []string // as HTML
	next  int      // the number of the line to show next
}

// take returns the next line.
func (s *side) take() []codeLine {
	line := codeLine{Number: s.next}
	if s.next <= len(s.lines) {
		line.Code = template.HTML(s.lines[s.next-1])
	}
	s.next++
	return []codeLine{line}
}

// lineNumber returns the number in the head of a hunk. A file without lines has 0
// there.
func lineNumber(s string) int {
	n, _ := strconv.Atoi(s)
	return max(n, 1)
}
