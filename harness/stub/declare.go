package stub

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// declarations decides for each declaration of the solution what the stub has of it.
func (d *deriver) declarations() {
	for _, decl := range d.file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			d.function(decl)
		case *ast.GenDecl:
			if decl.Tok != token.IMPORT { // what is imported shows when all the rest is done
				d.group(decl)
			}
		}
	}
}

// function gives a function whole, takes its body out, or leaves it away.
func (d *deriver) function(fn *ast.FuncDecl) {
	found := d.directives("todo return begin keep", fn.Doc)
	switch {
	case found.todo != nil || found.begin != nil:
		d.strip(fn.Doc)
		d.replace(fn.Body.Lbrace+1, fn.Body.Rbrace, d.body(fn, found))
	case found.keep || belongsToError(fn):
		d.strip(fn.Doc)
	case isAPI(fn):
		d.fail(fn.Name.Pos(), "%s is exported: mark it //lesson:todo or //lesson:keep", fn.Name.Name)
	default:
		d.remove(fn.Doc, fn)
	}
}

// isAPI tells whether a function can be called from outside of its package.
func isAPI(fn *ast.FuncDecl) bool {
	return fn.Name.IsExported() && (fn.Recv == nil || ast.IsExported(receiver(fn)))
}

// belongsToError tells whether a function is what makes an exported type an error.
func belongsToError(fn *ast.FuncDecl) bool {
	return fn.Recv != nil && isAPI(fn) && slices.Contains([]string{"Error", "Is", "Unwrap"}, fn.Name.Name)
}

// receiver is the name of a method's type: that in *T, T[P] or T.
func receiver(fn *ast.FuncDecl) string {
	name, _, _ := strings.Cut(types.ExprString(fn.Recv.List[0].Type), "[")
	return strings.TrimPrefix(name, "*")
}

// group leaves away what a type, const or var declaration has of the answer.
func (d *deriver) group(decl *ast.GenDecl) {
	whole := d.directives("keep", decl.Doc).keep
	var answers []ast.Spec
	for _, spec := range decl.Specs {
		if d.given(spec) || whole {
			d.strip(comment(spec))
			d.fields(spec)
			continue
		}
		answers = append(answers, spec)
	}
	d.removeSpecs(decl, answers)
	if len(answers) == len(decl.Specs) {
		return
	}
	d.strip(decl.Doc)
	if len(answers) > 0 && countsUp(decl) {
		d.fail(decl.Pos(), "leaving constants away would change the others: mark the whole group //lesson:keep")
	}
}

// removeSpecs takes some of a declaration's imports, types, constants or variables away, or the whole declaration, if
// these are all that it has.
func (d *deriver) removeSpecs(decl *ast.GenDecl, specs []ast.Spec) {
	if len(specs) == len(decl.Specs) {
		d.remove(decl.Doc, decl)
		return
	}
	for _, spec := range specs {
		d.remove(comment(spec), spec)
	}
}

// given tells whether the stub has one type, constant or variable.
func (d *deriver) given(spec ast.Spec) bool {
	keep := d.directives("keep", comment(spec)).keep
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		return keep || spec.Name.IsExported()
	case *ast.ValueSpec:
		public := func(name *ast.Ident) bool { return name.IsExported() || name.Name == "_" }
		return keep || slices.ContainsFunc(spec.Names, public)
	}
	return keep
}

// comment is the documentation of one import, type, constant or variable in a group.
func comment(spec ast.Spec) *ast.CommentGroup {
	switch spec := spec.(type) {
	case *ast.ImportSpec:
		return spec.Doc
	case *ast.TypeSpec:
		return spec.Doc
	case *ast.ValueSpec:
		return spec.Doc
	}
	return nil
}

// countsUp tells whether constants of a group depend on their place in it.
func countsUp(decl *ast.GenDecl) bool {
	counts := false
	for _, spec := range decl.Specs {
		value, ok := spec.(*ast.ValueSpec)
		counts = counts || ok && decl.Tok == token.CONST && len(value.Values) == 0
	}
	ast.Inspect(decl, func(n ast.Node) bool {
		name, ok := n.(*ast.Ident)
		counts = counts || ok && name.Name == "iota"
		return true
	})
	return counts
}

// fields leaves away what a given struct has for the answer alone.
func (d *deriver) fields(spec ast.Spec) {
	ast.Inspect(spec, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok || !d.directives("drop", field.Doc, field.Comment).drop {
			return true
		}
		d.remove(field.Doc, field)
		return false
	})
}
