package catalog

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strconv"
)

// StepHints returns the hints of the lesson's table, by the names of the steps
// that they are for, each on one line; none if there is no table. Steps has them
// with their steps.
func (l Lesson) StepHints() (map[string]string, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, l.HintsFile(), nil, parser.SkipObjectResolution)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	hints := map[string]string{}
	for _, entry := range tableIn(file) {
		name, hint, err := hintIn(entry)
		if err == nil && hints[name] != "" {
			err = fmt.Errorf("%s has a second hint", name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", files.Position(entry.Pos()), err)
		}
		hints[name] = hint
	}
	return hints, nil
}

// tableIn returns what stands in the step.Hints{…} of the file.
func tableIn(file *ast.File) []ast.Expr {
	var entries []ast.Expr
	ast.Inspect(file, func(n ast.Node) bool {
		table, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if kind, ok := table.Type.(*ast.SelectorExpr); ok && kind.Sel.Name == "Hints" {
			entries = append(entries, table.Elts...)
		}
		return false
	})
	return entries
}

// hintIn returns the step's name and its hint from an entry of the table.
func hintIn(entry ast.Expr) (name, hint string, err error) {
	pair, ok := entry.(*ast.KeyValueExpr)
	if !ok {
		return "", "", errors.New(`this is not a step's name, a colon and its hint`)
	}
	if name, err = literal(pair.Key); err != nil {
		return "", "", err
	}
	hint, err = literal(pair.Value)
	if err == nil && oneLine(hint) == "" {
		err = fmt.Errorf("the hint of %s is empty", name)
	}
	return name, oneLine(hint), err
}

// literal returns the text of a string literal, or of several joined by +.
func literal(x ast.Expr) (string, error) {
	switch x := x.(type) {
	case *ast.BasicLit:
		if x.Kind == token.STRING {
			return strconv.Unquote(x.Value)
		}
	case *ast.ParenExpr:
		return literal(x.X)
	case *ast.BinaryExpr:
		if x.Op != token.ADD {
			break
		}
		left, err := literal(x.X)
		if err != nil {
			return "", err
		}
		right, err := literal(x.Y)
		return left + right, err
	}
	return "", errors.New("names and hints are string literals, which + may join: they are read without running the tests")
}
