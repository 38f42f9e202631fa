package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// where shows where the learner is, and what comes next.
func where(cmd *cobra.Command, _ []string) error {
	book, err := openWorkbook()
	if err != nil {
		return err
	}
	results, err := progress.Run(cmd.Context(), book.root, book.lessons, progress.Options{})
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	for _, r := range results {
		fmt.Fprintf(w, "%-16s%s\n", r.Lesson.Name, standing(r))
	}
	fmt.Fprintln(w)
	book.showNext(w, results)
	return book.showEdited(w)
}

// standing says in a few words how far a lesson is.
func standing(r progress.Result) string {
	counts := fmt.Sprintf("%2d of %d steps", r.Passed(), len(r.Steps))
	switch {
	case r.Done:
		return counts + " · done"
	case r.BuildError != "":
		return "does not compile yet"
	case r.Outside != "":
		return counts + " · something else failed"
	}
	return counts
}

// showNext writes what there is to do in the first lesson that is not done.
func (b workbook) showNext(w io.Writer, results []progress.Result) {
	i := slices.IndexFunc(results, func(r progress.Result) bool { return !r.Done })
	if i < 0 {
		fmt.Fprintln(w, "All lessons are done. See your own code at work: "+program+" demo -mine")
		return
	}
	r := results[i]
	switch step, open := r.Open(); {
	case r.BuildError != "":
		fmt.Fprintf(w, "next  make lesson %s compile:\n%s\n", r.Lesson.Name, indent(r.BuildError))
	case open:
		fmt.Fprintf(w, "next  %s\n      %s\n", step.Name, b.place(r.Lesson, step.Name))
		fmt.Fprintf(w, "%s\n", indent(firstLine(step.Message)))
	default:
		fmt.Fprintf(w, "next  all steps of lesson %s pass, but:\n%s\n", r.Lesson.Name, indent(r.Outside))
	}
	fmt.Fprintf(w, "run   go test ./%s\n", b.relative(r.Lesson.Dir))
	fmt.Fprintf(w, "hint  %s hint %d\n", program, r.Lesson.Number)
}

// place returns where a step stands: "lessons/…/framing_test.go:21".
func (b workbook) place(lesson catalog.Lesson, name string) string {
	file := b.relative(lesson.TestFile())
	steps, err := lesson.Steps()
	if err != nil {
		return file
	}
	i := slices.IndexFunc(steps, func(s catalog.Step) bool { return s.Name == name })
	if i < 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, steps[i].Line)
}

// showEdited names the lesson tests that are not as the workbook has them.
func (b workbook) showEdited(w io.Writer) error {
	edited, err := catalog.Edited(b.root)
	if err != nil {
		return err
	}
	if len(edited) > 0 {
		fmt.Fprintf(w, "note  not the workbook's own test any more: %s\n", strings.Join(edited, ", "))
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
