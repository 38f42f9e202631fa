package mutate

import "go/ast"

// An operator makes one kind of change. Changes returns, for a node, the edits of
// each such change that is about it.
type operator struct {
	kind    string
	changes func(n node) [][]edit
}

// operators are all of them. Each node comes by each operator once, and those in it
// after it. A change that does not compile counts for nothing, so that an operator
// need not know types.
var operators = []operator{
	{"never", never},               // the condition of an if, a loop or a case is false
	{"always", always},             // the condition of an if or a case is true
	{"operand", operand},           // one side of && or || is taken out
	{"negation", negation},         // == for !=, < for >=, true for false, and no ! any more
	{"boundary", swap(boundary)},   // < for <=, > for >=
	{"arithmetic", swap(opposite)}, // - for +, / for *, >> for <<, = for +=, -- for ++
	{"number", number},             // a number is one larger
	{"lock", unlocked},             // a mutex is neither locked nor unlocked
	{"drop", drop},                 // a statement, or a clause of a select or a switch, is gone
	{"loop", swap(otherWay)},       // continue for break, and break for continue
	{"outside", outside},           // a statement that a lock guards is outside of it
	{"order", neighbours},          // two statements have changed places
	{"return", early},              // a function returns early, with zero values
	{"cause", cause},               // an error is another one, or is not wrapped, and a context's cause its error
}

// A node is a piece of a solution's syntax, and where it stands.
type node struct {
	ast.Node
	above []ast.Node // what it is in, from the outside
	source
}

// in returns the node that is so many levels above n; nil if there is none.
func (n node) in(levels int) ast.Node {
	if len(n.above) < levels {
		return nil
	}
	return n.above[len(n.above)-levels]
}

// change is a single change, which is one edit.
func change(e edit) [][]edit { return [][]edit{{e}} }
