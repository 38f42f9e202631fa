package mutate

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// find returns all changes to the Go file of this name and text: what each of the
// operators makes of each node.
func find(name, text string) ([]Change, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading a solution: %w", err)
	}
	file := source{text, set.File(parsed.Pos())}
	var changes []Change
	for _, d := range file.declarations(parsed) {
		ast.PreorderStack(d.node, nil, func(n ast.Node, above []ast.Node) bool {
			for _, o := range operators {
				for _, edits := range o.changes(node{n, above, file}) {
					changes = append(changes, newChange(o.kind, d.name, name, text, edits))
				}
			}
			return true
		})
	}
	return numbered(changes), nil
}

// numbered sets Nth where several changes are alike.
func numbered(changes []Change) []Change {
	seen := map[string]int{}
	for i := range changes {
		alike := changes[i].String()
		seen[alike]++
		changes[i].Nth = seen[alike]
	}
	return changes
}

// A source is the text of a file, with what knows where its nodes are.
type source struct {
	text string
	file *token.File
}

// textOf returns the text of a node.
func (s source) textOf(n ast.Node) string {
	return s.text[s.file.Offset(n.Pos()):s.file.Offset(n.End())]
}

// replace is the edit that puts text in the place of n.
func (s source) replace(n ast.Node, text string) edit {
	return edit{s.file.Offset(n.Pos()), s.file.Offset(n.End()), text}
}

// take is the edit that takes n away, but for the ends of its lines.
func (s source) take(n ast.Node) edit {
	return s.replace(n, strings.Repeat("\n", strings.Count(s.textOf(n), "\n")))
}

// A declaration is a function with its receiver's type, or one line of what else a
// file declares.
type declaration struct {
	name string // "Registry.Open", "queueSize"
	node ast.Node
}

// declarations returns those of a file, without its imports.
func (s source) declarations(file *ast.File) (all []declaration) {
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			name := decl.Name.Name
			if decl.Recv != nil {
				receiver, _, _ := strings.Cut(strings.TrimPrefix(s.textOf(decl.Recv.List[0].Type), "*"), "[")
				name = receiver + "." + name
			}
			all = append(all, declaration{name, decl})
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					all = append(all, declaration{spec.Names[0].Name, spec})
				case *ast.TypeSpec:
					all = append(all, declaration{spec.Name.Name, spec})
				}
			}
		}
	}
	return all
}
