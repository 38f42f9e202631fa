package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/hints"
	"example.com/sseworkbook/harness/stub"
)

// newReset returns the command that starts a lesson over.
func newReset() *command {
	var yes bool
	cmd := &command{
		use:   "reset LESSON",
		short: "Starts a lesson over, and keeps what you wrote next to the new file.",
		long: `Restores the lesson's file to its original state. First it copies each Go file that you wrote, for example to
framing.go.orig-20261124-1530 in the same folder; it never overwrites an earlier copy. It asks before it changes anything.`,
		args: oneLesson,
		run: func(cmd *command, args []string) error {
			book, lesson, err := openLesson(args[0])
			if err != nil {
				return err
			}
			if !yes {
				if yes, err = book.mayReset(cmd, lesson); err != nil || !yes {
					return err
				}
			}
			return book.reset(cmd.stdout, lesson)
		},
	}
	cmd.flags.BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// mayReset reports whether a lesson may be started anew: nothing was written in it,
// or a person says so. Where nobody can be asked, that is an error.
func (b workbook) mayReset(cmd *command, lesson catalog.Lesson) (bool, error) {
	written, err := stub.ModifiedFiles(b.root, lesson)
	if err != nil || len(written) == 0 {
		return err == nil, err
	}
	files := strings.Join(written, ", ")
	if !isTerminal(cmd.stdin) {
		return false, fmt.Errorf("your work is in %s, and there is no terminal to ask you; type %s reset %d -yes, which keeps it next to the new file",
			files, program, lesson.Number)
	}
	question := fmt.Sprintf("this replaces %s and keeps what you wrote next to it, as *.orig-… · go on? [y/N] ", files)
	return ask(cmd.ctx, cmd.stdin, cmd.stderr, question)
}

// reset starts a lesson anew, and says what was kept.
func (b workbook) reset(w io.Writer, lesson catalog.Lesson) error {
	kept, err := stub.Reset(b.root, lesson)
	for _, path := range kept {
		fmt.Fprintf(w, "kept   your code, as %s\n", path)
	}
	if err != nil {
		return err
	}
	hints.Forget(b.root, lesson)
	rest := ""
	if len(kept) == 0 {
		rest = "; there was nothing of yours to keep"
	}
	fmt.Fprintf(w, "reset  %s is back to its original state%s\n", b.relative(lesson.File()), rest)
	return nil
}

// ask asks a person for a yes; anything else is a no. When ctx ends first, that is
// an error. What reads the answer then ends with the process, which is soon: the
// reading of a terminal cannot be stopped.
func ask(ctx context.Context, in io.Reader, out io.Writer, question string) (yes bool, err error) {
	fmt.Fprint(out, question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return true, nil
		}
		fmt.Fprintln(out, "nothing was changed")
		return false, nil
	case <-ctx.Done():
		fmt.Fprintln(out)
		return false, ctx.Err()
	}
}
