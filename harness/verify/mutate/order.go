package mutate

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// outside moves the first statement of what a lock guards before the lock, and the last
// one behind its release.
func outside(n node) (changes [][]edit) {
	list := n.statements()
	for _, pair := range n.locks() {
		lock, release := slices.Index(list, pair[0]), slices.Index(list, pair[1])
		first, last := lock+1, release-1
		if _, deferred := pair[1].(*ast.DeferStmt); deferred {
			first, last = release+1, 0 // what a deferred release guards has its end with the function
		}
		if first < len(list) && first != release && !ends(list[first]) {
			changes = append(changes, n.move(list[first], lock, list))
		}
		if last > first {
			changes = append(changes, n.exchange(list[last], list[release]))
		}
	}
	return changes
}

// neighbours swaps two statements of a list that follow each other, but for locks and
// their releases, declarations, what defines something that the other one mentions, and
// what ends the list.
func neighbours(n node) (changes [][]edit) {
	list := n.statements()
	locks := slices.Concat(n.locks()...)
	for i := 1; i < len(list); i++ {
		a, b := list[i-1], list[i]
		if !isClause(a) && !ends(b) && !isDeclaration(a) && !isDeclaration(b) && !slices.Contains(locks, a) && !slices.Contains(locks, b) && !n.declaresFor(a, b) {
			changes = append(changes, n.exchange(a, b))
		}
	}
	return changes
}

// early has a function return before each of its statements but the first, with zero
// values. It leaves out where a lock would stay locked: that hangs, and says nothing.
func early(n node) (changes [][]edit) {
	results, ok := n.results()
	if !ok {
		return nil
	}
	for i, s := range n.statements() {
		if i > 0 && !ends(s) && !n.isLocked(i) {
			at := n.file.Offset(s.Pos())
			changes = append(changes, []edit{{at, at, "if true { " + strings.TrimSpace("return "+results) + " }; "}})
		}
	}
	return changes
}

// isLocked reports whether a lock is locked before the statement with this number, and
// what unlocks it, at once or when the function returns, comes with it or after it.
func (n node) isLocked(at int) bool {
	list := n.statements()
	return slices.ContainsFunc(n.locks(), func(pair []ast.Stmt) bool {
		return slices.Index(list, pair[0]) < at && at <= slices.Index(list, pair[1])
	})
}

// results returns zero values for those of the function whose body n is.
func (n node) results() (zeros string, isBody bool) {
	var of *ast.FuncType
	switch in := n.in(1).(type) {
	case *ast.FuncDecl:
		of = in.Type
	case *ast.FuncLit:
		of = in.Type
	}
	if _, isBlock := n.Node.(*ast.BlockStmt); of == nil || !isBlock {
		return "", false
	}
	var all []string
	if of.Results != nil {
		for _, field := range of.Results.List {
			for range max(1, len(field.Names)) {
				all = append(all, "*new("+n.textOf(field.Type)+")")
			}
		}
	}
	return strings.Join(all, ", "), true
}

// move is the edits that put s, which follows list[before] somewhere, in front of that.
func (n node) move(s ast.Stmt, before int, list []ast.Stmt) []edit {
	at := n.file.Offset(list[before].Pos())
	return []edit{{at, at, n.textOf(s) + "; "}, n.replace(s, "")}
}

// exchange is the edits that let a and b change places.
func (n node) exchange(a, b ast.Stmt) []edit {
	return []edit{n.replace(a, n.textOf(b)), n.replace(b, n.textOf(a))}
}

// ends reports whether nothing of a list is done after s.
func ends(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	}
	return false
}

// isClause reports whether s is one of a switch or a select.
func isClause(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.CaseClause, *ast.CommClause:
		return true
	}
	return false
}

// isDeclaration reports whether s declares a variable: its place says little.
func isDeclaration(s ast.Stmt) bool {
	_, ok := s.(*ast.DeclStmt)
	return ok
}

// declaresFor reports whether a declares a name that b mentions.
func (n node) declaresFor(a, b ast.Stmt) bool {
	assign, ok := a.(*ast.AssignStmt)
	if !ok || assign.Tok != token.DEFINE {
		return false
	}
	mentions := false
	ast.Inspect(b, func(in ast.Node) bool {
		name, ok := in.(*ast.Ident)
		mentions = mentions || ok && slices.ContainsFunc(assign.Lhs, func(x ast.Expr) bool { return n.textOf(x) == name.Name })
		return true
	})
	return mentions
}
