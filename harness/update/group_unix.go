//go:build unix

package update

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/term"
)

// endAll has all processes that cmd starts interrupted when its context ends: git alone would leave behind what waits
// for the network on its behalf. At a terminal, Ctrl-C goes to all of them anyway, and they stay in the terminal's own
// group, for ssh may have to ask there for a passphrase.
func endAll(cmd *exec.Cmd) {
	if term.IsTerminal(int(os.Stdin.Fd())) {
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		return
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
}
