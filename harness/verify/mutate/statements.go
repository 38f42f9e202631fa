package mutate

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// statements returns the list of statements that n is, in a switch or a select its
// clauses; nil if it is none.
func (n node) statements() []ast.Stmt {
	switch n := n.Node.(type) {
	case *ast.BlockStmt:
		return n.List
	case *ast.CaseClause:
		return n.Body
	case *ast.CommClause:
		return n.Body
	}
	return nil
}

// drop takes away each statement of a list that can be missed, but for those that
// unlocked takes away.
func drop(n node) (changes [][]edit) {
	locks := slices.Concat(n.locks()...)
	for _, s := range n.statements() {
		if n.canGo(s) && !slices.Contains(locks, s) {
			changes = append(changes, []edit{n.drop(s)})
		}
	}
	return changes
}

// canGo reports whether a program may compile without s, which is in the list that n
// is. Where the compiler then has something against it after all, the change is no
// change.
func (n node) canGo(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ExprStmt, *ast.SendStmt, *ast.IncDecStmt, *ast.GoStmt, *ast.DeferStmt, *ast.BranchStmt, *ast.CommClause:
		return true
	case *ast.AssignStmt:
		return s.Tok != token.DEFINE
	case *ast.ReturnStmt:
		return len(s.Results) == 0
	case *ast.CaseClause: // the conditions of a switch that compares no values are tried with both answers already
		in, ok := n.in(1).(*ast.SwitchStmt)
		return !ok || in.Tag != nil || s.List == nil
	}
	return false
}

// drop is the edit that takes s away. What it calls is mentioned still, since it
// may be a variable that has no other use.
func (n node) drop(s ast.Stmt) edit {
	var call ast.Expr
	switch s := s.(type) {
	case *ast.ExprStmt:
		call = s.X
	case *ast.DeferStmt:
		call = s.Call
	case *ast.GoStmt:
		call = s.Call
	}
	e := n.take(s)
	if call, ok := call.(*ast.CallExpr); ok {
		if name, ok := call.Fun.(*ast.Ident); ok && types.Universe.Lookup(name.Name) == nil {
			e.text = "_ = " + name.Name + e.text
		}
	}
	return e
}

// unlocked takes each lock of a list away together with its release: alone, either
// would be found at once and say nothing about what the lock guards.
func unlocked(n node) (changes [][]edit) {
	for _, pair := range n.locks() {
		changes = append(changes, []edit{n.take(pair[0]), n.take(pair[1])})
	}
	return changes
}

// locks returns the statements of a list that lock something, each with the one that
// follows it and unlocks that.
func (n node) locks() (pairs [][]ast.Stmt) {
	list := n.statements()
	for i, s := range list {
		what, ok := strings.CutSuffix(n.textOf(s), "Lock()")
		if !ok {
			continue
		}
		unlock := what + "Unlock()"
		if mutex, ok := strings.CutSuffix(what, ".R"); ok {
			unlock = mutex + ".RUnlock()"
		}
		for _, release := range list[i+1:] {
			if strings.TrimPrefix(n.textOf(release), "defer ") == unlock {
				pairs = append(pairs, []ast.Stmt{s, release})
				break
			}
		}
	}
	return pairs
}
