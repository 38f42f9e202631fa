// Package stub makes a lesson's starting point out of its solution.
//
// A stub is the solution with the answers taken out: the same documentation, types and signatures, and where the
// answer was, a TODO and a return that compiles and does no harm. It is cut out of the text of the solution and not
// printed from a syntax tree, so what stays, comments above all, stays where it was. `go generate` and `reset` of the
// harness use this package; the authors' checks use it to see that stub and solution have not drifted apart.
//
// # Directives
//
// A solution says in Go directive comments, which godoc hides, what becomes of its declarations:
//
//	//lesson:todo TEXT    the body becomes "// TODO: TEXT" and a harmless return; several lines make several lines
//	//lesson:return EXPRS what to return where a type is none of Go's own, or where its zero value would pass a test
//	//lesson:begin CODE   one line of a naive body that compiles and is to be replaced; a todo may stand above it
//	//lesson:keep         the learner gets this declaration whole
//	//lesson:drop         on a struct field: it belongs to the answer and goes
//
// What a lesson gives whole and is more than a line beside the answer stands in a file of its own, given.go, which is
// copied into the lesson as it is: it has no directives, and is the workbook's. A struct with a //lesson:drop stays in
// the solution.
//
// What carries no directive: exported types, constants and variables, and blank ones (`var _ io.Writer = …`), are
// given, and so are the Error, Is and Unwrap methods of an exported type. Other unexported declarations are part of the
// answer and go; other exported functions have to say which they are.
package stub

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
)

// Derive returns the stub of a solution: its text, gofmt-clean, without what the learner is to write. Given is the text
// of the lesson's given.go, which stands beside both as it is, or nil. The name stands in the errors, which say file,
// line and what to do about it; all that are found come back joined.
//
// Derive is a pure function of the texts and safe for concurrent use.
func Derive(name string, solution, given []byte) ([]byte, error) {
	solution = unixLines(solution)
	if formatted, err := format.Source(solution); err == nil && !bytes.Equal(formatted, solution) {
		return nil, fmt.Errorf("%s: gofmt would change the solution: run gofmt -w on it", name)
	}
	d, err := read(name, solution, unixLines(given))
	if err != nil {
		return nil, err
	}
	d.checkGiven()
	d.declarations()
	d.unclaimed()
	if err := errors.Join(d.errs...); err != nil {
		return nil, err
	}
	spliced := d.edits.apply(solution)
	used, err := d.compile(spliced)
	if err != nil {
		return nil, err
	}
	return tidyImports(spliced, used)
}

// A deriver holds one solution while its stub is made, and what was found so far.
type deriver struct {
	name  string
	text  []byte
	fset  *token.FileSet
	file  *ast.File
	other *givenFile // what the lesson gives; nil for nothing

	edits   edits
	claimed map[*ast.Comment]bool // directives that some declaration has read
	errs    []error
}

// read parses the solution, and what is given beside it.
func read(name string, text, given []byte) (*deriver, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("the solution does not parse: %w", err)
	}
	d := &deriver{name: name, text: text, fset: fset, file: file, claimed: make(map[*ast.Comment]bool)}
	if len(given) == 0 {
		return d, nil
	}
	if d.other, err = readGiven(fset, name, given); err != nil {
		return nil, err
	}
	return d, nil
}

// fail notes an error at a place in the solution.
func (d *deriver) fail(at token.Pos, message string, args ...any) {
	d.errs = append(d.errs, d.errorAt(d.offset(at), message, args...))
}

// errorAt is an error that names the line of an offset.
func (d *deriver) errorAt(offset int, message string, args ...any) error {
	line := 1 + bytes.Count(d.text[:offset], []byte("\n"))
	return fmt.Errorf("%s:%d: %s", d.name, line, fmt.Sprintf(message, args...))
}

// offset is where in the text a position is, in bytes.
func (d *deriver) offset(at token.Pos) int {
	return d.fset.PositionFor(at, false).Offset
}

// source is the text of a node as it stands in the solution.
func (d *deriver) source(n ast.Node) string {
	return string(d.text[d.offset(n.Pos()):d.offset(n.End())])
}

// unixLines turns CRLF into LF, since git checks text out with either.
func unixLines(text []byte) []byte {
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
}
