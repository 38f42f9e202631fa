package mutate

import (
	"go/ast"
	"go/token"
	"strconv"
)

// never has a condition be false, whatever it says.
func never(n node) [][]edit {
	if n.isCondition() || n.isLoopCondition() {
		return change(n.replace(n, "false && ("+n.textOf(n)+")"))
	}
	return nil
}

// always has a condition be true, whatever it says. It leaves those of loops alone: a
// loop without end hangs and says nothing.
func always(n node) [][]edit {
	if n.isCondition() {
		return change(n.replace(n, "true || ("+n.textOf(n)+")"))
	}
	return nil
}

// isCondition reports whether n is the condition of an if, or one in a case of a
// switch that compares no values.
func (n node) isCondition() bool {
	switch in := n.in(1).(type) {
	case *ast.IfStmt:
		return in.Cond == n.Node
	case *ast.CaseClause:
		_, isExpr := n.Node.(ast.Expr)
		s, isSwitch := n.in(3).(*ast.SwitchStmt)
		return isExpr && isSwitch && s.Tag == nil
	}
	return false
}

// isLoopCondition reports whether n is the condition of a loop.
func (n node) isLoopCondition() bool {
	loop, ok := n.in(1).(*ast.ForStmt)
	return ok && loop.Cond == n.Node
}

// isOperand reports whether n is one side of && or ||.
func (n node) isOperand() bool {
	in, ok := n.in(1).(*ast.BinaryExpr)
	return ok && (in.Op == token.LAND || in.Op == token.LOR)
}

// operand takes either side of && and || away, by the answer that leaves it to the
// other one. What it takes away is still there for the compiler, which wants each
// variable used. A side that is such an operator itself has sides of its own.
func operand(n node) (changes [][]edit) {
	x, ok := n.Node.(*ast.BinaryExpr)
	answer := map[token.Token]string{token.LAND: "true || ", token.LOR: "false && "}
	if !ok || answer[x.Op] == "" {
		return nil
	}
	for _, side := range []ast.Expr{x.X, x.Y} {
		if inner, ok := ast.Unparen(side).(*ast.BinaryExpr); !ok || inner.Op != x.Op {
			changes = append(changes, []edit{n.replace(side, "("+answer[x.Op]+"("+n.textOf(side)+"))")})
		}
	}
	return changes
}

// negation turns a comparison round, takes a ! away, and puts false in the place of
// true. A condition and an operand are tried with both answers already.
func negation(n node) [][]edit {
	if x, ok := n.Node.(*ast.Ident); ok && (x.Name == "true" || x.Name == "false") {
		return change(n.replace(n, strconv.FormatBool(x.Name == "false")))
	}
	if n.isCondition() || n.isLoopCondition() || n.isOperand() {
		return nil
	}
	if x, ok := n.Node.(*ast.UnaryExpr); ok && x.Op == token.NOT {
		return change(n.replace(n, n.textOf(x.X)))
	}
	return swap(negated)(n)
}

// What stands in the place of a token, by the kind of change.
type tokens map[token.Token][]token.Token

var (
	negated = tokens{
		token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
		token.LSS: {token.GEQ}, token.GEQ: {token.LSS},
		token.GTR: {token.LEQ}, token.LEQ: {token.GTR},
	}
	boundary = tokens{
		token.LSS: {token.LEQ}, token.LEQ: {token.LSS},
		token.GTR: {token.GEQ}, token.GEQ: {token.GTR},
	}
	opposite = tokens{
		token.ADD: {token.SUB}, token.SUB: {token.ADD},
		token.MUL: {token.QUO}, token.QUO: {token.MUL}, token.REM: {token.MUL},
		token.SHL: {token.SHR}, token.SHR: {token.SHL},
		token.ADD_ASSIGN: {token.SUB_ASSIGN, token.ASSIGN},
		token.SUB_ASSIGN: {token.ADD_ASSIGN, token.ASSIGN},
		token.INC:        {token.DEC}, token.DEC: {token.INC},
	}
	otherWay = tokens{token.BREAK: {token.CONTINUE}, token.CONTINUE: {token.BREAK}}
)

// swap returns the changes that put other tokens in the place of the node's.
func swap(others tokens) func(node) [][]edit {
	return func(n node) (changes [][]edit) {
		old, pos := n.token()
		for _, other := range others[old] {
			from := n.file.Offset(pos)
			changes = append(changes, []edit{{from, from + len(old.String()), other.String()}})
		}
		return changes
	}
}

// token returns the operator of an expression or a statement, and where it stands;
// token.ILLEGAL if it has none.
func (n node) token() (token.Token, token.Pos) {
	switch n := n.Node.(type) {
	case *ast.BinaryExpr:
		return n.Op, n.OpPos
	case *ast.AssignStmt:
		return n.Tok, n.TokPos
	case *ast.IncDecStmt:
		return n.Tok, n.TokPos
	case *ast.BranchStmt:
		return n.Tok, n.TokPos
	}
	return token.ILLEGAL, token.NoPos
}

// number makes a number larger by one. In const declarations too: a limit that the
// solution states is one that its tests should know.
func number(n node) [][]edit {
	x, ok := n.Node.(*ast.BasicLit)
	if !ok || x.Kind != token.INT {
		return nil
	}
	value, err := strconv.ParseInt(x.Value, 0, 64)
	if err != nil {
		return nil
	}
	return change(n.replace(n, strconv.FormatInt(value+1, 10)))
}
