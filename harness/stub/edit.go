package stub

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/token"
	"slices"
)

// An edit puts text in the place of the bytes from..to. The edits of a deriver do not overlap.
type edit struct {
	from, to int
	text     string
}

// replace puts text between two positions.
func (d *deriver) replace(from, to token.Pos, text string) {
	d.edits = append(d.edits, edit{d.offset(from), d.offset(to), text})
}

// cut takes away the lines of from..to, with what trails behind on the last of them.
func (d *deriver) cut(from, to token.Pos) {
	begin := bytes.LastIndexByte(d.text[:d.offset(from)], '\n') + 1
	end := len(d.text)
	if n := bytes.IndexByte(d.text[d.offset(to):], '\n'); n >= 0 {
		end = d.offset(to) + n + 1
	}
	d.edits = append(d.edits, edit{begin, end, ""})
}

// remove takes a declaration away, with its comment and what trails behind it on its last line.
func (d *deriver) remove(doc *ast.CommentGroup, n ast.Node) {
	from := n.Pos()
	if doc != nil {
		from = doc.Pos()
	}
	d.cut(from, n.End())
}

// edited is the text with all edits made.
func (d *deriver) edited() []byte {
	slices.SortFunc(d.edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var out []byte
	at := 0
	for _, e := range d.edits {
		out = append(out, d.text[at:e.from]...)
		out = append(out, e.text...)
		at = e.to
	}
	return append(out, d.text[at:]...)
}

// offset is where in the text a position is, in bytes.
func (d *deriver) offset(at token.Pos) int {
	return d.fset.Position(at).Offset
}

// source is the text of a node as it stands in the solution.
func (d *deriver) source(n ast.Node) string {
	return string(d.text[d.offset(n.Pos()):d.offset(n.End())])
}
