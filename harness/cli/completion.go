package cli

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// scripts are what has a shell complete the words after "go run ./harness". Those of
// cobra are for a program of one name, which a person who types that has not.
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
func newCompletion() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "completion SHELL",
		Short: "Has your shell complete commands, lessons and flags.",
		Long: `Prints a script for SHELL, which is bash, zsh, fish or powershell, that has it complete what comes after
go run ./harness in this folder. All else about go stays as it was. To try it in this shell, in bash or zsh:

    eval "$(go run ./harness completion bash)"

in fish:

    go run ./harness completion fish | source

and in PowerShell:

    go run ./harness completion powershell | Out-String | Invoke-Expression

To have it in each new one, keep the script in a file, and have your shell's own start file read that.`,
		Args:      oneShell,
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := scripts.ReadFile(scriptOf[args[0]])
			if err != nil {
				return fmt.Errorf("reading the script for %s: %w", args[0], err)
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.AddCommand(newWords())
	return cmd
}

// oneShell demands the name of a shell as the only argument.
func oneShell(_ *cobra.Command, args []string) error {
	if len(args) == 1 && scriptOf[args[0]] != "" {
		return nil
	}
	if len(args) == 0 {
		return errors.New("for which shell? There are bash, zsh, fish and powershell")
	}
	return fmt.Errorf("there is no script for %q; there are bash, zsh, fish and powershell", strings.Join(args, " "))
}

// newWords returns the command that the scripts ask. Its arguments are the words
// before the one to be completed, and that one after a "=", so that it is never
// empty. It prints what that one may be, a line each, with a tab before what is to
// be said of it.
func newWords() *cobra.Command {
	return &cobra.Command{
		Use:                "words WORD … =WORD",
		Short:              "What may come next on the command line, for the scripts.",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || !strings.HasPrefix(args[len(args)-1], "=") {
				return errors.New("words is for the scripts; the last word needs a = before it")
			}
			last := len(args) - 1
			return printWords(cmd.OutOrStdout(), args[:last], strings.TrimPrefix(args[last], "="))
		},
	}
}

// printWords writes what may come after the words before, of which some is typed.
// cobra knows commands and flags.
func printWords(w io.Writer, before []string, typed string) error {
	root := newRoot()
	completeLessons(root)
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(io.Discard)
	word := typed
	if strings.HasPrefix(word, "-") && word != "-" && !strings.HasPrefix(word, "--") {
		word = "-" + word // as cobra has them
	}
	root.SetArgs(slices.Concat([]string{cobra.ShellCompRequestCmd}, dashes(before), []string{word}))
	if err := root.Execute(); err != nil {
		return err
	}
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, ":") || strings.HasPrefix(line, "-h\t") {
			continue // how cobra's own scripts are to go on; -help is enough
		}
		if !strings.HasPrefix(typed, "--") && strings.HasPrefix(line, "--") {
			line = line[1:] // as the workbook writes its flags
		}
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
	}
	return nil
}

// completeLessons has the commands of root that take lessons know their names.
func completeLessons(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		if strings.Contains(cmd.Use, "LESSON") && cmd.ValidArgsFunction == nil {
			many := strings.Contains(cmd.Use, "LESSON …")
			cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
				if len(args) > 0 && !many {
					return nil, cobra.ShellCompDirectiveNoFileComp
				}
				return lessonWords(typed), cobra.ShellCompDirectiveNoFileComp
			}
		}
		if mine := cmd.Flags().Lookup("mine"); mine != nil && mine.Value.Type() == "string" {
			_ = cmd.RegisterFlagCompletionFunc("mine", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
				return lessonWords(typed), cobra.ShellCompDirectiveNoFileComp
			})
		}
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
