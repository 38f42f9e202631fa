package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/measure"
	"example.com/sseworkbook/harness/overlay"
	"example.com/sseworkbook/harness/status"
)

// Whom the figures of a benchmark are of.
const (
	oursName      = "ours"
	mineName      = "mine"
	referenceName = "reference"
)

// newBench returns the command that measures side by side.
func newBench() *command {
	o := measure.Options{Rounds: 3, Time: "300ms"}
	var mine string
	var asJSON bool
	cmd := &command{
		use:   "bench [JOB …]",
		short: "Compares the speed of the reference with other libraries, or of your code with the reference.",
		long: `Measures the reference code and the libraries you might use instead in turn, and prints the medians and the ratio
of ours to each. Name a job as in the table: Parse, or Parse/json. Without one, all jobs are measured, which takes
some minutes. The first run downloads the libraries.

With -mine 3, it compares your lesson 03 with the reference.`,
		values: map[string]func(string) []string{"mine": lessonWords},
		run: func(cmd *command, args []string) error {
			o.Only = args
			return runBench(cmd, mine, asJSON, o)
		},
	}
	cmd.flags.IntVar(&o.Rounds, "rounds", o.Rounds, "number of rounds; the median counts")
	cmd.flags.StringVar(&o.Time, "time", o.Time, "length of one measurement, or number of iterations: 300ms, 10x")
	cmd.flags.StringVar(&mine, "mine", "", "compare your code of this lesson with the reference")
	cmd.flags.BoolVar(&asJSON, "json", false, "print all values of all rounds as JSON, for programs")
	return cmd
}

// runBench measures, and prints what came of it.
func runBench(cmd *command, mine string, asJSON bool, o measure.Options) error {
	if err := checkBench(o); err != nil {
		return err
	}
	o.Progress = func(round, rounds int, job string) {
		fmt.Fprintf(cmd.stderr, "round %d of %d: %s\n", round, rounds, job)
	}
	book, err := openWorkbook()
	if err != nil {
		return err
	}
	cases, first, err := book.bench(cmd, mine, o)
	if err != nil {
		return err
	}
	if asJSON {
		return writeBench(cmd.stdout, o, cases)
	}
	fmt.Fprintln(cmd.stderr)
	measure.Table(cmd.stdout, cases, first)
	return nil
}

// benchTime is what a benchmark takes as its time.
var benchTime = regexp.MustCompile(`^([1-9][0-9]{0,8}x|[1-9][0-9]{0,4}ms|[1-9][0-9]?s)$`)

// checkBench refuses what would end nowhere.
func checkBench(o measure.Options) error {
	if o.Rounds < 1 || o.Rounds > 100 {
		return fmt.Errorf("-rounds must be from 1 to 100 (got %d)", o.Rounds)
	}
	if !benchTime.MatchString(o.Time) {
		return fmt.Errorf("-time must be a duration, such as 300ms or 2s, or a number of iterations, such as 10x (got %q)", o.Time)
	}
	return nil
}

// bench measures the libraries beside ours or, with a lesson in mine, that
// lesson beside its solution. It returns whom the figures are held against.
func (b workbook) bench(cmd *command, mine string, o measure.Options) (cases []measure.Case, first string, err error) {
	dir, err := os.MkdirTemp("", "sseworkbook-*")
	if err != nil {
		return nil, "", fmt.Errorf("building the benchmarks: %w", err)
	}
	defer os.RemoveAll(dir)
	if mine != "" {
		cases, err = b.benchMine(cmd.ctx, mine, dir, o, cmd.stderr)
		return cases, mineName, err
	}
	cases, err = b.benchPeers(cmd.ctx, dir, o, cmd.stderr)
	return cases, oursName, err
}

// benchPeers measures the libraries beside ours.
func (b workbook) benchPeers(ctx context.Context, dir string, o measure.Options, progress io.Writer) ([]measure.Case, error) {
	module := filepath.Join(b.root, "harness", "bench")
	text, err := os.ReadFile(filepath.Join(module, "goals.txt"))
	if err != nil {
		return nil, fmt.Errorf("reading the goals: %w", err)
	}
	goals, err := measure.ParseGoals(string(text))
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(progress, "building the benchmarks; the first run downloads the libraries …")
	program, err := measure.Build(ctx, module, "", dir, "")
	if err != nil {
		return nil, err
	}
	cases, err := measure.Run(ctx, []measure.Program{program}, o)
	if err != nil {
		return nil, err
	}
	if open := measure.Judge(cases, goals, oursName); len(open) > 0 && len(o.Only) == 0 {
		return nil, fmt.Errorf("the goal %s %s %s is for something that no benchmark measures", open[0].Case, open[0].Unit, open[0].Text)
	}
	return cases, nil
}

// benchMine measures a lesson beside its solution.
func (b workbook) benchMine(ctx context.Context, word, dir string, o measure.Options, log io.Writer) ([]measure.Case, error) {
	lesson, err := catalog.Lookup(b.lessons, word)
	if err != nil {
		return nil, err
	}
	result, err := b.judgeOne(ctx, lesson, log)
	if err != nil {
		return nil, err
	}
	if !result.Done {
		return nil, fmt.Errorf("lesson %s is not green yet (%s): finish it first, because the speed of wrong code means nothing",
			lesson.Name, strings.TrimSpace(status.Summary(result)))
	}
	yours, err := overlay.SolutionFromLesson(lesson)
	if err != nil {
		return nil, err
	}
	file, err := yours.Write(dir)
	if err != nil {
		return nil, err
	}
	var programs []measure.Program
	for _, p := range []struct{ name, overlay string }{{mineName, file}, {referenceName, ""}} {
		program, err := measure.Build(ctx, lesson.SolutionDir, p.overlay, dir, p.name)
		if err != nil {
			return nil, err
		}
		programs = append(programs, program)
	}
	return measure.Run(ctx, programs, o)
}

// writeBench writes what was measured in JSON.
func writeBench(w io.Writer, o measure.Options, cases []measure.Case) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(struct {
		Go     string         `json:"go"`
		CPUs   int            `json:"cpus"`
		Rounds int            `json:"rounds"`
		Time   string         `json:"time"`
		Cases  []measure.Case `json:"cases"`
	}{runtime.Version(), runtime.GOMAXPROCS(0), o.Rounds, o.Time, cases})
}
