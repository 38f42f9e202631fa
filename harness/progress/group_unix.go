//go:build unix

package progress

import (
	"os/exec"
	"syscall"
	"time"
)

// inGroupOfItsOwn puts the processes that cmd starts into a group. When cmd's
// context ends, the whole group is interrupted, since the go command alone
// would leave the compiler or the test that it started behind; it is given a
// moment to clear its folders away.
func inGroupOfItsOwn(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = time.Second
}

// killGroup ends what is left of the group of cmd, which has ended itself.
func killGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // mostly nothing is left, which is an error here
	}
}
