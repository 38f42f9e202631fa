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
	if cmd.HasAvailableSubCommands() || strings.Contains(cmd.Use, "LESSON") {
		fmt.Fprintln(w, "\nA LESSON is its number, its topic or its folder: 1, framing, lessons/01-framing.")
	}
	helpFlags(w, cmd.Flags())
}

// usage returns the line to type.
func usage(cmd *cobra.Command) string {
	_, words, _ := strings.Cut(cmd.UseLine(), " ") // without the root's name
	if cmd.HasAvailableSubCommands() {
		words = "[command]"
	}
	if !hasFlags(cmd) {
		words = strings.TrimSuffix(words, " [flags]")
	}
	return program + " " + strings.ReplaceAll(words, "[flags]", "[-flag …]")
}

// hasFlags reports whether cmd has a flag beside -h.
func hasFlags(cmd *cobra.Command) (has bool) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { has = has || !f.Hidden && f.Name != "help" })
	return has
}

// setHelp has the command help, which is cobra's, speak as the others do.
func setHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "help" {
			continue
		}
		cmd.Use, cmd.Short, cmd.Long = "help [COMMAND]", "What a command does, and its flags: the same as its -h.", ""
		cmd.RunE = func(_ *cobra.Command, args []string) error {
			of, rest, err := root.Find(args)
			if err == nil {
				err = noSuchCommand(root, rest)
			}
			if err != nil {
				return err
			}
			return of.Help()
		}
	}
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
	switch f.Value.Type() {
	case "bool":
		return ""
	case "float64":
		return " number"
	case "stringArray":
		return " string"
	case "stringSlice":
		return " a,b,…"
	}
	return " " + f.Value.Type()
}

// defaultOf says what a flag is when it is not given, if that says anything.
func defaultOf(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
		return ""
	}
	return " (" + f.DefValue + ")"
}
