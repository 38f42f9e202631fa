package step_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/step"
)

func TestValuesAreThoseOfTheSequence(t *testing.T) {
	seq := func(yield func(string, error) bool) { _ = yield("a", nil) && yield("b", io.EOF) }
	require.Equal(t, []string{"a", "b"}, step.Values(seq))
}

func TestAListIsAsItWasWritten(t *testing.T) {
	var l step.List[int]
	require.Empty(t, l.All())
	l.Add(1)
	l.Add(2)
	all := l.All()
	all[0] = 7 // a copy
	require.Equal(t, []int{1, 2}, l.All())
}

func TestAnErrorMayBeWrapped(t *testing.T) {
	step.ErrorIs(t, "it is", io.EOF, errors.Join(io.ErrClosedPipe, io.EOF))
}

// A context that somebody keeps is held, and one that nobody keeps is not.
func TestHeldContextsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept []context.Context
		held := step.HeldContexts(10, func(ctx context.Context) {
			if len(kept) < 3 {
				kept = append(kept, ctx)
			}
		})
		require.Equal(t, 3, held())
		runtime.KeepAlive(kept)
	})
}
