// Package cli is the command line of the harness: a file for each command, with
// its flags and what it calls. The work itself is done by the packages beside
// this one. Only main.go uses it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// program is how a person starts the harness.
const program = "go run ./harness"

// Run runs the command line args until it is done or ctx ends, and returns the
// status for the process to exit with. What went wrong is one sentence on stderr.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(dashes(args))
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		if ctx.Err() != nil {
			err = errors.New("stopped")
		}
		fmt.Fprintln(stderr, "harness:", err)
		return 1
	}
	return 0
}

// newRoot returns the harness with all its commands.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "harness",
		Short:         "Shows where you are and what comes next.",
		Args:          noSuchCommand,
		SilenceErrors: true,
		SilenceUsage:  true,

		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	addWhere(root)
	root.SetHelpFunc(help)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newDemo(), newBasicServer(), newBasicClient(), newTwoWayServer(), newTwoWayClient(), newTrigger(), newLoad(),
		newList(), newTest(), newServe(), newNext(), newWatch(), newHint(), newMistakes(), newDiff(), newReset(), newUpdate(), newBench(), newVerify(), newCompletion(), newStubs(), newOften(), newSums())
	setHelp(root)
	return root
}

// dashes writes the flags as cobra wants them. The workbook writes a flag with
// one dash, as Go's own tools do: -addr. To cobra that is five flags of a letter
// each, so it gets --addr. What comes after "--" is no flag.
func dashes(args []string) []string {
	var out []string
	for i, arg := range args {
		if arg == "--" {
			return append(out, args[i:]...)
		}
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' && isLetter(arg[1]) && arg[2] != '=' {
			arg = "-" + arg
		}
		out = append(out, arg)
	}
	return out
}

// isLetter reports whether c is a letter of ASCII.
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// noSuchCommand refuses what is no command, and names the closest one.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 3
	if close := cmd.SuggestionsFor(args[0]); len(close) > 0 {
		return fmt.Errorf("there is no command %q; did you mean %s?", args[0], strings.Join(close, " or "))
	}
	return fmt.Errorf("there is no command %q; %s -h lists them", args[0], program)
}

// noArguments refuses arguments in the words of this program.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments, but got %q", cmd.Name(), args[0])
	}
	return nil
}

// flagError says what is wrong with a flag, with the one dash that was typed.
func flagError(cmd *cobra.Command, err error) error {
	what := err.Error()
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		what = "there is no flag -" + e.GetSpecifiedName()
	} else if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		what = fmt.Sprintf("the flag -%s needs a value", e.GetSpecifiedName())
	} else if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		what = fmt.Sprintf("the flag -%s takes %s, not %q", e.GetFlag().Name, kind(e.GetFlag()), e.GetValue())
	}
	return fmt.Errorf("%s; %s -h shows what there is", what, strings.TrimSpace(program+" "+commandPath(cmd)))
}

// kind says what a flag takes.
func kind(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true or false"
	case "duration":
		return "a time, such as 500ms or 2s"
	case "int", "float64":
		return "a number"
	}
	return "a " + f.Value.Type()
}

// commandPath returns the names of cmd without the program's.
func commandPath(cmd *cobra.Command) string {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	return path
}
