package process

import (
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/windows"
)

// groupOfItsOwn puts what cmd starts into a group.
func groupOfItsOwn(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// Interrupt sends the group of a [Command] that was started what Ctrl-Break sends:
// Ctrl-C can't be sent to a single group. A Go program takes both for
// [os.Interrupt].
func Interrupt(cmd *exec.Cmd) error {
	return windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(cmd.Process.Pid))
}

// interruptAlone kills the process of cmd, since there is no way to interrupt one
// that has no group of its own.
func interruptAlone(cmd *exec.Cmd) error { return cmd.Process.Kill() }

// KillGroup ends the process of a [Command] with what it has started, as long as
// it runs. For one that was never started it does nothing.
func KillGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run() // mostly nothing is left, which is an error here
	}
}

// EndedByInterrupt reports false: here a process is in its own group from the start.
func EndedByInterrupt(error) bool { return false }
