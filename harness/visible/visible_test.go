package visible_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/visible"
)

// Every character of a class that hides or steers, and none of those that people
// write with.
func TestEachClassOfCharacters(t *testing.T) {
	for name, class := range map[string]*unicode.RangeTable{
		"controls": unicode.Cc, "format characters": unicode.Cf, "bidirectional controls": unicode.Bidi_Control,
		"line separators": unicode.Zl, "paragraph separators": unicode.Zp, "private use": unicode.Co,
		"default ignorable": unicode.Other_Default_Ignorable_Code_Point,
	} {
		each(class, func(r rune) {
			shown := visible.Text(string(r))
			require.NotEqual(t, string(r), shown, "%s: %U", name, r)
			require.Equal(t, 1, utf8.RuneCountInString(shown), "%s: %U", name, r)
			require.True(t, unicode.IsGraphic([]rune(shown)[0]), "%s: %U", name, r)
		})
	}
	for name, class := range map[string]*unicode.RangeTable{
		"letters": unicode.L, "numbers": unicode.N, "punctuation": unicode.P, "symbols": unicode.S, "marks": unicode.M, "spaces": unicode.Zs,
	} {
		each(class, func(r rune) {
			if !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
				require.Equal(t, string(r), visible.Text(string(r)), "%s: %U", name, r)
			}
		})
	}
}

// each calls f with each character of a class.
func each(class *unicode.RangeTable, f func(rune)) {
	for _, r16 := range class.R16 {
		for r := rune(r16.Lo); r <= rune(r16.Hi); r += rune(r16.Stride) {
			f(r)
		}
	}
	for _, r32 := range class.R32 {
		for r := rune(r32.Lo); r <= rune(r32.Hi); r += rune(r32.Stride) {
			f(r)
		}
	}
}

func TestWhatIsShownInItsPlace(t *testing.T) {
	for s, want := range map[string]string{
		"":                                  "",
		"héllo 👍🏽 ❤\ufe0f":                  "héllo 👍🏽 ❤\ufe0f",
		"a\r\n\t\x00\x1b[2J\x7f":            "a␍␊␉␀␛[2J␡",
		"\u0085\u009b":                      "��",
		"user\u202etxt.exe":                 "user�txt.exe",
		"\u2066a\u2069\u200e\u200f\u061c":   "�a����",
		"zero\u200bwidth\u200d\u2060\ufeff": "zero�width���",
		"soft\u00adhyphen":                  "soft�hyphen",
		"\u2028\u2029":                      "��",
		"\U000e0041\u3164\ufe01":            "���", // a tag, a filler, a variation selector
		"a\xffb\xc3":                        "a�b�",
		"\xed\xa0\x80":                      "���", // half of a surrogate pair
		"\ue000\U0010ffff":                  "��",
	} {
		require.Equal(t, want, visible.Text(s), "%q", s)
	}
}

func TestALongTextIsCut(t *testing.T) {
	long := strings.Repeat("x", 900<<10)
	require.Equal(t, strings.Repeat("x", visible.Limit)+"… (921600 bytes)", visible.Short(long))
	require.Equal(t, `"`+strings.Repeat("x", visible.Limit)+`"… (921600 bytes)`, visible.Quote(long))
	require.Equal(t, long[:visible.Limit], visible.Short(long[:visible.Limit]))
	for n := range 4 { // no character is cut in two
		s := long[:visible.Limit-n] + "👍" + long
		require.NotContains(t, visible.Short(s), "\uFFFD")
		require.True(t, utf8.ValidString(visible.Quote(s)))
	}
	require.Less(t, len(visible.Short(strings.Repeat("\x80", 1<<20))), 4*visible.Limit)
	require.Less(t, len(visible.Quote(strings.Repeat("\x00", 1<<20))), 5*visible.Limit)
}

func TestAQuoteSaysWhatACharacterIs(t *testing.T) {
	require.Equal(t, `"7"`, visible.Quote("7"))
	require.Equal(t, `"a\"\u202e\x1b\xff\u200b"`, visible.Quote("a\"\u202e\x1b\xff\u200b"))
}
