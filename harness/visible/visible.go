// Package visible makes text of a peer's fit to be printed, so that it can neither
// hide nor steer a terminal, nor fill a log. The programs and the diagrams print
// what others have sent through it.
package visible

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limit is how many bytes of a text [Short] and [Quote] leave.
const Limit = 200

// Text returns s with each control character of ASCII as its symbol, ␊ for a line
// feed, and with U+FFFD for each other character that shows nothing by itself or
// changes how others are shown (controls, line separators, bidirectional and other
// format characters, zero-width ones), and for each byte that is not UTF-8.
func Text(s string) string { return strings.Map(symbol, s) }

// Short is [Text] of the first [Limit] bytes of s. It says how many there were if
// that is not all.
func Short(s string) string {
	start, rest := cut(s)
	return Text(start) + rest
}

// Quote is [Short] in quotes, as Go writes them: what a character is that shows
// nothing, and where the text ends, can be read.
func Quote(s string) string {
	start, rest := cut(s)
	return strconv.Quote(start) + rest
}

// cut returns the first bytes of s, whole characters only, and words for the rest.
func cut(s string) (start, rest string) {
	if len(s) <= Limit {
		return s, ""
	}
	end := Limit
	for end > Limit-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end], fmt.Sprintf("… (%d bytes)", len(s))
}

// symbol returns what is shown in the place of r.
func symbol(r rune) rune {
	switch {
	case r < ' ':
		return '␀' + r // the symbols stand in the order of the characters
	case r == 0x7f:
		return '␡'
	case !unicode.IsGraphic(r), isInvisible(r):
		return utf8.RuneError
	}
	return r
}

// isInvisible reports whether r is one of the graphic characters that show
// nothing: fillers, joiners and variation selectors. The two selectors that choose
// between text and emoji are part of ordinary text.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) && r != 0xfe0e && r != 0xfe0f
}
