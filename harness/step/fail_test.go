package step

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompareShowsWhereTwoTextsPart(t *testing.T) {
	for name, c := range map[string]struct {
		got, want string
		lines     []string
	}{
		"in the middle": {`"data: a\nb"`, `"data: a\ndata: b"`, []string{
			`got  "data: a\nb"`,
			`want "data: a\ndata: b"`,
			`               ^`,
		}},
		"at the start": {``, `"x"`, []string{
			`got  `,
			`want "x"`,
			`     ^`,
		}},
		"one begins with the other": {`"ab"`, `"abc"`, []string{
			`got  "ab"`,
			`want "abc"`,
			`        ^`,
		}},
		"characters of several bytes": {`"äöü"`, `"äöx"`, []string{
			`got  "äöü"`,
			`want "äöx"`,
			`        ^`,
		}},
		"late in long ones": {
			strings.Repeat("-", 100) + "x" + strings.Repeat("+", 100),
			strings.Repeat("-", 100) + "y" + strings.Repeat("+", 100),
			[]string{
				"got  …" + strings.Repeat("-", 40) + "x" + strings.Repeat("+", 29) + "…",
				"want …" + strings.Repeat("-", 40) + "y" + strings.Repeat("+", 29) + "…",
				strings.Repeat(" ", 5+1+40) + "^",
			}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.lines, Compare("got ", c.got, "want", c.want))
		})
	}
}

func TestAFailureHasFiveLinesOfDetailsAtMost(t *testing.T) {
	require.Equal(t, "s\n1\n2\n3\n4\n5", message("s", strings.Split("123456", "")))
}
