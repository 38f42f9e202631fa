package mutate

import (
	"bytes"
	"fmt"
	"strings"
)

// A Change is one small change to a solution.
type Change struct {
	Kind string // "boundary", "drop" and so on: see the comment of the package
	In   string // the declaration that it is in: "Registry.Open", "queueSize"
	Nth  int    // counts, from 1, the changes that are alike in all that stands here
	Old  string // the line, or the first of the lines, without its margin
	New  string // what becomes of it; "" if nothing is left
	File string // the file's name
	Line int    // where it is now; no part of what tells changes apart

	edits []edit
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

// An edit puts text in the place of the bytes from..to of a file.
type edit struct {
	from, to int
	text     string
}

// apply returns the file with c in it. Its lines keep their numbers.
func (c Change) apply(file []byte) []byte {
	var out []byte
	at := 0
	for _, e := range c.edits {
		out = append(out, file[at:e.from]...)
		out = append(out, e.text...)
		at = e.to
	}
	return append(out, file[at:]...)
}

// describe fills in what c does to the file.
func (c *Change) describe(file []byte) {
	from := c.edits[0].from
	from = bytes.LastIndexByte(file[:from], '\n') + 1
	c.Line = 1 + bytes.Count(file[:from], []byte("\n"))
	c.Old = firstLine(file[from:])
	c.New = firstLine(c.apply(file)[from:])
	if strings.HasPrefix(c.New, "//") { // it was about what is gone
		c.New = ""
	}
}

// firstLine returns the first line of text without its margin.
func firstLine(text []byte) string {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return string(bytes.TrimSpace(line))
}
