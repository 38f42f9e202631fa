package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// help writes what cmd does, its commands, and its flags with one dash.
func help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	fmt.Fprintln(w, cmd.Short)
	if cmd.Long != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(cmd.Long))
	}
	fmt.Fprintf(w, "\n    %s\n", usage(cmd))
	helpCommands(w, cmd)
	helpFlags(w, cmd.Flags())
}

// usage returns the line to type.
func usage(cmd *cobra.Command) string {
	_, words, _ := strings.Cut(cmd.UseLine(), " ") // without the root's name
	if cmd.HasAvailableSubCommands() {
		words = "[command]"
	}
	return program + " " + strings.ReplaceAll(words, "[flags]", "[-flag …]")
}

// helpCommands lists the commands below cmd.
func helpCommands(w io.Writer, cmd *cobra.Command) {
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintln(w, "\nCommands:")
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			_, arguments, _ := strings.Cut(strings.TrimSuffix(sub.Use, " [flags]"), " ")
			fmt.Fprintf(w, "    %-22s%s\n", strings.TrimSpace(sub.Name()+" "+arguments), sub.Short)
		}
	}
}

// helpFlags lists flags.
func helpFlags(w io.Writer, flags *pflag.FlagSet) {
	first := true
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		if first {
			fmt.Fprintln(w, "\nFlags:")
			first = false
		}
		fmt.Fprintf(w, "    %-20s%s%s\n", "-"+f.Name+placeholder(f), f.Usage, defaultOf(f))
	})
}

// placeholder names the kind of value that a flag takes.
func placeholder(f *pflag.Flag) string {
	if f.Value.Type() == "bool" {
		return ""
	}
	return " " + f.Value.Type()
}

// defaultOf says what a flag is when it is not given, if that says anything.
func defaultOf(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "0", "0s", "false":
		return ""
	}
	return " (" + f.DefValue + ")"
}
