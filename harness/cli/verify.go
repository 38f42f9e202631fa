package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/verify"
)

// newVerify returns the command that proves that the workbook is right.
func newVerify() *command {
	var o verify.Options
	cmd := &command{
		use:   "verify [LESSON …]",
		short: "Proves that the lessons' tests are right: the authors' check.",
		long: `Proves of each lesson, or of those named: its stub is red, step by step, by messages of its own; its
solution is green whatever the machine does; known mistakes are caught by the step on record, in each of
many processes; right answers of another shape pass, and answers by people who had not seen the tests are
judged rightly. It takes some minutes. What you have written in lessons/ is neither looked at nor touched.`,
	}
	flags := &cmd.flags
	flags.Var(list{&o.Only, "a,b,…"}, "only", "make these proofs only: "+strings.Join(verify.Proofs(), ", "))
	flags.StringVar(&o.Match, "match", "", "try those recorded answers only of which the file name contains this")
	flags.StringVar(&o.Since, "changed", "", "prove only what differs from this revision of git's, committed or not: -changed HEAD, -changed main")
	flags.IntVar(&o.Runs, "runs", 20, "in how many processes each mistake must be caught; other proofs take fewer, in proportion")
	flags.BoolVar(&o.Strict, "strict", false, "fail where a lesson has been worked on, as in a release")
	flags.BoolVar(&o.Mutate, "mutate", false, "prove also that the tests see small changes to the solutions: takes far longer")
	cmd.run = func(cmd *command, args []string) error {
		if o.Runs < 1 {
			return errors.New("a mistake must be made at least once: -runs 1")
		}
		book, err := openWorkbook()
		if err != nil {
			return err
		}
		if book.lessons, err = choose(book.lessons, args); err != nil {
			return err
		}
		o.Log, o.Live = cmd.stdout, rewrites(cmd.stdout)
		return book.verify(cmd.ctx, o)
	}
	return cmd
}

// verify makes the proofs and prints what they have shown. Anything wrong is an
// error.
func (b workbook) verify(ctx context.Context, o verify.Options) error {
	began := time.Now()
	report, err := verify.Run(ctx, b.root, b.lessons, o)
	if err != nil {
		return err
	}
	report.Print(o.Log)
	fmt.Fprintf(o.Log, "\n%v\n", time.Since(began).Round(time.Second))
	switch n := len(report.Wrong); n {
	case 0:
		return nil
	case 1:
		return errors.New("1 thing is not as it should be")
	default:
		return fmt.Errorf("%d things are not as they should be", n)
	}
}

// choose returns the lessons that the words name, or all if there are none.
func choose(lessons []catalog.Lesson, words []string) ([]catalog.Lesson, error) {
	if len(words) == 0 {
		return lessons, nil
	}
	var chosen []catalog.Lesson
	for _, word := range words {
		lesson, err := catalog.Lookup(lessons, word)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, lesson)
	}
	return chosen, nil
}
