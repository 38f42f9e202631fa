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
		short: "Proves that the lessons' tests are right, for the workbook's authors.",
		long: `Checks each lesson, or the ones you name. Its stub must be red, step by step, with each step's own message. Its
solution must be green on a machine of any speed. The recorded step must catch each known mistake, in each of many
processes. Alternative right answers must pass, and answers by people who had not seen the tests must be judged
correctly. It takes some minutes. It neither reads nor changes what you wrote in lessons/.`,
	}
	cmd.values = map[string]func(string) []string{"only": oneOrMore(verify.Proofs())}
	flags := &cmd.flags
	flags.Var(list{&o.Only, "a,b,…"}, "only", "run only these proofs: "+strings.Join(verify.Proofs(), ", "))
	flags.StringVar(&o.Match, "match", "", "try only the recorded answers whose file name contains this")
	flags.StringVar(&o.Since, "changed", "", "check only what differs from this git revision, committed or not: -changed HEAD, -changed main")
	flags.IntVar(&o.Runs, "runs", 20, "number of processes in which each mistake must be caught; other proofs use fewer, in proportion")
	flags.BoolVar(&o.Strict, "strict", false, "fail if a lesson contains a learner's work, as for a release")
	flags.BoolVar(&o.Mutate, "mutate", false, "also check that the tests catch small changes to the solutions; takes far longer")
	cmd.run = func(cmd *command, args []string) error {
		if o.Runs < 1 {
			return errors.New("-runs must be at least 1")
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
		return errors.New("1 thing is wrong")
	default:
		return fmt.Errorf("%d things are wrong", n)
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
