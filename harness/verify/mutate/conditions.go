package mutate

import (
	"go/ast"
	"go/token"
)

// A swap puts one token in the place of another.
type swap struct {
	kind string
	to   token.Token
}

// swaps are those for each token.
var swaps = map[token.Token][]swap{
	token.LSS: {{"boundary", token.LEQ}, {"negation", token.GEQ}},
	token.LEQ: {{"boundary", token.LSS}, {"negation", token.GTR}},
	token.GTR: {{"boundary", token.GEQ}, {"negation", token.LEQ}},
	token.GEQ: {{"boundary", token.GTR}, {"negation", token.LSS}},
	token.EQL: {{"negation", token.NEQ}},
	token.NEQ: {{"negation", token.EQL}},

	token.ADD: {{"arithmetic", token.SUB}},
	token.SUB: {{"arithmetic", token.ADD}},
	token.MUL: {{"arithmetic", token.QUO}},
	token.QUO: {{"arithmetic", token.MUL}},
	token.REM: {{"arithmetic", token.MUL}},
	token.SHL: {{"arithmetic", token.SHR}},
	token.SHR: {{"arithmetic", token.SHL}},

	token.ADD_ASSIGN: {{"arithmetic", token.SUB_ASSIGN}, {"arithmetic", token.ASSIGN}},
	token.SUB_ASSIGN: {{"arithmetic", token.ADD_ASSIGN}, {"arithmetic", token.ASSIGN}},
	token.INC:        {{"arithmetic", token.DEC}},
	token.DEC:        {{"arithmetic", token.INC}},

	token.BREAK:    {{"loop", token.CONTINUE}},
	token.CONTINUE: {{"loop", token.BREAK}},
}

// swap swaps the token of n, which stands at pos.
func (f *finder) swap(n ast.Node, pos token.Pos, tok token.Token) {
	from := f.offset(pos)
	for _, s := range swaps[tok] {
		if s.kind == "negation" && f.judged[n] {
			continue // it is tried with both answers already
		}
		f.change(s.kind, edit{from, from + len(tok.String()), s.to.String()})
	}
}

// condition has x be false, whatever it says, and true.
func (f *finder) condition(x ast.Expr) {
	f.judge("never", "false && ", x)
	f.judge("always", "true || ", x)
}

// loop has the condition of a loop be false. True would be a loop without end,
// which hangs and says nothing.
func (f *finder) loop(x ast.Expr) {
	if x != nil {
		f.judge("never", "false && ", x)
	}
}

// judge puts before a condition what answers it. It is still there for the
// compiler, which wants each variable used.
func (f *finder) judge(kind, answer string, x ast.Expr) {
	f.judged[x] = true
	f.change(kind, f.replace(x, answer+"("+f.text(x)+")"))
}

// clauses has the conditions of a switch be false and true, and takes away each
// clause of one that compares values, and of a select.
func (f *finder) clauses(body *ast.BlockStmt, conditions bool) {
	for _, clause := range body.List {
		c, ok := clause.(*ast.CaseClause)
		if !ok || !conditions || c.List == nil {
			f.change("drop", f.take(clause))
			continue
		}
		for _, x := range c.List {
			f.condition(x)
		}
	}
}

// binary changes the operator of x, and takes away either side of && and ||.
func (f *finder) binary(x *ast.BinaryExpr) {
	switch x.Op {
	case token.LAND:
		f.operands("true || ", x)
	case token.LOR:
		f.operands("false && ", x)
	default:
		f.swap(x, x.OpPos, x.Op)
	}
}

// operands takes either side of x away, by the answer that leaves it to the
// other one. A side that is such an operator itself has sides of its own.
func (f *finder) operands(answer string, x *ast.BinaryExpr) {
	for _, side := range []ast.Expr{x.X, x.Y} {
		if b, ok := ast.Unparen(side).(*ast.BinaryExpr); ok && b.Op == x.Op {
			continue
		}
		f.judged[side] = true
		f.change("operand", f.replace(side, "("+answer+"("+f.text(side)+"))"))
	}
}

// unary takes the ! away from x.
func (f *finder) unary(x *ast.UnaryExpr) {
	if x.Op == token.NOT && !f.judged[x] {
		f.change("negation", f.replace(x, f.text(x.X)))
	}
}
