package stub

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// directives are the //lesson: lines of one declaration.
type directives struct {
	todo  []string
	begin []string
	give  string // of //lesson:return
	keep  bool
	drop  bool
	at    token.Pos // the first line
}

// code is the code that they put into a body.
func (found directives) code() string {
	if found.give != "" {
		return "return " + found.give
	}
	return strings.Join(found.begin, "\n\t")
}

// isDirective tells whether a comment is one of ours, also where a space makes it prose that does nothing.
func isDirective(c *ast.Comment) bool {
	text, line := strings.CutPrefix(c.Text, "//")
	return line && strings.HasPrefix(strings.TrimLeft(text, " \t"), "lesson:")
}

// directives reads the directives in the comments of a declaration and claims them for it. They have to be among
// those allowed there.
func (d *deriver) directives(allowed string, groups ...*ast.CommentGroup) directives {
	var found directives
	for _, group := range groups {
		if group == nil {
			continue
		}
		for _, c := range group.List {
			if isDirective(c) {
				d.claimed[c] = true
				d.directive(&found, c, allowed)
			}
		}
	}
	d.consistent(found)
	return found
}

// directive adds one line to what was found.
func (d *deriver) directive(found *directives, c *ast.Comment, allowed string) {
	text, ok := strings.CutPrefix(c.Text, "//lesson:")
	if !ok {
		d.fail(c.Pos(), "a directive has no space after //: write //lesson:…")
		return
	}
	verb, argument, _ := strings.Cut(text, " ")
	if !slices.Contains(strings.Fields(allowed), verb) {
		d.fail(c.Pos(), "//lesson:%s has no meaning here: use one of %s", verb, allowed)
		return
	}
	if !found.at.IsValid() {
		found.at = c.Pos()
	}
	switch verb {
	case "todo":
		found.todo = append(found.todo, strings.TrimSpace(argument))
	case "begin":
		found.begin = append(found.begin, argument)
	case "return":
		found.give = argument
	case "keep":
		found.keep = true
	case "drop":
		found.drop = true
	}
	if argument == "" && (verb == "todo" || verb == "return") {
		d.fail(c.Pos(), "//lesson:%s needs a text", verb)
	}
	if argument != "" && (verb == "keep" || verb == "drop") {
		d.fail(c.Pos(), "//lesson:%s takes no text", verb)
	}
}

// consistent notes directives that contradict each other, and code that does not parse.
func (d *deriver) consistent(found directives) {
	replaced := found.todo != nil || found.begin != nil
	if found.keep && (replaced || found.give != "") {
		d.fail(found.at, "given whole and yet to be written: remove //lesson:keep or the others")
	}
	if found.give != "" && found.begin != nil {
		d.fail(found.at, "a naive body has its own return: remove //lesson:return")
	}
	if found.give != "" && !replaced {
		d.fail(found.at, "//lesson:return goes with a //lesson:todo: add one that says what to write")
	}
	if _, err := parser.ParseExpr("func() {\n" + found.code() + "\n}"); err != nil {
		d.fail(found.at, "//lesson:begin or //lesson:return does not parse: %v", err)
	}
}

// strip cuts the directives out of a comment that stays, and the empty comment line that set them off.
func (d *deriver) strip(doc *ast.CommentGroup) {
	if doc == nil || !slices.ContainsFunc(doc.List, isDirective) {
		return
	}
	prose := slices.DeleteFunc(slices.Clone(doc.List), isDirective)
	for len(prose) > 0 && prose[len(prose)-1].Text == "//" {
		prose = prose[:len(prose)-1]
	}
	for _, c := range doc.List {
		if !slices.Contains(prose, c) {
			d.cut(c.Pos(), c.End())
		}
	}
}

// unclaimed notes directives that stand where nobody reads them: they would do nothing, without a word.
func (d *deriver) unclaimed() {
	for _, group := range d.file.Comments {
		for _, c := range group.List {
			if isDirective(c) && !d.claimed[c] {
				d.fail(c.Pos(), "this directive belongs to no declaration: put it at the end of a doc comment")
			}
		}
	}
}
