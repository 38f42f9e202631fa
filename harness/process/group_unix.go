//go:build unix

package process

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// groupOfItsOwn puts what cmd starts into a group.
func groupOfItsOwn(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// Interrupt sends the group of a [Command] that was started what Ctrl-C sends.
func Interrupt(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }

// interruptAlone interrupts the process of cmd, and none that it has started.
func interruptAlone(cmd *exec.Cmd) error { return cmd.Process.Signal(os.Interrupt) }

// KillGroup ends what is left of the group of a [Command], also when its process
// has ended. For one that was never started it does nothing.
func KillGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // mostly nothing is left, which is an error here
	}
}

// EndedByInterrupt reports whether err is that of a process that an interrupt ended: a
// Ctrl-C that came after it was started, and before it was in its own group.
func EndedByInterrupt(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGINT
}
