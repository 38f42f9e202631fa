package conformance_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// decodeUTF8 is the UTF-8 decoder of the WHATWG Encoding standard (8.1.1), as
// the steps stand there: a state machine over single bytes, which is not how the
// solution does it.
func decodeUTF8(text string) string {
	var out strings.Builder
	var point rune
	var seen, needed int
	lower, upper := byte(0x80), byte(0xBF)
	reset := func() { point, seen, needed, lower, upper = 0, 0, 0, 0x80, 0xBF }
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case needed == 0:
			point, needed, lower, upper = lead(b)
			if needed == 0 {
				out.WriteRune(point)
			}
		case b < lower || b > upper:
			reset()
			out.WriteRune(utf8.RuneError)
			i-- // the byte is restored, and read again as the first of a character
		default:
			lower, upper = 0x80, 0xBF
			point = point<<6 | rune(b&0x3F)
			if seen++; seen == needed {
				out.WriteRune(point)
				reset()
			}
		}
	}
	if needed != 0 {
		out.WriteRune(utf8.RuneError)
	}
	return out.String()
}

// lead says what the first byte of a character stands for: its bits, how many
// bytes are to follow, and the bounds of the next one.
func lead(b byte) (point rune, needed int, lower, upper byte) {
	lower, upper = 0x80, 0xBF
	switch {
	case b <= 0x7F:
		return rune(b), 0, lower, upper
	case b >= 0xC2 && b <= 0xDF:
		return rune(b & 0x1F), 1, lower, upper
	case b >= 0xE0 && b <= 0xEF:
		if b == 0xE0 {
			lower = 0xA0
		}
		if b == 0xED {
			upper = 0x9F
		}
		return rune(b & 0xF), 2, lower, upper
	case b >= 0xF0 && b <= 0xF4:
		if b == 0xF0 {
			lower = 0x90
		}
		if b == 0xF4 {
			upper = 0x8F
		}
		return rune(b & 0x7), 3, lower, upper
	}
	return utf8.RuneError, 0, lower, upper
}

// TestWhatIsNotUTF8IsCountedAsInABrowser reads all texts of four bytes out of
// those at which the rules change. Shorter texts are among them, with letters
// around.
func TestWhatIsNotUTF8IsCountedAsInABrowser(t *testing.T) {
	const edges = "A\x7F\x80\x8F\x90\x9F\xA0\xBF\xC1\xC2\xDF\xE0\xED\xEF\xF0\xF4\xF5\xFF"
	var texts []string
	for i := range len(edges) * len(edges) * len(edges) * len(edges) {
		var text [4]byte
		for at := range text {
			text[at] = edges[i%len(edges)]
			i /= len(edges)
		}
		texts = append(texts, string(text[:]))
	}

	got := read(t, strings.NewReader("data: "+strings.Join(texts, "\n\ndata: ")+"\n\n"))
	require.Len(t, got.events, len(texts))
	for i, text := range texts {
		if want := decodeUTF8(text); got.events[i].Data != want {
			t.Fatalf("%q is %+q in a browser, and %+q here", text, want, got.events[i].Data)
		}
	}
}
