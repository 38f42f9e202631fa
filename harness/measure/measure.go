// Package measure runs Go benchmarks of several contenders in turns, and says how
// they compare. The contenders may be the sub-benchmarks of one program, or one
// benchmark in several programs. What counts is their ratio in the same round:
// a figure by itself says little on a machine that does other things as well.
package measure

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Options say how to measure.
type Options struct {
	Rounds int    // how often each contender has its turn
	Time   string // the time or the iterations of one turn, as for -test.benchtime

	// Only are the cases to measure, by name or by the beginning of one up to a
	// slash: "Parse/json", or "Parse" for all of that job. Empty: all.
	Only []string

	// Progress, if it is not nil, is called before each job of each round.
	Progress func(round, rounds int, job string)
}

// Run measures the programs round by round. In a round the programs take turns
// at each job, each in a process of its own, so that none finds the heap that
// another has left. A benchmark that fails ends it.
func Run(ctx context.Context, programs []Program, o Options) ([]Case, error) {
	jobs, err := programs[0].jobs(ctx)
	if err != nil {
		return nil, err
	}
	if jobs, err = choose(jobs, o.Only); err != nil {
		return nil, err
	}
	var all results
	for round := range o.Rounds {
		for _, job := range jobs {
			if o.Progress != nil {
				o.Progress(round+1, o.Rounds, job)
			}
			for _, p := range programs {
				output, err := p.run(ctx, pattern(job), o.Time)
				if err != nil {
					return nil, err
				}
				all.read(output, p.Contender)
			}
		}
	}
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
