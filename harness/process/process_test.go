//go:build unix

package process

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// This test's own program is also a process that waits for an interrupt.
func TestMain(m *testing.M) {
	if os.Getenv("UNTIL_INTERRUPTED") == "" {
		os.Exit(m.Run())
	}
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)
	fmt.Println("ready")
	<-interrupt
}

// start runs a shell script and returns the command with the first line that it prints.
func start(t *testing.T, ctx context.Context, script string) (*exec.Cmd, string) {
	t.Helper()
	cmd := Command(ctx, "sh", "-c", script)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	return cmd, strings.TrimSpace(line)
}

// A shell that waits for its child ends, and so does the child.
func TestTheEndOfAContextReachesWhatAProcessHasStarted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd, pid := start(t, ctx, `sh -c 'echo $$; exec sleep 600'; true`)
	cancel()
	require.Error(t, cmd.Wait())
	child, err := strconv.Atoi(pid)
	require.NoError(t, err)
	require.NotEqual(t, child, cmd.Process.Pid)
	require.True(t, gone(child), "the child is still running")
}

// A process is told to stop, and may say goodbye.
func TestAProcessMayEndInItsOwnWay(t *testing.T) {
	t.Setenv("UNTIL_INTERRUPTED", "yes")
	ctx, cancel := context.WithCancel(t.Context())
	cmd, _ := start(t, ctx, `exec '`+os.Args[0]+`'`)
	cancel()
	require.ErrorIs(t, cmd.Wait(), context.Canceled)
	require.Equal(t, 0, cmd.ProcessState.ExitCode())
}

func TestAProcessThatDoesNotListenIsKilled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd, _ := start(t, ctx, `trap '' INT; echo ready; exec sleep 600`)
	cancel()
	require.Error(t, cmd.Wait())
	require.Equal(t, -1, cmd.ProcessState.ExitCode(), "it was ended by a signal")
}

func TestKillGroupEndsWhatAProcessLeavesBehind(t *testing.T) {
	cmd, pid := start(t, t.Context(), `sleep 600 </dev/null >/dev/null 2>&1 & echo $!`)
	require.NoError(t, cmd.Wait())
	child, err := strconv.Atoi(pid)
	require.NoError(t, err)
	KillGroup(cmd)
	require.True(t, gone(child), "the child is still running")
	KillGroup(cmd) // nothing is left, which is fine
}

func TestKillGroupOfWhatWasNeverStarted(t *testing.T) {
	KillGroup(Command(t.Context(), "sh"))
}

// gone waits until there is no process of this number any more, or one that has
// ended and that only nobody has asked about yet.
func gone(pid int) bool {
	for range 1_000 {
		if syscall.Kill(pid, 0) != nil {
			return true
		}
		state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
		if err != nil || strings.HasPrefix(strings.TrimSpace(string(state)), "Z") {
			return true
		}
	}
	return false
}
