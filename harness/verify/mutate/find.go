package mutate

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// find returns all changes to the Go file called name.
func find(name string, file []byte) ([]Change, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, name, file, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading a solution: %w", err)
	}
	f := &finder{name: name, file: file, set: set, judged: map[ast.Node]bool{}}
	for _, decl := range parsed.Decls {
		f.declaration(decl)
	}
	return numbered(f.found), nil
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

// A finder walks over a file and gathers the changes.
type finder struct {
	name   string
	file   []byte
	set    *token.FileSet
	in     string            // the declaration that it is in
	judged map[ast.Node]bool // the conditions, operands and statements that have had their changes
	found  []Change
}

// declaration looks for changes in one declaration.
func (f *finder) declaration(decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		f.in = decl.Name.Name
		if decl.Recv != nil {
			f.in = f.receiver(decl.Recv.List[0].Type) + "." + f.in
		}
		ast.Inspect(decl, f.visit)
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				f.in = spec.Names[0].Name
			case *ast.TypeSpec:
				f.in = spec.Name.Name
			default:
				continue // an import
			}
			ast.Inspect(spec, f.visit)
		}
	}
}

// receiver returns the name of a method's type.
func (f *finder) receiver(x ast.Expr) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(f.text(x), "*"), "[")
	return name
}

// visit gathers the changes of one node. A node comes before those in it.
func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		f.condition(n.Cond)
	case *ast.ForStmt:
		f.loop(n.Cond)
	case *ast.SwitchStmt:
		f.clauses(n.Body, n.Tag == nil)
	case *ast.TypeSwitchStmt:
		f.clauses(n.Body, false)
	case *ast.SelectStmt:
		f.clauses(n.Body, false)
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.statements(n.Body)
	case *ast.CommClause:
		f.statements(n.Body)
	case *ast.BinaryExpr:
		f.binary(n)
	case *ast.UnaryExpr:
		f.unary(n)
	case *ast.AssignStmt:
		f.swap(n, n.TokPos, n.Tok)
	case *ast.IncDecStmt:
		f.swap(n, n.TokPos, n.Tok)
	case *ast.BranchStmt:
		f.swap(n, n.TokPos, n.Tok)
	case *ast.Ident:
		f.answer(n)
	case *ast.BasicLit:
		f.number(n)
	}
	return true
}

// change adds a change.
func (f *finder) change(kind string, edits ...edit) {
	c := Change{Kind: kind, In: f.in, Nth: 1, File: f.name, edits: edits}
	c.describe(f.file)
	f.found = append(f.found, c)
}

// replace is the edit that puts text in the place of n.
func (f *finder) replace(n ast.Node, text string) edit {
	return edit{f.offset(n.Pos()), f.offset(n.End()), text}
}

// take is the edit that takes n away, but for the ends of its lines.
func (f *finder) take(n ast.Node) edit {
	return f.replace(n, strings.Repeat("\n", strings.Count(f.text(n), "\n")))
}

func (f *finder) text(n ast.Node) string {
	return string(f.file[f.offset(n.Pos()):f.offset(n.End())])
}

func (f *finder) offset(pos token.Pos) int { return f.set.Position(pos).Offset }

// number changes a number by one. In const declarations too: a limit that the
// solution states is one that its tests should know.
func (f *finder) number(n *ast.BasicLit) {
	value, err := strconv.ParseInt(n.Value, 0, 64)
	if n.Kind == token.INT && err == nil {
		f.change("number", f.replace(n, strconv.FormatInt(value+1, 10)))
	}
}

// answer puts false in the place of true, and true in that of false.
func (f *finder) answer(n *ast.Ident) {
	if other, ok := map[string]string{"true": "false", "false": "true"}[n.Name]; ok {
		f.change("negation", f.replace(n, other))
	}
}

// statements takes each statement of a list away that can be missed by the
// compiler. A lock goes together with its release: alone, either would be found
// at once and say nothing about what the lock guards.
func (f *finder) statements(list []ast.Stmt) {
	for i, statement := range list {
		if release := f.release(statement, list[i+1:]); release != nil {
			f.change("lock", f.take(statement), f.take(release))
			f.judged[statement], f.judged[release] = true, true
		}
	}
	for _, statement := range list {
		if canGo(statement) && !f.judged[statement] {
			f.change("drop", f.drop(statement))
		}
	}
}

// release returns the statement among those that follow which unlocks what lock
// locks, or nil if that locks nothing.
func (f *finder) release(lock ast.Stmt, following []ast.Stmt) ast.Stmt {
	what, ok := strings.CutSuffix(f.text(lock), "Lock()")
	if !ok {
		return nil
	}
	unlock := what + "Unlock()"
	if mutex, ok := strings.CutSuffix(what, ".R"); ok {
		unlock = mutex + ".RUnlock()"
	}
	i := slices.IndexFunc(following, func(s ast.Stmt) bool {
		return strings.TrimPrefix(f.text(s), "defer ") == unlock
	})
	if i < 0 {
		return nil
	}
	return following[i]
}

// canGo reports whether a program may compile without s. Where the compiler then
// has something against it after all, the change is no change.
func canGo(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ExprStmt, *ast.SendStmt, *ast.IncDecStmt, *ast.GoStmt, *ast.DeferStmt, *ast.BranchStmt:
		return true
	case *ast.AssignStmt:
		return s.Tok != token.DEFINE
	case *ast.ReturnStmt:
		return len(s.Results) == 0
	}
	return false
}

// drop is the edit that takes s away. What it calls is mentioned still, since it
// may be a variable that has no other use.
func (f *finder) drop(s ast.Stmt) edit {
	var call ast.Expr
	switch s := s.(type) {
	case *ast.ExprStmt:
		call = s.X
	case *ast.DeferStmt:
		call = s.Call
	case *ast.GoStmt:
		call = s.Call
	}
	e := f.take(s)
	if call, ok := call.(*ast.CallExpr); ok {
		if name, ok := call.Fun.(*ast.Ident); ok && types.Universe.Lookup(name.Name) == nil {
			e.text = "_ = " + name.Name + e.text
		}
	}
	return e
}
