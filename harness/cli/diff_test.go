package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A line that was taken away and begins with two dashes looks like a name, and is none.
func TestLinesOfADiffHaveTheirColours(t *testing.T) {
	text := "--- yours: a.go\n+++ solution: b.go\n@@ -1,2 +1,2 @@\n the same\n--- i\n+++ i\n"
	coloured := colourDiff(text)
	require.Equal(t, strings.Join([]string{
		bold.set("--- yours: a.go"), bold.set("+++ solution: b.go"), cyan.set("@@ -1,2 +1,2 @@"),
		" the same", red.set("--- i"), green.set("+++ i"), "",
	}, "\n"), coloured)
}
