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
	"os"
	"slices"
	"strconv"

	"golang.org/x/tools/go/ast/astutil"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/textfile"
)

// Of derives the stub of a lesson from its solution. It writes nothing.
func Of(lesson catalog.Lesson) ([]byte, error) {
	solution, err := os.ReadFile(lesson.SolutionFile())
	if err != nil {
		return nil, fmt.Errorf("reading the solution of %s: %w", lesson.Name, err)
	}
	return Derive("solutions/"+lesson.Name+"/"+lesson.Topic+".go", solution)
}

// Derive returns the stub of a solution: its text, gofmt-clean, without what the learner is to write. The name stands in
// the errors, which say file, line and what to do about it; all that are found come back joined. Whether the stub
// compiles is for the compiler to say.
//
// Derive is a pure function of the text and safe for concurrent use.
func Derive(name string, solution []byte) ([]byte, error) {
	solution = textfile.UnixLines(solution)
	d, err := parse(name, solution)
	if err != nil {
		return nil, fmt.Errorf("the solution does not parse: %w", err)
	}
	if formatted, err := format.Source(solution); err != nil || !bytes.Equal(formatted, solution) {
		return nil, fmt.Errorf("%s: gofmt would change the solution: run gofmt -w on it", name)
	}
	for _, spec := range d.unusedImports() {
		d.fail(spec.Pos(), "%s is not used by the last word of its path: remove the import, or name it", spec.Path.Value)
	}
	d.declarations()
	d.unclaimed()
	if err := errors.Join(d.errs...); err != nil {
		return nil, err
	}
	return tidyImports(name, d.edited())
}

// A deriver holds one solution while its stub is made, and what was found so far.
type deriver struct {
	text []byte
	fset *token.FileSet
	file *ast.File

	edits   []edit
	claimed map[*ast.Comment]bool // directives that some declaration has read
	errs    []error
}

// parse reads a solution, or what is to become its stub.
func parse(name string, text []byte) (*deriver, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	return &deriver{text: text, fset: fset, file: file, claimed: make(map[*ast.Comment]bool)}, nil
}

// fail notes an error at a place in the solution.
func (d *deriver) fail(at token.Pos, message string, args ...any) {
	place := d.fset.Position(at)
	d.errs = append(d.errs, fmt.Errorf("%s:%d: %s", place.Filename, place.Line, fmt.Sprintf(message, args...)))
}

// unusedImports lists the imports that nothing in the file uses.
func (d *deriver) unusedImports() []*ast.ImportSpec {
	return slices.DeleteFunc(slices.Clone(d.file.Imports), func(spec *ast.ImportSpec) bool {
		path, _ := strconv.Unquote(spec.Path.Value) // the parser has seen that it is a string
		return astutil.UsesImport(d.file, path)
	})
}

// tidyImports leaves away the imports that the stub does not use and aligns what has moved together.
func tidyImports(name string, stub []byte) ([]byte, error) {
	d, err := parse(name, stub)
	if err != nil {
		return nil, fmt.Errorf("the stub does not parse: %w", err)
	}
	unused := d.unusedImports()
	for _, decl := range d.file.Decls {
		if group, ok := decl.(*ast.GenDecl); ok && group.Tok == token.IMPORT {
			d.removeSpecs(group, slices.DeleteFunc(slices.Clone(group.Specs), func(spec ast.Spec) bool {
				return !slices.Contains(unused, spec.(*ast.ImportSpec))
			}))
		}
	}
	text, err := format.Source(d.edited())
	if err != nil {
		return nil, fmt.Errorf("formatting the stub: %w", err)
	}
	return text, nil
}
