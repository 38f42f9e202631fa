package site

import (
	"html/template"
	"path/filepath"
	"strings"

	"example.com/sseworkbook/harness/source"
	"example.com/sseworkbook/harness/status"
)

// around is how many lines an excerpt shows on either side of the one that is named.
const around = 2

// An excerpt is the learner's own lines that a message names.
type excerpt struct {
	File  string // from the workbook's folder, with slashes
	Line  int
	Lines []excerptLine
}

// An excerptLine is one of them. The one that is named may have the spaces that lead
// to its column.
type excerptLine struct {
	codeLine
	Named bool
	Caret string // "" for none
}

// excerpt returns the learner's own lines that the message of lesson number i names;
// nil where it names none, or while the lesson runs, when they may have changed.
func (s *Server) excerpt(now *standing, i int, message string) *excerpt {
	if now.Running && (now.Saved == "" || now.Saved == s.lessons[i].Name) {
		return nil
	}
	found, ok := source.Find(s.lessons[i], message)
	if !ok {
		return nil
	}
	e := &excerpt{File: status.Relative(s.root, found.File), Line: found.Line}
	first, last := found.Around(around)
	for _, line := range codeLines([]byte(strings.Join(found.Lines, "\n")))[first-1 : last] {
		shown := excerptLine{codeLine: line, Named: line.Number == found.Line}
		if code := found.Lines[line.Number-1]; shown.Named && 1 <= found.Column && found.Column <= len(code)+1 {
			shown.Caret = blank(code[:found.Column-1])
		}
		e.Lines = append(e.Lines, shown)
	}
	return e
}

// blank returns what is as wide as text and shows nothing.
func blank(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, text)
}

// placeIn returns a function that writes where a line is, "file:21", from the workbook
// in root, as a link that opens it if the editor takes one. Line 0 is the file as a
// whole.
func placeIn(root, editor string) func(file string, line int) template.HTML {
	return func(file string, line int) template.HTML {
		code := "<code>" + template.HTMLEscapeString(status.At(file, line)) + "</code>"
		if url := source.Link(editor, filepath.Join(root, filepath.FromSlash(file)), max(line, 1)); url != "" {
			code = `<a href="` + template.HTMLEscapeString(url) + `" title="Open in the editor">` + code + "</a>"
		}
		return template.HTML(code)
	}
}
