package cli

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// help writes what cmd does, the line to type, its commands and its flags. The
// words in path lead to it.
func help(w io.Writer, cmd *command, path []string) {
	fmt.Fprintln(w, cmd.short)
	if cmd.long != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(cmd.long))
	}
	below := slices.DeleteFunc(slices.Clone(cmd.below), func(sub *command) bool { return sub.hidden || sub.name() == "help" })
	fmt.Fprintf(w, "\n    %s\n", usage(cmd, path, len(below) > 0))
	if len(below) > 0 {
		fmt.Fprintln(w, "\nCommands:")
	}
	for _, sub := range below {
		fmt.Fprintf(w, "    %-22s%s\n", sub.use, sub.short)
	}
	if slices.ContainsFunc(append(below, cmd), func(c *command) bool { return strings.Contains(c.use, "LESSON") }) {
		fmt.Fprintln(w, "\nLESSON is a lesson's number, topic or folder: 1, framing, lessons/01-framing.")
	}
	if hasFlags(cmd) {
		fmt.Fprintln(w, "\nFlags:")
	}
	cmd.flags.VisitAll(func(f *flag.Flag) {
		takes := ""
		if kind := kindOf(f); kind != "bool" {
			takes = " " + kind
		}
		fmt.Fprintf(w, "    %-20s%s%s\n", "-"+f.Name+takes, f.Usage, defaultOf(f))
	})
}

// usage returns the line to type.
func usage(cmd *command, path []string, isGroup bool) string {
	words := append([]string{program}, path...)
	if _, arguments, ok := strings.Cut(cmd.use, " "); ok {
		words = append(words, arguments)
	}
	if isGroup {
		words = append(words, "[command]")
	}
	if hasFlags(cmd) {
		words = append(words, "[-flag …]")
	}
	return strings.Join(words, " ")
}

// hasFlags reports whether cmd has a flag beside -h.
func hasFlags(cmd *command) (has bool) {
	cmd.flags.VisitAll(func(*flag.Flag) { has = true })
	return has
}

// defaultOf says what a flag is when it is not given, if that says anything.
func defaultOf(f *flag.Flag) string {
	switch f.DefValue {
	case "", "0", "0s", "false":
		return ""
	}
	return " (" + f.DefValue + ")"
}
