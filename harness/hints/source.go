package hints

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/stub"
	"example.com/sseworkbook/harness/textfile"
)

// A source is what Go files declare at their top level, in order.
type source []declaration

// A declaration is one function, or one type, constant or variable.
type declaration struct {
	key      string          // "Event.AppendText", "appendLine"; unique in a package
	name     string          // "AppendText", "appendLine"
	isFunc   bool            // a function or a method
	isMethod bool            // a method
	text     string          // with its comment
	code     string          // without
	mentions map[string]bool // the names in it: "x", or ".x" where it is of something
}

// find returns the declaration with a key.
func (s source) find(key string) (declaration, bool) {
	for _, d := range s {
		if d.key == key {
			return d, true
		}
	}
	return declaration{}, false
}

// reach follows the names that the declaration with the key mentions to others in
// s, as long as follow says so. It returns the keys of all those, and all the names
// mentioned in them. It goes by names alone, so it may find too many.
func (s source) reach(key string, follow func(declaration) bool) (keys, mentions map[string]bool) {
	keys, mentions = map[string]bool{}, map[string]bool{}
	var visit func(d declaration)
	visit = func(d declaration) {
		keys[d.key] = true
		for name := range d.mentions {
			mentions[name] = true
		}
		for _, next := range s {
			if !keys[next.key] && d.mentions[next.mention()] && follow(next) {
				visit(next)
			}
		}
	}
	if first, ok := s.find(key); ok {
		visit(first)
	}
	return keys, mentions
}

// mention returns how d is mentioned in its own package.
func (d declaration) mention() string {
	if d.isMethod {
		return "." + d.name
	}
	return d.name
}

// solutionAndStub returns what the solution of a lesson declares, without what it
// says to the harness alone, and what the stub derived from it does.
func solutionAndStub(lesson catalog.Lesson) (solution, first source, err error) {
	file := lesson.SolutionFile()
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the solution of %s: %w", lesson.Name, err)
	}
	derived, err := stub.Of(lesson)
	if err != nil {
		return nil, nil, fmt.Errorf("looking at the solution of %s: %w", lesson.Name, err)
	}
	if solution, err = parseSource(file, stub.WithoutDirectives(textfile.UnixLines(text))); err != nil {
		return nil, nil, err
	}
	first, err = parseSource(file, derived)
	return solution, first, err
}

// learnersSource returns what the learner's files declare, as far as they can be
// read.
func learnersSource(lesson catalog.Lesson) (yours source) {
	files, _ := lesson.LearnerFiles()
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			declared, _ := parseSource(file, text)
			yours = append(yours, declared...)
		}
	}
	return yours
}

// parseSource returns what a Go file declares.
func parseSource(name string, text []byte) (source, error) {
	text = textfile.UnixLines(text)
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading what is in a lesson: %w", err)
	}
	cut := func(doc *ast.CommentGroup, n ast.Node) (whole, code string) {
		from, to := set.Position(n.Pos()).Offset, set.Position(n.End()).Offset
		code = string(text[from:to])
		if doc == nil {
			return code, code
		}
		return string(text[set.Position(doc.Pos()).Offset:to]), code
	}
	var declared source
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			d := declaration{key: decl.Name.Name, name: decl.Name.Name, isFunc: true, mentions: mentions(decl)}
			if decl.Recv != nil {
				d.isMethod = true
				d.key = receiver(decl.Recv.List[0].Type) + "." + d.name
			}
			d.text, d.code = cut(decl.Doc, decl)
			declared = append(declared, d)
		case *ast.GenDecl:
			declared = append(declared, group(decl, cut)...)
		}
	}
	return declared, nil
}

// group returns the types, constants and variables of a declaration, each with the
// text of all.
func group(decl *ast.GenDecl, cut func(*ast.CommentGroup, ast.Node) (whole, code string)) (declared source) {
	for _, spec := range decl.Specs {
		d := declaration{mentions: mentions(spec)}
		d.text, d.code = cut(decl.Doc, decl)
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			d.name = spec.Name.Name
		case *ast.ValueSpec:
			d.name = spec.Names[0].Name
		default:
			continue // an import
		}
		d.key = d.name
		declared = append(declared, d)
	}
	return declared
}

// receiver returns the name of a method's type.
func receiver(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return receiver(x.X)
	case *ast.IndexExpr:
		return receiver(x.X)
	case *ast.IndexListExpr:
		return receiver(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

// mentions returns the names in n: "x", or ".x" where it is of something.
func mentions(n ast.Node) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			names["."+n.Sel.Name] = true
			for name := range mentions(n.X) {
				names[name] = true
			}
			return false
		case *ast.Ident:
			names[n.Name] = true
		}
		return true
	})
	return names
}

// sameCode reports whether two declarations are the same but for white space.
func sameCode(a, b declaration) bool {
	return strings.Join(strings.Fields(a.code), " ") == strings.Join(strings.Fields(b.code), " ")
}
