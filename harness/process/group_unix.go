//go:build unix

package process

import (
	"os"
	"os/exec"
	"syscall"
)

// groupOfItsOwn puts what cmd starts into a group, which is interrupted as one.
func groupOfItsOwn(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
}

// interruptible has the process of cmd interrupted, not killed.
func interruptible(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
}

// KillGroup ends what is left of the group of a [Command] whose process has ended.
func KillGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // mostly nothing is left, which is an error here
	}
}
