package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// A command is a word of the command line, with its flags and what it does.
type command struct {
	use    string                                  // its name and its arguments: "hint [LESSON] [N]"
	short  string                                  // one sentence
	long   string                                  // further ones, for its help
	hidden bool                                    // from the help: for authors, or for the harness itself
	args   func(cmd *command, args []string) error // refuses arguments; nil: none is refused
	run    func(cmd *command, args []string) error
	first  func() []string                        // what its first argument may be, if that is no lesson and no command
	values map[string]func(typed string) []string // what a flag's value may be, for the flags that take one of a few
	plain  bool                                   // whether what looks like a flag is an argument
	flags  flag.FlagSet
	below  []*command

	// What it runs with.
	path           []string // the words that lead to it
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
}

// name returns the word that is typed.
func (c *command) name() string {
	name, _, _ := strings.Cut(c.use, " ")
	return name
}

// find returns the command below root that args name, the words that lead to it, and
// the args that are left. Flags may stand before its name. Where args name none, it is
// root.
func find(root *command, args []string) (cmd *command, path, rest []string) {
	cmd = root
	for {
		i := slices.IndexFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "-") })
		j := slices.IndexFunc(cmd.below, func(sub *command) bool { return i >= 0 && sub.name() == args[i] })
		if j < 0 {
			return cmd, path, args
		}
		cmd, path, args = cmd.below[j], append(path, args[i]), slices.Concat(args[:i], args[i+1:])
	}
}

// errHelp says that a command's help was asked for.
var errHelp = errors.New("help")

// parse sets cmd's flags, which may stand before and after arguments, and returns
// the arguments. A flag has one dash, or two: -n 5, -n=5, --n 5. What comes after "--"
// is no flag.
func (c *command) parse(args []string) (arguments []string, err error) {
	for len(args) > 0 && !c.plain {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			arguments = append(arguments, arg)
			continue
		}
		name, value, given := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		if name == "h" || name == "help" {
			return nil, errHelp
		}
		f := c.flags.Lookup(name)
		switch {
		case f == nil:
			return nil, fmt.Errorf("there is no flag -%s", name)
		case given:
		case kindOf(f) == "bool":
			value = "true"
		case len(args) == 0:
			return nil, fmt.Errorf("the flag -%s needs a value", name)
		default:
			value, args = args[0], args[1:]
		}
		if c.flags.Set(name, value) != nil {
			return nil, fmt.Errorf("the flag -%s takes %s (got %q)", name, kinds[kindOf(f)], value)
		}
	}
	return append(arguments, args...), nil
}

// kinds says what a flag of a kind takes.
var kinds = map[string]string{
	"bool":     "true or false",
	"duration": "a duration, such as 500ms or 2s",
	"int":      "a number",
	"number":   "a number",
	"uint":     "a number that is not negative",
}

// kindOf names what a flag takes, as the help does.
func kindOf(f *flag.Flag) string {
	if l, ok := f.Value.(list); ok {
		return l.kind
	}
	switch kind, _ := flag.UnquoteUsage(f); kind {
	case "":
		return "bool"
	case "float":
		return "number"
	default:
		return kind
	}
}

// A list is a flag with many values: it is given many times, or its kind is "a,b,…".
type list struct {
	values *[]string
	kind   string
}

func (l list) String() string { return "" }

func (l list) Set(value string) error {
	if l.kind == "string" {
		*l.values = append(*l.values, value)
	} else {
		*l.values = append(*l.values, strings.Split(value, ",")...)
	}
	return nil
}

// noSuchCommand refuses what is no command, and names the closest one.
func noSuchCommand(root *command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range root.below {
		if !sub.hidden {
			names = append(names, sub.name())
		}
	}
	if closest := catalog.Closest(args[0], names); closest != "" {
		return fmt.Errorf("there is no command %q; did you mean %s?", args[0], closest)
	}
	return fmt.Errorf("there is no command %q; %s -h lists them", args[0], program)
}

// noArguments refuses arguments.
func noArguments(cmd *command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments, but got %q", cmd.name(), args[0])
	}
	return nil
}
