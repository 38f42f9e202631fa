package stub

import (
	"bytes"
	"cmp"
	"slices"
)

// An edit puts text in the place of the bytes from..to of the solution.
type edit struct {
	from, to int
	text     string
	blame    int // where in the solution to look when the text turns out wrong
}

// edits are changes that do not overlap.
type edits []edit

// sorted returns the edits in the order of their places.
func (es edits) sorted() edits {
	return slices.SortedFunc(slices.Values(es), func(a, b edit) int { return cmp.Compare(a.from, b.from) })
}

// apply returns the text with all edits made.
func (es edits) apply(text []byte) []byte {
	var out []byte
	at := 0
	for _, e := range es.sorted() {
		out = append(out, text[at:e.from]...)
		out = append(out, e.text...)
		at = e.to
	}
	return append(out, text[at:]...)
}

// origin tells which offset of the original text an offset of the edited text comes from.
func (es edits) origin(offset int) int {
	shift := 0 // how far the edited text runs behind the original here
	for _, e := range es.sorted() {
		begins := e.from - shift
		if offset < begins {
			break
		}
		if e.text != "" && offset <= begins+len(e.text) { // the brace after a body is where its return is missed
			return e.blame
		}
		shift += e.to - e.from - len(e.text)
	}
	return offset + shift
}

// lineStart is the offset of the first byte of the line that offset is in.
func lineStart(text []byte, offset int) int {
	return bytes.LastIndexByte(text[:offset], '\n') + 1
}

// nextLine is the offset of the first byte after the line that offset is in.
func nextLine(text []byte, offset int) int {
	end := bytes.IndexByte(text[offset:], '\n')
	if end < 0 {
		return len(text)
	}
	return offset + end + 1
}

// cut is the edit that takes away the lines that from..to is in, with what trails behind on the last of them.
func cut(text []byte, from, to int) edit {
	from = lineStart(text, from)
	return edit{from: from, to: nextLine(text, to), blame: from}
}
