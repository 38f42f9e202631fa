// Package process starts the programs that the harness runs beside itself, so
// that each of them ends when it is told to, with all that it has started itself.
package process

import (
	"context"
	"os"
	"os/exec"
	"time"

	"golang.org/x/term"
)

// Grace is how long an interrupted process may take to end before it is killed,
// and for how long its output is still waited for.
const Grace = 2 * time.Second

// Command returns a command that is not started yet. Its process and those that
// it starts are a group of their own: when ctx ends, the whole group is
// interrupted, since the process alone would leave the others behind, and what is
// left of the process is killed after [Grace].
//
// A process in a group of its own cannot read from the terminal. See [AtTerminal].
func Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	groupOfItsOwn(cmd)
	cmd.Cancel = func() error { return Interrupt(cmd) }
	cmd.WaitDelay = Grace
	return cmd
}

// AtTerminal returns a command for a program that may have to ask something, such
// as for a passphrase. If this process's standard input is a terminal, the process
// stays in the terminal's group: it can read there, and Ctrl-C reaches it and
// those that it starts. Otherwise it is a [Command].
func AtTerminal(ctx context.Context, name string, args ...string) *exec.Cmd {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return Command(ctx, name, args...)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return interruptAlone(cmd) }
	cmd.WaitDelay = Grace
	return cmd
}
