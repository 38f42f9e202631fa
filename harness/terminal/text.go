package terminal

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// plainWidth is how wide text is where no terminal says how wide it is.
// Wider lines are not made in a terminal either: they are hard to read.
const plainWidth = 100

// minWidth is how wide text is where a terminal is smaller than that.
const minWidth = 40

// margin is what stands before the text beside a label: "next  ".
const margin = "      "

// A style is how text looks: as it is, or with a terminal's colours.
type style struct{ colour bool }

func (s style) bold(text string) string  { return s.paint("1", text) }
func (s style) dim(text string) string   { return s.paint("2", text) }
func (s style) red(text string) string   { return s.paint("1;31", text) }
func (s style) green(text string) string { return s.paint("1;32", text) }

// paint puts text between the escape codes for how and for as it was.
func (s style) paint(how, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + how + "m" + text + "\x1b[0m"
}

// part returns a part of the screen: a label, painted, and the lines of text beside it
// and under it.
func (v view) part(paint func(string) string, label, text string) string {
	return paint(fmt.Sprintf("%-*s", len(margin), label)) + indent(text) + "\n"
}

// indent puts the margin before each line of text but the first, and blank ones.
func indent(text string) string {
	text = strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+margin)
	return strings.ReplaceAll(text, "\n"+margin+"\n", "\n\n")
}

// fold breaks a text of one line for a part.
func (v view) fold(text string) string { return wrap(text, v.width-len(margin)) }

// wrap breaks a text of one line between words, so that no line is wider than
// width where a word is not.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+length > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += length
	}
	return b.String()
}

// painted is an escape code, which takes no room.
var painted = regexp.MustCompile("\x1b\\[[0-9;]*m")

// broken breaks the lines that are wider than the screen: between words, where there
// are some.
func (v view) broken(text string) string {
	all := strings.SplitAfter(text, "\n")
	for i, line := range all {
		all[i] = v.breakLine(line)
	}
	return strings.Join(all, "")
}

// breakLine breaks one line. What goes on below begins where the line does.
func (v view) breakLine(line string) string {
	var done strings.Builder
	bare := painted.ReplaceAllString(line, "")
	margin := strings.Repeat(" ", min(len(bare)-len(strings.TrimLeft(bare, " ")), v.columns/2))
	column, space, from := 0, 0, 0 // the column; behind the last space of the line, and where the line begins, in bytes
	for i := 0; i < len(line); {
		if code := painted.FindStringIndex(line[i:]); code != nil && code[0] == 0 {
			i += code[1]
			continue
		}
		r, size := utf8.DecodeRuneInString(line[i:])
		if column == v.columns && r != '\n' {
			at := i
			if space > from {
				at = space
			}
			done.WriteString(strings.TrimRight(line[from:at], " ") + "\n" + margin)
			column = len(margin) + utf8.RuneCountInString(painted.ReplaceAllString(line[at:i], ""))
			from = at
		}
		i += size
		column++
		if r == ' ' && strings.TrimSpace(line[from:i]) != "" {
			space = i
		}
	}
	return done.String() + line[from:]
}

// reflow breaks the paragraphs of a Markdown text anew. Code and lists stay in
// their lines.
func reflow(text string, width int) string {
	paragraphs := strings.Split(strings.Trim(text, "\n"), "\n\n")
	for i, p := range paragraphs {
		if !strings.HasPrefix(p, "    ") && !strings.HasPrefix(p, "- ") && !strings.HasPrefix(p, "```") {
			paragraphs[i] = wrap(p, width)
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// clip shortens a line to width.
func clip(line string, width int) string {
	runes := []rune(line)
	if len(runes) <= width || width < 1 {
		return line
	}
	return string(runes[:width-1]) + "…"
}
