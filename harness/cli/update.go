package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"example.com/sseworkbook/harness/status"
	"example.com/sseworkbook/harness/toolchain"
	"example.com/sseworkbook/harness/update"
)

// newUpdate returns the command that brings in a newer workbook.
func newUpdate() *command {
	var o update.Options
	cmd := &command{
		use:   "update",
		short: "Updates the workbook and leaves your code alone.",
		long: `
Replaces the workbook's own files with those of a newer version; if you edited one, your version is kept next to it.
Your files in lessons/ stay unchanged, committed or not. If the stub that you started from has changed, it shows you
how. It needs git, and a copy of the workbook that you made with git clone.`,
		args: noArguments,
		run: func(cmd *command, _ []string) error {
			book, err := openWorkbook()
			if err != nil {
				return err
			}
			changed, err := update.Run(cmd.ctx, book.root, o, cmd.stdout)
			if err != nil || !changed {
				return err
			}
			return book.afterUpdate(cmd)
		},
	}
	cmd.flags.StringVar(&o.From, "from", "", "newer workbook: a URL, a folder or a git remote (default: upstream, the remote that your branch tracks, or origin)")
	cmd.flags.BoolVar(&o.DryRun, "dry-run", false, "show what would happen, and change no file")
	return cmd
}

// afterUpdate sees whether the newer harness builds, and says in a line where the
// learner is.
func (b workbook) afterUpdate(cmd *command) error {
	if err := b.builds(cmd.ctx); err != nil {
		return err
	}
	_, results, err := judgeAll(cmd) // with the new lessons
	if err != nil {
		return err
	}
	where := "all lessons are done"
	if next, open := status.FirstOpen(results); open {
		where = fmt.Sprintf("lesson %s is next: %s", next.Lesson.Name, strings.TrimSpace(status.Summary(next)))
	}
	fmt.Fprintf(cmd.stdout, "you     %s · %s\n", where, program)
	return nil
}

// buildLines is how many of the compiler's lines say why the harness does not build.
const buildLines = 5

// builds says what is wrong when the harness does not build.
func (b workbook) builds(ctx context.Context) error {
	output, err := toolchain.Command(ctx, b.root, "build", "-o", os.DevNull, "./harness").CombinedOutput()
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	text := strings.TrimSpace(string(output))
	if text == "" {
		return fmt.Errorf("the workbook is updated, but go build did not run: %w", err)
	}
	for _, sign := range []string{"dial tcp", "no such host", "module lookup disabled", "GOPROXY", "proxy.golang.org"} {
		if strings.Contains(text, sign) {
			return errors.New("the workbook is updated, but it needs modules that are not on this machine yet: " +
				"connect to the network and run go mod download")
		}
	}
	lines := strings.SplitAfterN(text, "\n", buildLines+1)
	text = strings.TrimSpace(strings.Join(lines[:min(len(lines), buildLines)], ""))
	return fmt.Errorf("the workbook is updated, but its harness does not build; is a file of yours in one of its folders?\n%s", text)
}
