package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"example.com/sseworkbook/harness/checksums"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
	"example.com/sseworkbook/harness/terminal"
)

// whereOptions is what the command without a name takes.
type whereOptions struct {
	json  bool // for programs
	check bool // steps that are open are an error
}

// addWhere makes cmd show where the learner is, and what comes next.
func addWhere(cmd *command) {
	var o whereOptions
	cmd.flags.BoolVar(&o.json, "json", false, "for programs: lessons, steps, status and messages, in JSON")
	cmd.flags.BoolVar(&o.check, "check", false, "exit with 1 while a step is open, for scripts")
	cmd.run = func(cmd *command, _ []string) error { return where(cmd, o) }
}

// newList returns the command without a name, under a name.
func newList() *command {
	cmd := &command{use: "list", short: "Where you are, lesson by lesson, as without a command.", args: noArguments}
	addWhere(cmd)
	return cmd
}

// newNext returns the command that says what comes next.
func newNext() *command {
	return &command{
		use:   "next",
		short: "What comes next, with all that the step says.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			book, results, err := runAll(cmd.ctx)
			if err != nil {
				return err
			}
			book.showNext(cmd.stdout, results, strings.TrimSpace)
			return nil
		},
	}
}

// where shows where the learner is, and what comes next.
func where(cmd *command, o whereOptions) error {
	book, results, err := runAll(cmd.ctx)
	if err != nil {
		return err
	}
	if err := book.showWhere(cmd.stdout, results, o.json); err != nil {
		return err
	}
	if next, open := status.FirstOpen(results); o.check && open {
		return fmt.Errorf("lesson %s is not done", next.Lesson.Name)
	}
	return nil
}

// runAll opens the workbook, and runs the tests of all its lessons.
func runAll(ctx context.Context) (workbook, []progress.Result, error) {
	book, err := openWorkbook()
	if err != nil {
		return workbook{}, nil, err
	}
	results, err := progress.Run(ctx, book.root, book.lessons, progress.Options{})
	return book, results, err
}

// showWhere writes a line for each lesson, and what comes next; or all of it for
// programs.
func (b workbook) showWhere(w io.Writer, results []progress.Result, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(status.New(b.root, results))
	}
	for _, r := range results {
		fmt.Fprintf(w, "%-16s%s\n", r.Lesson.Name, status.Summary(r))
	}
	fmt.Fprintln(w)
	b.showNews(w, results)
	b.showNext(w, results, firstLine)
	return b.showEdited(w)
}

// showNews writes what was learned in the lesson that has turned green since the
// last time; of several, in the last one.
func (b workbook) showNews(w io.Writer, results []progress.Result) {
	if news := status.NewlyDone(b.root, results); len(news) > 0 {
		lesson := news[len(news)-1]
		fmt.Fprintf(w, "lesson %s is done\n%s\n", lesson.Name, terminal.DoneText(b.root, lesson))
	}
}

// showNext writes what there is to do in the first lesson that is not done, with
// what part makes of the message.
func (b workbook) showNext(w io.Writer, results []progress.Result, part func(message string) string) {
	r, ok := status.FirstOpen(results)
	if !ok {
		fmt.Fprintln(w, status.AllDone)
		return
	}
	switch step, open := r.Next(); {
	case r.BuildError != "":
		fmt.Fprintf(w, "next  make lesson %s compile:\n%s\n", r.Lesson.Name, indent(r.BuildError))
	case open:
		fmt.Fprintf(w, "next  %s\n      %s\n", step.Name, status.Location(b.root, r.Lesson, step.Name))
		fmt.Fprintf(w, "%s\n", indent(part(step.Message)))
	default:
		fmt.Fprintf(w, "next  all steps of lesson %s pass, but:\n%s\n", r.Lesson.Name, indent(r.Outside))
	}
	fmt.Fprintf(w, "run   go test ./%s\n", b.relative(r.Lesson.Dir))
	fmt.Fprintf(w, "hint  %s hint %d\n", program, r.Lesson.Number)
}

// showEdited names the lesson tests, and what lessons give, that are not as the
// workbook has them.
func (b workbook) showEdited(w io.Writer) error {
	edited, err := checksums.Modified(b.root)
	if err != nil {
		return err
	}
	if len(edited) > 0 {
		fmt.Fprintf(w, "note  not as the workbook has it: %s\n", strings.Join(edited, ", "))
	}
	return nil
}

// indent sets text under the words that begin a line.
func indent(text string) string {
	return "      " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      ")
}

// firstLine returns the first line of text: the sentence of a message.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
