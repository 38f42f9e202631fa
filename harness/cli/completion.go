package cli

import (
	"embed"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// scripts are what has a shell complete the words after "go run ./harness".
//
//go:embed completion.bash completion.zsh completion.fish completion.ps1
var scripts embed.FS

// scriptOf is the script for each shell.
var scriptOf = map[string]string{
	"bash":       "completion.bash",
	"zsh":        "completion.zsh",
	"fish":       "completion.fish",
	"powershell": "completion.ps1",
}

// newCompletion returns the command that teaches a shell the words of the others.
func newCompletion() *command {
	return &command{
		use:   "completion SHELL",
		short: "Sets up shell completion for commands, lessons and flags.",
		long: `Prints a script for SHELL, which is bash, zsh, fish or powershell. With it, the shell completes what comes after
go run ./harness in this folder; completion for the rest of go is unchanged. To try it in this shell, in bash or zsh:

    eval "$(go run ./harness completion bash)"

in fish:

    go run ./harness completion fish | source

and in PowerShell:

    go run ./harness completion powershell | Out-String | Invoke-Expression

To have it in every new shell, save the script to a file and load that file from your shell's startup file.`,
		first: func() []string { return slices.Sorted(maps.Keys(scriptOf)) },
		run: func(cmd *command, args []string) error {
			if len(args) == 0 {
				return errors.New("which shell? Name one of bash, zsh, fish and powershell")
			}
			shell := strings.Join(args, " ")
			text, err := scripts.ReadFile(scriptOf[shell])
			if err != nil {
				return fmt.Errorf("there is no script for %q; name one of bash, zsh, fish and powershell", shell)
			}
			_, err = cmd.stdout.Write(text)
			return err
		},
		below: []*command{newWords()},
	}
}

// newWords returns the command that the scripts ask. Its arguments are the words
// before the one to be completed, and that one after a "=", so that it is never
// empty. It prints what that one may be, a line each, with a tab before what is to
// be said of it.
func newWords() *command {
	return &command{
		use:    "words WORD … =WORD",
		short:  "Lists what may come next on the command line, for the scripts.",
		hidden: true,
		plain:  true,
		run: func(cmd *command, args []string) error {
			if len(args) == 0 || !strings.HasPrefix(args[len(args)-1], "=") {
				return errors.New("words is for the completion scripts; the last word needs a = before it")
			}
			last := len(args) - 1
			typed := strings.TrimPrefix(args[last], "=")
			for _, word := range nextWords(newRoot(), args[:last], typed) {
				if strings.HasPrefix(word, typed) {
					fmt.Fprintln(cmd.stdout, word)
				}
			}
			return nil
		},
	}
}

// nextWords returns what may come after the words before, of which typed is there.
func nextWords(root *command, before []string, typed string) (words []string) {
	cmd, _, rest := find(root, before)
	arguments, err := cmd.parse(rest)
	switch {
	case strings.HasPrefix(typed, "-"):
		dashes := "-"
		if strings.HasPrefix(typed, "--") {
			dashes = "--"
		}
		cmd.flags.VisitAll(func(f *flag.Flag) { words = append(words, dashes+f.Name+"\t"+f.Usage) })
	case err != nil: // the last word may be a flag that needs its value
		if values := cmd.values[strings.TrimLeft(rest[len(rest)-1], "-")]; values != nil {
			return values(typed)
		}
	case strings.Contains(cmd.use, "LESSON") && (len(arguments) == 0 || strings.Contains(cmd.use, "LESSON …")):
		return lessonWords(typed)
	case len(arguments) == 0:
		words = commandWords(cmd)
		if cmd.first != nil {
			words = append(words, cmd.first()...)
		}
	}
	return words
}

// commandWords returns the commands below cmd, each with what it does.
func commandWords(cmd *command) (words []string) {
	for _, sub := range cmd.below {
		if !sub.hidden {
			words = append(words, sub.name()+"\t"+sub.short)
		}
	}
	return words
}

// oneOrMore returns what may be typed where names are, with commas between them: each
// name that is not there yet, after those that are.
func oneOrMore(names []string) func(typed string) []string {
	return func(typed string) (words []string) {
		chosen := typed[:strings.LastIndex(typed, ",")+1]
		for _, name := range names {
			if !slices.Contains(strings.Split(chosen, ","), name) {
				words = append(words, chosen+name)
			}
		}
		return words
	}
}

// lessonWords returns the lessons' names that begin with what is typed, with their
// titles: of each its topic where that does, or else its folder's name.
func lessonWords(typed string) (words []string) {
	book, err := openWorkbook()
	if err != nil {
		return nil
	}
	for _, lesson := range book.lessons {
		for _, name := range []string{lesson.Name, lesson.Topic, "lessons/" + lesson.Name} {
			if strings.HasPrefix(name, typed) {
				words = append(words, name+"\t"+lesson.Title)
				break
			}
		}
	}
	return words
}
