package hints

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
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
	mention  string          // how its own package mentions it: ".AppendText", "appendLine"
	text     string          // with its comment
	code     string          // without
	mentions map[string]bool // the names in it: "x", or ".x" where it is of something

	// What is known of a declaration of the solution.
	inStub  bool
	todo    bool // it is a function that the learner is to write
	written bool // and has written
}

// isAnswer reports whether d is a part of the answer that the stub knows nothing of.
func (d declaration) isAnswer() bool { return !d.inStub }

// find returns the declaration with a key.
func (s source) find(key string) (declaration, bool) {
	i := slices.IndexFunc(s, func(d declaration) bool { return d.key == key })
	if i < 0 {
		return declaration{}, false
	}
	return s[i], true
}

// reach follows the names that the declaration with the key mentions to others in
// s, as long as follow says so. It returns the keys of all those, and all the names
// mentioned in them. It goes by names alone, so it may find too many.
func (s source) reach(key string, follow func(declaration) bool) (keys, mentions map[string]bool) {
	keys, mentions = map[string]bool{}, map[string]bool{}
	var visit func(d declaration)
	visit = func(d declaration) {
		keys[d.key] = true
		maps.Copy(mentions, d.mentions)
		for _, next := range s {
			if !keys[next.key] && d.mentions[next.mention] && follow(next) {
				visit(next)
			}
		}
	}
	if first, ok := s.find(key); ok {
		visit(first)
	}
	return keys, mentions
}

// readSolution returns what the solution of a lesson declares, without what it says to
// the harness alone, beside the stub derived from it and what the learner has made of
// that.
func readSolution(lesson catalog.Lesson) (source, error) {
	file := lesson.SolutionFile()
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the solution of %s: %w", lesson.Name, err)
	}
	derived, err := stub.Of(lesson)
	if err != nil {
		return nil, fmt.Errorf("looking at the solution of %s: %w", lesson.Name, err)
	}
	solution, err := parse(file, stub.WithoutDirectives(textfile.UnixLines(text)))
	if err != nil {
		return nil, err
	}
	first, err := parse(file, derived)
	if err != nil {
		return nil, err
	}
	files, _ := lesson.LearnerFiles()
	yours, _ := readSource(files) // as far as it can be read
	for i, d := range solution {
		start, inStub := first.find(d.key)
		now, there := yours.find(d.key)
		solution[i].inStub = inStub
		solution[i].todo = inStub && d.isFunc && !sameCode(start, d)
		solution[i].written = there && !sameCode(start, now)
	}
	return solution, nil
}

// readSource returns what Go files declare. Those that cannot be read are missing, and
// are the error.
func readSource(files []string) (all source, err error) {
	var problems []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		declared, err := parse(file, text)
		problems = append(problems, err)
		all = append(all, declared...)
	}
	return all, errors.Join(problems...)
}

// parse returns what a Go file declares.
func parse(name string, text []byte) (declared source, err error) {
	text = textfile.UnixLines(text)
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading what is in a lesson: %w", err)
	}
	for _, decl := range file.Decls {
		var these source
		var doc *ast.CommentGroup
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			these, doc = source{function(decl)}, decl.Doc
		case *ast.GenDecl:
			these, doc = group(decl), decl.Doc
		}
		from, to := set.Position(decl.Pos()).Offset, set.Position(decl.End()).Offset
		begin := from
		if doc != nil {
			begin = set.Position(doc.Pos()).Offset
		}
		for _, d := range these {
			d.text, d.code = string(text[begin:to]), string(text[from:to])
			declared = append(declared, d)
		}
	}
	return declared, nil
}

// function returns a function's declaration, without its text.
func function(decl *ast.FuncDecl) declaration {
	name := decl.Name.Name
	d := declaration{key: name, name: name, mention: name, isFunc: true, mentions: mentions(decl)}
	if decl.Recv != nil {
		d.key, d.mention = receiver(decl.Recv.List[0].Type)+"."+name, "."+name
	}
	return d
}

// group returns the types, constants and variables of a declaration, without its text,
// which is that of each.
func group(decl *ast.GenDecl) (declared source) {
	for _, spec := range decl.Specs {
		var name string
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			name = spec.Name.Name
		case *ast.ValueSpec:
			name = spec.Names[0].Name
		default:
			continue // an import
		}
		declared = append(declared, declaration{key: name, name: name, mention: name, mentions: mentions(spec)})
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
