package step

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A process that is traced, as a debugger does it, knows so. It is this test,
// run by itself with a variable that says it is the one.
func TestAProcessKnowsItsDebugger(t *testing.T) {
	const traced = "STEP_TRACED"
	if os.Getenv(traced) != "" {
		os.Stdout.WriteString(map[bool]string{true: "debugged", false: "alone"}[debugged()])
		os.Exit(0)
	}
	for want, ptrace := range map[string]bool{"debugged": true, "alone": false} {
		said, says, err := os.Pipe()
		require.NoError(t, err)
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), traced+"=1")
		cmd.Stdout = says
		cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: ptrace}
		runtime.LockOSThread() // who traces is a thread
		err = cmd.Start()
		says.Close()
		if ptrace && err != nil {
			t.Skip("this system lets nobody trace a process: ", err)
		}
		require.NoError(t, err)
		if ptrace {
			trace(t, cmd.Process.Pid)
		} else {
			require.NoError(t, cmd.Wait())
		}
		runtime.UnlockOSThread()
		text, err := io.ReadAll(said)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
}

// trace lets the traced process go on until its end, with the signals that it gets.
func trace(t *testing.T, pid int) {
	t.Helper()
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(pid, &status, 0, nil)
		require.NoError(t, err)
		if status.Exited() || status.Signaled() {
			return
		}
		signal := status.StopSignal()
		if signal == syscall.SIGTRAP { // from its start
			signal = 0
		}
		require.NoError(t, syscall.PtraceCont(pid, int(signal)))
	}
}
