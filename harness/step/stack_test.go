package step

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/inspect"
)

func TestAPlaceSaysWhatItWaitsFor(t *testing.T) {
	f := inspect.Frame{Function: "example.com/x/lessons/04-sessions.(*Registry).Send", File: "/x/sessions.go", Line: 71}
	require.Equal(t, "sessions.go:71 ((*Registry).Send, chan receive)", place{f, inspect.Goroutine{State: "chan receive"}}.String())
	require.Equal(t, "sessions.go:71 ((*Registry).Send)", place{f, inspect.Goroutine{State: "running"}}.String())
}
