package compare

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A line that was taken away and begins with two dashes looks like a name, and is none.
func TestLinesOfADiffHaveTheirColours(t *testing.T) {
	text := "--- yours: a.go\n+++ solution: b.go\n@@ -1,2 +1,2 @@\n the same\n--- i\n+++ i\n"
	require.Equal(t, strings.Join([]string{
		bold + "--- yours: a.go" + plain, bold + "+++ solution: b.go" + plain, cyan + "@@ -1,2 +1,2 @@" + plain,
		" the same", red + "--- i" + plain, green + "+++ i" + plain, "",
	}, "\n"), paint(text))
}
