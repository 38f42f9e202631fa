package site

import (
	"go/parser"
	"go/scanner"
	"go/token"
	"html"
	"regexp"
	"strings"
)

// A kind says what a block of code is written in, and is its class on the page.
type kind string

// A block is one of these.
const (
	kindGo     kind = "go"
	kindShell  kind = "shell"
	kindStream kind = "stream" // an event stream
	kindPlain  kind = "plain"
)

var (
	shellLine  = regexp.MustCompile(`^(go|curl|cd|git|ulimit) `)
	streamLine = regexp.MustCompile(`(?m)^(event|id|data|retry)?:`)
	field      = regexp.MustCompile(`^(event|id|data|retry)?:`)
)

// kindOf says what a block is written in. The workbook's texts do not: they have
// bare blocks, as they read best in an editor.
func kindOf(code []byte) kind {
	text := strings.TrimSpace(string(code))
	switch {
	case shellLine.MatchString(text):
		return kindShell
	case field.MatchString(text), streamLine.MatchString(text) && !strings.Contains(text, "("):
		return kindStream
	case isGo(text):
		return kindGo
	}
	return kindPlain
}

// isGo reports whether text is Go: declarations or statements, or first the ones
// and then the others.
func isGo(text string) bool {
	if !strings.ContainsAny(text, "({=") {
		return false
	}
	text = strings.ReplaceAll(text, "…", "_") // what is left out
	if parses(text) {
		return true
	}
	first, rest := "", text
	for more := true; more; {
		var paragraph string
		paragraph, rest, more = strings.Cut(rest, "\n\n")
		first += paragraph + "\n\n"
		if more && parses(first) && parses(rest) {
			return true
		}
	}
	return false
}

// parses reports whether text is a file of Go, declarations, or statements.
func parses(text string) bool {
	for _, file := range []string{text, "package p\n" + text, "package p\nfunc _() {\n" + text + "\n}"} {
		if _, err := parser.ParseFile(token.NewFileSet(), "", file, parser.SkipObjectResolution); err == nil {
			return true
		}
	}
	return false
}

// codeBlock returns the HTML of a block of code.
func codeBlock(code []byte, k kind) string {
	lines := strings.Split(html.EscapeString(strings.TrimRight(string(code), "\n")), "\n")
	switch k {
	case kindGo:
		lines = goLines(code)
	case kindStream:
		for i, line := range lines {
			if name := field.FindString(line); name != "" {
				lines[i] = span("k", name) + line[len(name):]
			}
		}
	}
	block := `<pre class="` + string(k) + `"><code>` + symbols.Replace(strings.Join(lines, "\n")) + "</code></pre>\n"
	if k == kindShell {
		block = `<div class="copied">` + block + copyButton + "</div>\n"
	}
	return block
}

// symbols has the signs of the tour drawn by the page, as many fonts lack them.
var symbols = strings.NewReplacer(
	"␊", `<span class="symbol" data-name="LF">␊</span>`,
	"␍", `<span class="symbol" data-name="CR">␍</span>`,
)

// copyButton copies what stands before it: see home.js.
const copyButton = `<button class="copy" type="button" aria-live="polite">Copy</button>`

// goLines returns the lines of Go source as HTML, in which keywords (k), strings
// (s), numbers (n) and comments (c) have spans of that class. It takes what does not
// compile as well.
func goLines(src []byte) []string {
	text := strings.ReplaceAll(strings.TrimRight(string(src), "\n"), "\r\n", "\n")
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, scanner.ScanComments)
	var out strings.Builder
	done := 0 // what is before this offset has been written
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			break
		}
		class, start := classOf(tok), file.Offset(pos)
		if class == "" || start < done {
			continue
		}
		end := min(start+len(literal), len(text))
		out.WriteString(html.EscapeString(text[done:start]))
		for i, line := range strings.Split(text[start:end], "\n") {
			if i > 0 {
				out.WriteByte('\n')
			}
			out.WriteString(span(class, html.EscapeString(line)))
		}
		done = end
	}
	out.WriteString(html.EscapeString(text[done:]))
	return strings.Split(out.String(), "\n")
}

// classOf returns the class of a token; "" for one that stays as it is.
func classOf(tok token.Token) string {
	switch {
	case tok.IsKeyword():
		return "k"
	case tok == token.STRING || tok == token.CHAR:
		return "s"
	case tok == token.INT || tok == token.FLOAT || tok == token.IMAG:
		return "n"
	case tok == token.COMMENT:
		return "c"
	}
	return ""
}

// span returns HTML in a span of a class.
func span(class, html string) string { return `<span class="` + class + `">` + html + "</span>" }
