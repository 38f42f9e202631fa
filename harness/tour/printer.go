package tour

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The two columns of the tour, with their margins, fit into 80.
const (
	margin     = "  "
	leftWidth  = 38
	rightWidth = 37
)

// A style is a way to set text off on a terminal that has colours.
type style string

const (
	plain style = ""
	bold  style = "\x1b[1m"
	faint style = "\x1b[2m"
	green style = "\x1b[32m"
	reset       = "\x1b[0m"
)

// A printer is what the tour is written on. It keeps the first error of its writer
// and is quiet from then on.
type printer struct {
	w      io.Writer
	colour bool
	err    error
}

// set returns s in the style, where there are colours and there is one.
func (p *printer) set(st style, s string) string {
	if !p.colour || st == plain || s == "" {
		return s
	}
	return string(st) + s + reset
}

// line writes one line.
func (p *printer) line(s string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, strings.TrimRight(s, " "))
	}
}

// A row is one line of the two columns: what passed on the wire, and what the
// client made of it.
type row struct{ wire, client string }

// rows writes lines of two columns.
func (p *printer) rows(st style, rows []row) {
	for _, r := range rows {
		left := fmt.Sprintf("%-*s", leftWidth, fit(r.wire, leftWidth))
		p.line(margin + p.set(st, left) + p.set(faint, " │ ") + p.set(st, fit(r.client, rightWidth)))
	}
}

// fit shortens s to width characters.
func fit(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}

// incoming sets the lines of wire after their arrows, and each of the events
// beside the blank line with which it was complete.
func incoming(wire []string, events [][]string) []row {
	var rows []row
	first := 0 // the row in which the current event begins
	for _, line := range wire {
		rows = append(rows, row{wire: "← " + line})
		if line == "␊" && len(events) > 0 {
			rows = endWith(rows, first, events[0])
			events, first = events[1:], len(rows)
		}
	}
	return rows
}

// endWith puts lines on the client's side of the last rows, from first on. Where
// these are too few, more are added.
func endWith(rows []row, first int, lines []string) []row {
	for len(rows)-first < len(lines) {
		rows = append(rows, row{})
	}
	at := len(rows) - len(lines)
	for i, line := range lines {
		rows[at+i].client = line
	}
	return rows
}
