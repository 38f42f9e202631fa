package stub

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"

	"example.com/sseworkbook/harness/catalog"
)

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
		return nil, fmt.Errorf("reading your file: %w", err)
	}
	known := make(map[string]bool)
	for _, name := range declared(ours) {
		known[name] = true
	}
	var again []string
	for _, name := range declared(theirs) {
		if known[name] {
			again = append(again, name)
		}
	}
	return again, nil
}

// declared lists the names of what a file declares that may stand in a package once: "Event", "Event.AppendText".
func declared(file *ast.File) []string {
	var all []string
	add := func(name *ast.Ident) {
		if name.Name != "_" && name.Name != "init" {
			all = append(all, name.Name)
		}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				add(decl.Name)
			} else if len(decl.Recv.List) > 0 {
				all = append(all, receiver(decl)+"."+decl.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add(spec.Name)
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						add(name)
					}
				}
			}
		}
	}
	return all
}
