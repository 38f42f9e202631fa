package cli

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Only a yes is a yes. Who hangs up has not said so.
func TestAskTakesAYesOnly(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "Yes\r\n": true, "yes": true, "n\n": false, "\n": false, "": false, "yesterday\n": false} {
		yes, err := ask(t.Context(), strings.NewReader(answer), io.Discard, "go on? ")
		require.NoError(t, err)
		require.Equal(t, want, yes, "answer: %q", answer)
	}
}

// Ctrl-C ends the question, too.
func TestAskEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	in, typed := io.Pipe()
	defer typed.Close()
	yes, err := ask(ctx, in, io.Discard, "go on? ")
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, yes)
}
