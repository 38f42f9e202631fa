//go:build unix

package process

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKillGroupEndsWhatAProcessLeavesBehind(t *testing.T) {
	cmd, connection := start(t, t.Context(), "boss who leaves")
	require.NoError(t, cmd.Wait())
	KillGroup(cmd)
	requireEnd(t, connection)
	KillGroup(cmd) // nothing is left, which is fine
}

func TestAProcessThatAnInterruptEnded(t *testing.T) {
	cmd, _ := start(t, t.Context(), "worker")
	require.NoError(t, Interrupt(cmd))
	require.True(t, EndedByInterrupt(fmt.Errorf("working: %w", cmd.Wait())))
	cmd, _ = start(t, t.Context(), "worker")
	KillGroup(cmd)
	require.False(t, EndedByInterrupt(cmd.Wait()))
	require.False(t, EndedByInterrupt(nil))
}
