package stub

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"

	"example.com/sseworkbook/harness/catalog"
)

// A givenFile is the file of what a lesson gives.
type givenFile struct {
	name string
	text []byte
	file *ast.File
}

// readGiven parses what is given beside the solution called solution.
func readGiven(fset *token.FileSet, solution string, text []byte) (*givenFile, error) {
	name := path.Join(path.Dir(solution), catalog.GivenName)
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("what is given does not parse: %w", err)
	}
	return &givenFile{name, text, file}, nil
}

// checkGiven notes what is wrong between the solution and what is given: a directive there, which would do nothing, and
// what both declare.
func (d *deriver) checkGiven() {
	if d.other == nil {
		return
	}
	for _, group := range d.other.file.Comments {
		for _, c := range group.List {
			if isDirective(c) {
				d.errs = append(d.errs, d.other.errorAt(d.offset(c.Pos()), "a directive does nothing here: %s is copied as it is", catalog.GivenName))
			}
		}
	}
	for _, again := range twice(d.file, d.other.file) {
		d.fail(again.Pos(), "%s stands in %s already: delete it here, or there", again.name, catalog.GivenName)
	}
}

// errorAt is an error that names the line of an offset in what is given.
func (b *givenFile) errorAt(offset int, message string, args ...any) error {
	line := 1 + bytes.Count(b.text[:offset], []byte("\n"))
	return fmt.Errorf("%s:%d: %s", b.name, line, fmt.Sprintf(message, args...))
}

// A declared is a name that a file declares.
type declared struct {
	*ast.Ident
	name string // "Event", "Event.AppendText"
}

// twice returns what of given the file declares again, in the file's order.
func twice(file, given *ast.File) []declared {
	known := make(map[string]bool)
	for _, there := range declares(given) {
		known[there.name] = true
	}
	var again []declared
	for _, here := range declares(file) {
		if known[here.name] {
			again = append(again, here)
		}
	}
	return again
}

// declares lists what a file declares that may stand in a package once.
func declares(file *ast.File) []declared {
	var all []declared
	add := func(prefix string, names ...*ast.Ident) {
		for _, name := range names {
			if name.Name != "_" && prefix+name.Name != "init" {
				all = append(all, declared{name, prefix + name.Name})
			}
		}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			prefix := ""
			if decl.Recv != nil && len(decl.Recv.List) > 0 {
				prefix = receiver(decl) + "."
			}
			add(prefix, decl.Name)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add("", spec.Name)
				case *ast.ValueSpec:
					add("", spec.Names...)
				}
			}
		}
	}
	return all
}

// GivenAlready returns the names of what given, the text of a lesson's given.go, and the text of a learner's file both
// declare, in the order of the learner's: Go takes each only once in a package. A method is called "Type.Method". Where
// the learner's text does not parse, it returns what can be read of it.
func GivenAlready(given, text []byte) ([]string, error) {
	fset := token.NewFileSet()
	ours, err := parser.ParseFile(fset, catalog.GivenName, given, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading what is given: %w", err)
	}
	theirs, err := parser.ParseFile(fset, "", text, parser.SkipObjectResolution)
	if theirs == nil {
		return nil, errors.New("reading your file: " + err.Error())
	}
	var names []string
	for _, again := range twice(theirs, ours) {
		names = append(names, again.name)
	}
	return names, nil
}
