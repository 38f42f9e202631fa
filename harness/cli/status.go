package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
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
	cmd.flags.BoolVar(&o.json, "json", false, "print lessons, steps, status and messages as JSON, for programs")
	cmd.flags.BoolVar(&o.check, "check", false, "exit with status 1 unless every step passes, for scripts")
	cmd.run = func(cmd *command, _ []string) error { return where(cmd, o) }
}

// newList returns the command without a name, under a name.
func newList() *command {
	cmd := &command{use: "list", short: "Shows where you are, lesson by lesson, as without a command.", args: noArguments}
	addWhere(cmd)
	return cmd
}

// newNext returns the command that says what comes next.
func newNext() *command {
	return &command{
		use:   "next",
		short: "Shows what comes next, with the step's whole message.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			book, results, err := judgeAll(cmd)
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
	book, err := openWorkbook()
	if err != nil {
		return err
	}
	results, err := book.judgeAndShow(cmd, o.json)
	if err != nil {
		return err
	}
	if next, open := status.FirstOpen(results); o.check && open {
		return fmt.Errorf("lesson %s is not done", next.Lesson.Name)
	}
	return nil
}

// judgeAll opens the workbook, and says how far all its lessons are.
func judgeAll(cmd *command) (workbook, []progress.Result, error) {
	book, err := openWorkbook()
	if err != nil {
		return workbook{}, nil, err
	}
	results, err := book.judge(cmd.ctx, book.lessons, cmd.stderr)
	return book, results, err
}

// judgeAndShow runs the tests of all lessons, and writes a line for each, and another
// one for those that the race detector runs then, and what comes next; or all of it
// for programs, at the end.
func (b workbook) judgeAndShow(cmd *command, asJSON bool) ([]progress.Result, error) {
	first, err := progress.Judge(cmd.ctx, b.root, b.lessons)
	if err != nil {
		return nil, err
	}
	if !asJSON {
		showLines(cmd.stdout, first)
	}
	results, err := b.judgeRaces(cmd.ctx, first, cmd.stderr)
	if err != nil {
		return nil, err
	}
	if asJSON {
		return results, writeState(cmd.stdout, status.New(b.root, results))
	}
	if due := progress.DueRaces(first); len(due) > 0 {
		showLines(cmd.stdout, slices.DeleteFunc(slices.Clone(results), func(r progress.Result) bool {
			return !slices.Contains(due, r.Lesson)
		}))
	}
	b.showNews(cmd.stdout, results)
	b.showNext(cmd.stdout, results, firstLine)
	return results, b.showNotes(cmd.stdout, results)
}

// writeState writes where the learner is in JSON.
func writeState(w io.Writer, state status.State) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(state)
}

// showLines writes a line for each lesson, and an empty one.
func showLines(w io.Writer, results []progress.Result) {
	for _, r := range results {
		fmt.Fprintf(w, "%-16s%s\n", r.Lesson.Name, status.Summary(r))
	}
	fmt.Fprintln(w)
}

// showNews writes what was learned in the lesson that has turned green since the
// last time; of several, in the last one.
func (b workbook) showNews(w io.Writer, results []progress.Result) {
	if news := status.NewlyDone(b.root, results); len(news) > 0 {
		lesson := news[len(news)-1]
		i := slices.IndexFunc(results, func(r progress.Result) bool { return r.Lesson.Name == lesson.Name })
		fmt.Fprintf(w, "lesson %s is done\n%s\n", lesson.Name, terminal.DoneText(b.root, results[i]))
	}
}

// showNext writes what there is to do in the first lesson that is not done, with
// what part makes of the message.
func (b workbook) showNext(w io.Writer, results []progress.Result, part func(message string) string) {
	r, ok := status.FirstOpen(results)
	if !ok {
		fmt.Fprintln(w, status.GoOnText())
		return
	}
	switch step, open := r.Next(); {
	case r.BuildError != "":
		fmt.Fprintf(w, "next  make lesson %s compile:\n%s\n", r.Lesson.Name, indent(r.BuildError))
	case open:
		fmt.Fprintf(w, "next  %s\n      %s\n", step.Name, status.Location(b.root, r.Lesson, step.Name))
		fmt.Fprintf(w, "%s\n", indent(part(step.Message)))
		if printed := step.LastPrinted(); printed != "" {
			fmt.Fprintf(w, "printed by your code:\n%s\n", indent(printed))
		}
	default:
		fmt.Fprintf(w, "next  all steps of lesson %s pass, but:\n%s\n", r.Lesson.Name, indent(r.Outside))
	}
	fmt.Fprintf(w, "run   %s\n", status.TestCommand(b.root, r))
	fmt.Fprintf(w, "hint  %s hint %d\n", program, r.Lesson.Number)
}

// showNotes names the lesson tests, and what lessons give, that are not as the
// workbook has them, and what the race detector has not seen.
func (b workbook) showNotes(w io.Writer, results []progress.Result) error {
	if untried := status.Untried(results); untried != "" {
		fmt.Fprintln(w, "note  "+untried)
	}
	edited, err := checksums.Modified(b.root)
	if err != nil {
		return err
	}
	if len(edited) > 0 {
		fmt.Fprintf(w, "note  not the workbook's version: %s\n", strings.Join(edited, ", "))
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
