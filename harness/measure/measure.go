// Package measure runs Go benchmarks of several contenders in turns, and says how
// they compare. The contenders may be the sub-benchmarks of one program, or one
// benchmark in several programs. What counts is their ratio in the same round:
// a figure by itself says little on a machine that does other things as well.
package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/sseworkbook/harness/toolchain"
)

// childLimit is how long a benchmark that was told to stop may take.
const childLimit = time.Second

// A Program is a compiled test binary with benchmarks.
type Program struct {
	// Contender is whom all its benchmarks measure. If it is empty, the last
	// element of a benchmark's name says whom: BenchmarkParse/json/ours.
	Contender string

	file string
	dir  string // where it runs
}

// A BuildError says that benchmarks do not compile, or cannot be had.
type BuildError struct {
	Package string
	Text    string // what the go command says
}

// Error returns the go command's words after the package.
func (e *BuildError) Error() string {
	return fmt.Sprintf("the benchmarks of %s cannot be built: %s", e.Package, e.Text)
}

// Build compiles the tests of the package in dir into out, which has to be a
// folder. A non-empty overlay is the file for the go command's -overlay. What
// does not compile is a *[BuildError].
func Build(ctx context.Context, dir, overlay, out, contender string) (Program, error) {
	file := filepath.Join(out, "bench-"+contender+".test.exe") // by this name Windows runs it too
	args := []string{"test", "-c", "-o", file}
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	output, err := stopped(toolchain.Command(ctx, dir, append(args, ".")...)).CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); failed && ctx.Err() == nil {
		return Program{}, &BuildError{filepath.Base(dir), strings.TrimSpace(string(output))}
	}
	if err != nil {
		return Program{}, fmt.Errorf("building the benchmarks: %w", err)
	}
	return Program{Contender: contender, file: file, dir: dir}, nil
}

// Jobs returns the names of p's benchmarks without "Benchmark", in the order of
// the source.
func (p Program) Jobs(ctx context.Context) ([]string, error) {
	output, err := command(ctx, p.dir, p.file, "-test.list=^Benchmark").Output()
	if err != nil {
		return nil, fmt.Errorf("listing the benchmarks: %w", err)
	}
	var jobs []string
	for line := range strings.Lines(string(output)) {
		if job, ok := strings.CutPrefix(strings.TrimSpace(line), "Benchmark"); ok {
			jobs = append(jobs, job)
		}
	}
	return jobs, nil
}

// Options say how to measure. The zero value of a field leaves it to this package.
type Options struct {
	Rounds int    // how often each contender has its turn; zero: 3
	Time   string // the time or the iterations of one turn, as for -test.benchtime; "": "300ms"

	// Only are the cases to measure, by name or by the beginning of one up to a
	// slash: "Parse/json", or "Parse" for all of that job. Empty: all.
	Only []string

	// Progress, if it is not nil, is called before each job of each round.
	Progress func(round, rounds int, job string)
}

// A turn is what one benchmark printed in one round.
type turn struct {
	benchmark string // without "Benchmark" and the number of processors
	contender string
	metrics   []metric
	skipped   string // the reason, and then there are no metrics
}

// A metric is one figure with its unit.
type metric struct {
	unit  string
	value float64
}

// Run measures the programs round by round. In a round the programs take turns
// at each job, each in a process of its own, so that none finds the heap that
// another has left. A benchmark that fails ends it.
func Run(ctx context.Context, programs []Program, o Options) ([]Case, error) {
	if o.Rounds == 0 {
		o.Rounds = 3
	}
	if o.Time == "" {
		o.Time = "300ms"
	}
	jobs, err := programs[0].Jobs(ctx)
	if err != nil {
		return nil, err
	}
	if jobs, err = choose(jobs, o.Only); err != nil {
		return nil, err
	}
	var turns []turn
	for round := range o.Rounds {
		for _, job := range jobs {
			if o.Progress != nil {
				o.Progress(round+1, o.Rounds, job)
			}
			for _, p := range programs {
				some, err := p.run(ctx, pattern(job), o.Time)
				if err != nil {
					return nil, err
				}
				turns = append(turns, some...)
			}
		}
	}
	all := cases(turns)
	for _, name := range o.Only {
		if !slices.ContainsFunc(all, func(c Case) bool { return c.Name == name || strings.HasPrefix(c.Name, name+"/") }) {
			return nil, fmt.Errorf("there is no case %q", name)
		}
	}
	return all, nil
}

// choose returns the jobs, or those of only, which may name cases of theirs.
func choose(jobs, only []string) ([]string, error) {
	for _, name := range only {
		if job, _, _ := strings.Cut(name, "/"); !slices.Contains(jobs, job) {
			return nil, fmt.Errorf("there is no benchmark %q; there are %s", name, strings.Join(jobs, ", "))
		}
	}
	if len(only) > 0 {
		return only, nil
	}
	return jobs, nil
}

// pattern returns what -test.bench takes for a job, or for one of its cases.
func pattern(name string) string {
	return "^Benchmark" + strings.ReplaceAll(name, "/", "$/^") + "$"
}

// run gives one job its turn.
func (p Program) run(ctx context.Context, pattern, benchtime string) ([]turn, error) {
	cmd := command(ctx, p.dir, p.file, "-test.run=^$", "-test.v", "-test.benchmem", "-test.timeout=10m",
		"-test.bench="+pattern, "-test.benchtime="+benchtime)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("a benchmark failed (%w):\n%s", err, bytes.TrimSpace(output.Bytes()))
	}
	turns := parse(output.String())
	if p.Contender == "" {
		for i := range turns {
			turns[i].benchmark, turns[i].contender = cutLast(turns[i].benchmark)
		}
		return turns, nil
	}
	for i := range turns {
		turns[i].contender = p.Contender
	}
	return turns, nil
}

// cutLast cuts the last element of a benchmark's name off.
func cutLast(name string) (rest, last string) {
	i := strings.LastIndexByte(name, '/')
	return name[:max(i, 0)], name[i+1:]
}

// command returns a command that is [stopped] when ctx ends.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	return stopped(cmd)
}

// stopped has cmd told to stop when its context ends, and gone soon after.
func stopped(cmd *exec.Cmd) *exec.Cmd {
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = childLimit
	return cmd
}
