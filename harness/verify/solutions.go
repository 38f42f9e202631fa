package verify

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// A condition is one under which a solution must be green.
type condition struct {
	name string
	runs int // in a process each
	race bool
	load bool // while all processors are busy with something else
	args []string
	env  []string
}

var conditions = []condition{
	{name: "plain", runs: 8},
	{name: "shuffled", runs: 4, args: []string{"-test.shuffle=on"}},
	{name: "with GOMAXPROCS=1", runs: 3, env: []string{"GOMAXPROCS=1"}},
	{name: "with GOMAXPROCS=4", runs: 3, env: []string{"GOMAXPROCS=4"}},
	{name: "under load", runs: 2, load: true},
	{name: "with -race", runs: 4, race: true},
	{name: "shuffled with -race", runs: 1, race: true, args: []string{"-test.shuffle=on"}},
}

// solutionParts proves that the lesson's tests pass on its solution under each
// condition. The steps themselves see to it that nothing leaks.
func (v *verifier) solutionParts(lesson catalog.Lesson) ([]part, error) {
	texts, err := solutionTexts(lesson)
	if err != nil {
		return nil, err
	}
	file := v.path(lesson.SolutionFile())
	var parts []part
	for _, race := range v.withAndWithoutRace() {
		name, runs := "plain", 0
		if race {
			name = "-race"
		}
		for _, c := range conditions {
			if c.race == race {
				runs += v.share(c.runs)
			}
		}
		parts = append(parts, part{name, file, runs, func(ctx context.Context) ([]string, error) {
			return v.proveGreen(ctx, lesson, texts, race)
		}})
	}
	return parts, nil
}

// withAndWithoutRace returns false, and true where there is a race detector.
func (v *verifier) withAndWithoutRace() []bool {
	if !v.race {
		return []bool{false}
	}
	return []bool{false, true}
}

// proveGreen runs the lesson's tests on its solution under each condition that
// goes with race.
func (v *verifier) proveGreen(ctx context.Context, lesson catalog.Lesson, texts map[string]string, race bool) ([]string, error) {
	binary, wrong, err := v.compile(ctx, lesson, texts, race)
	if wrong != nil || err != nil {
		return wrong, err
	}
	for _, c := range conditions {
		if c.race != race {
			continue
		}
		said, err := c.run(ctx, binary, v.share(c.runs))
		if err != nil {
			return nil, err
		}
		for _, text := range said.wrong() {
			wrong = append(wrong, c.name+": "+text)
		}
	}
	return wrong, nil
}

// run runs the binary n times under the condition, each time in a new process.
func (c condition) run(ctx context.Context, b *progress.Binary, n int) (said tally, err error) {
	if c.load {
		defer load()()
	}
	for range n {
		result, err := b.Run(ctx, c.args, environment(calm, c.env...))
		if err != nil {
			return said, err
		}
		reason := mustPass(result)
		if reason != "" {
			reason = fmt.Sprintf("the lesson is not green on its solution: %s", reason)
		}
		said.add(reason)
	}
	return said, nil
}

// load keeps all processors busy until end is called.
func load() (end func()) {
	var ended atomic.Bool
	done := make(chan struct{})
	for range runtime.NumCPU() {
		go func() {
			for !ended.Load() {
			}
			done <- struct{}{}
		}()
	}
	return func() {
		ended.Store(true)
		for range runtime.NumCPU() {
			<-done
		}
	}
}
