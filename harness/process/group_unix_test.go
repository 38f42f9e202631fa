//go:build unix

package process

import (
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
