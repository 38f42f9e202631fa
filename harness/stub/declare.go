package stub

import (
	"go/ast"
	"go/token"
	"slices"
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
		from, to := d.offset(fn.Body.Lbrace)+1, d.offset(fn.Body.Rbrace)
		d.edits = append(d.edits, edit{from, to, d.body(fn, found), d.offset(found.at)})
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
	t := fn.Recv.List[0].Type
	for {
		switch of := t.(type) {
		case *ast.StarExpr:
			t = of.X
		case *ast.IndexExpr:
			t = of.X
		case *ast.IndexListExpr:
			t = of.X
		case *ast.Ident:
			return of.Name
		default:
			return ""
		}
	}
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
	if len(answers) == len(decl.Specs) {
		d.remove(decl.Doc, decl)
		return
	}
	d.strip(decl.Doc)
	if len(answers) > 0 && countsUp(decl) {
		d.fail(decl.Pos(), "leaving constants away would change the others: mark the whole group //lesson:keep")
	}
	for _, spec := range answers {
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

// comment is the documentation of one type, constant or variable in a group.
func comment(spec ast.Spec) *ast.CommentGroup {
	switch spec := spec.(type) {
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

// remove takes a declaration away, with its comment and what trails behind it on its last line.
func (d *deriver) remove(doc *ast.CommentGroup, n ast.Node) {
	from := n.Pos()
	if doc != nil {
		from = doc.Pos()
	}
	d.cut(from, n.End())
}
