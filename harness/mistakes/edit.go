package mistakes

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"maps"
	"strings"
)

// An edit replaces one text by another.
type edit struct{ old, new string }

// Apply returns the solution's files, by their names, with the record's changes
// made to them. It leaves solution as it is. It returns an error if an edit does
// not fit the solution, as when that has changed.
func (r Record) Apply(solution map[string]string) (map[string]string, error) {
	texts := maps.Clone(solution)
	if r.on != nil {
		var err error
		if texts, err = r.on.Apply(solution); err != nil {
			return nil, fmt.Errorf("%s: %w", r.on.File, err)
		}
	}
	for i, e := range r.edits {
		file, err := e.find(texts)
		if err != nil {
			return nil, fmt.Errorf("edit %d: %w", i+1, err)
		}
		texts[file] = strings.Replace(texts[file], e.old, e.new, 1)
	}
	maps.Copy(texts, r.files)
	return texts, nil
}

// StandsOn reports whether the file is the record's own, or that of one that it changes.
func (r Record) StandsOn(file string) bool {
	return r.File == file || r.on != nil && r.on.StandsOn(file)
}

// find returns the name of the one file in which the edit's old text is.
func (e edit) find(texts map[string]string) (file string, err error) {
	if e.old == "" {
		return "", errors.New("its old text is empty")
	}
	count := 0
	for name, text := range texts {
		if n := strings.Count(text, e.old); n > 0 {
			file, count = name, count+n
		}
	}
	first, _, _ := strings.Cut(e.old, "\n")
	switch count {
	case 0:
		return "", fmt.Errorf("the solution has no such text any more, which begins with %q", first)
	case 1:
		return file, nil
	}
	return "", fmt.Errorf("the solution has the text %d times, which begins with %q: take more lines", count, first)
}

// In reports whether code has the mistake as it is on record: each declaration that the
// record changes in the solution stands in the code in just this way, but for comments and
// layout. Of less than that, nobody can say what it does.
func (r Record) In(code, solution string) bool {
	const file = "solution.go"
	changed, err := r.Apply(map[string]string{file: solution})
	if err != nil {
		return false // it is about another file
	}
	right, wrong, yours := declarations(solution), declarations(changed[file]), declarations(code)
	found := false
	for name, text := range wrong {
		switch text {
		case right[name]:
		case yours[name]:
			found = true
		default:
			return false
		}
	}
	return found
}

// declarations returns what a Go file declares, without comments, by names: "Open",
// "Registry.Open", "ErrClosed ErrFull". Of a file that is no Go it returns nothing.
func declarations(file string) map[string]string {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, "", file, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	all := map[string]string{}
	for _, decl := range parsed.Decls {
		var text strings.Builder
		if printer.Fprint(&text, token.NewFileSet(), decl) == nil { // in a set of its own it has no layout
			all[nameOf(decl)] = text.String()
		}
	}
	return all
}

// nameOf returns what declares is the name of.
func nameOf(decl ast.Decl) string {
	if f, ok := decl.(*ast.FuncDecl); ok {
		if f.Recv == nil {
			return f.Name.Name
		}
		return types.ExprString(f.Recv.List[0].Type) + "." + f.Name.Name
	}
	var names []string
	for _, spec := range decl.(*ast.GenDecl).Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			names = append(names, spec.Name.Name)
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				names = append(names, name.Name)
			}
		}
	}
	return strings.Join(names, " ")
}
