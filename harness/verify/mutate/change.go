package mutate

import (
	"fmt"
	"strings"
)

// A Change is one small change to a solution.
type Change struct {
	Kind string // "boundary", "drop" and so on: see operators
	In   string // the declaration that it is in: "Registry.Open", "queueSize"
	Nth  int    // counts, from 1, the changes that are alike in all that stands here
	Old  string // the line, or the first of the lines, without its margin
	New  string // what becomes of it; "" if nothing is left
	File string // the file's name
	Line int    // where it is now; no part of what tells changes apart

	edits []edit
}

// An edit puts text in the place of the bytes from..to of a file.
type edit struct {
	from, to int
	text     string
}

// newChange returns the change that edits make of a declaration in the file of this
// name and text.
func newChange(kind, in, name, text string, edits []edit) Change {
	c := Change{Kind: kind, In: in, Nth: 1, File: name, edits: edits}
	from := strings.LastIndexByte(text[:edits[0].from], '\n') + 1
	c.Line = 1 + strings.Count(text[:from], "\n")
	c.Old = firstLine(text[from:])
	c.New = firstLine(c.apply(text)[from:])
	if strings.HasPrefix(c.New, "//") { // it was about what is gone
		c.New = ""
	}
	return c
}

// firstLine returns the first line of text without its margin.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(line)
}

// String returns c as an entry in equivalent/ has it, before its reason.
func (c Change) String() string {
	text := c.Kind + " in " + c.In
	if c.Nth > 1 {
		text += fmt.Sprintf(" #%d", c.Nth)
	}
	text += "\n- " + c.Old
	if c.New != "" {
		text += "\n+ " + c.New
	}
	return text
}

// apply returns the file's text with c in it. Its lines keep their numbers.
func (c Change) apply(text string) string {
	var out strings.Builder
	at := 0
	for _, e := range c.edits {
		out.WriteString(text[at:e.from] + e.text)
		at = e.to
	}
	return out.String() + text[at:]
}
