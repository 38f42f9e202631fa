package mutate

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// cause has an error say less, or something else: the cause of a context becomes its
// error, a wrapped error is only printed, and one error value stands for another.
func cause(n node) [][]edit {
	switch x := n.Node.(type) {
	case *ast.CallExpr:
		if n.textOf(x.Fun) == "context.Cause" && len(x.Args) == 1 {
			return change(n.replace(n, n.textOf(x.Args[0])+".Err()"))
		}
	case *ast.BasicLit:
		if x.Kind == token.STRING && strings.Contains(x.Value, "%w") {
			return change(n.replace(n, strings.ReplaceAll(x.Value, "%w", "%v")))
		}
	case *ast.SelectorExpr:
		return n.otherError()
	case *ast.Ident:
		if _, qualified := n.in(1).(*ast.SelectorExpr); !qualified {
			return n.otherError()
		}
	}
	return nil
}

// errorName finds the names of error values, with the package that they are from.
var errorName = regexp.MustCompile(`\b(?:[a-z]\w*\.)?Err[A-Z]\w*`)

// otherError puts the error value that the file mentions next, or else first, in the
// place of n, if that is one.
func (n node) otherError() [][]edit {
	name := n.textOf(n)
	if errorName.FindString(name) != name || n.isDeclared() {
		return nil
	}
	rest := n.text[n.file.Offset(n.End()):] + n.text
	for _, other := range errorName.FindAllString(rest, -1) {
		if other != name {
			return change(n.replace(n, other))
		}
	}
	return nil
}

// isDeclared reports whether n is a name where it is declared.
func (n node) isDeclared() bool {
	spec, ok := n.in(1).(*ast.ValueSpec)
	if ok {
		for _, name := range spec.Names {
			ok = ok && name != n.Node
		}
		return !ok
	}
	return false
}
