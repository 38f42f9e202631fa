package trace

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A browser reads each end of a line as LF, and allows what has the hash of that:
// git or an editor may have written the script with CRLF.
func TestAScriptIsAllowedWhateverItsLinesEndWith(t *testing.T) {
	require.Equal(t, hash("a();\nb();\n"), hash("a();\r\nb();\r\n"))
	require.Equal(t, hash("a();\nb();\n"), hash("a();\rb();\r"))
	require.NotEqual(t, hash("a();\nb();\n"), hash("a();b();"))
}
