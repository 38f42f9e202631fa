// Package cli is the command line of the harness: a file for each command, with
// its flags and what it calls. The work itself is done by the packages beside
// this one. Only main.go uses it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"example.com/sseworkbook/harness/process"
)

// program is how a person starts the harness.
const program = "go run ./harness"

// Run runs the command line args until it is done or ctx ends, and returns the
// status for the process to exit with. What went wrong is one sentence on stderr.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	ctx = untilStarterEnds(ctx)
	if err := run(ctx, args, os.Stdin, stdout, stderr); err != nil {
		if ctx.Err() != nil || process.EndedByInterrupt(err) {
			err = errors.New("stopped")
		}
		fmt.Fprintln(stderr, "harness:", err)
		return 1
	}
	return 0
}

// run runs the command that args begin with.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	cmd, path, rest := find(newRoot(), args)
	arguments, err := cmd.parse(rest)
	if errors.Is(err, errHelp) {
		help(stdout, cmd, path)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w; %s -h lists the flags", err, strings.Join(append([]string{program}, path...), " "))
	}
	if cmd.args != nil {
		if err := cmd.args(cmd, arguments); err != nil {
			return err
		}
	}
	cmd.path, cmd.ctx, cmd.stdin, cmd.stdout, cmd.stderr = path, ctx, stdin, stdout, stderr
	return cmd.run(cmd, arguments)
}

// newRoot returns the harness with all its commands.
func newRoot() *command {
	root := &command{use: "harness", short: "Shows where you are and what comes next.", args: noSuchCommand}
	addWhere(root)
	root.below = []*command{newBasicClient(), newBasicServer(), newBench(), newBidirectionalClient(), newBidirectionalServer(),
		newCompletion(), newDemo(), newTrigger(), newDiff(), newHelp(root), newHint(), newList(), newLoad(), newMistakes(), newNext(),
		newReset(), newServe(), newTest(), newUpdate(), newVerify(), newWatch(), newStubs(), newOften(), newSums()}
	return root
}

// newHelp returns the command that shows the help of the others, which are below root.
func newHelp(root *command) *command {
	return &command{
		use:   "help [COMMAND]",
		short: "Shows what a command does and its flags, like its -h.",
		first: func() []string { return commandWords(root) },
		run: func(cmd *command, args []string) error {
			of, path, rest := find(root, args)
			if err := noSuchCommand(root, rest); err != nil {
				return err
			}
			help(cmd.stdout, of, path)
			return nil
		},
	}
}
