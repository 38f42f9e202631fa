package verify

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/verify/trial"
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
	{name: "under load", runs: 20, load: true},
	{name: "with -race", runs: 4, race: true},
	{name: "shuffled with -race", runs: 1, race: true, args: []string{"-test.shuffle=on"}},
}

// solutionJobs prove that the lesson's tests pass on its solution under each
// condition. The steps themselves see to it that nothing leaks.
func (v *verifier) solutionJobs(lesson catalog.Lesson) ([]job, error) {
	texts, err := solutionTexts(lesson)
	if err != nil {
		return nil, err
	}
	var jobs []job
	for _, race := range v.builds() {
		j := job{name: "plain", file: v.path(lesson.SolutionFile())}
		if race {
			j.name = "-race"
		}
		for _, c := range conditions {
			if c.race == race {
				j.proves += v.share(c.runs)
			}
		}
		j.prove = func(ctx context.Context) ([]string, error) { return v.proveGreen(ctx, lesson, texts, race) }
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// solutionTexts returns the solution's files by their names.
func solutionTexts(lesson catalog.Lesson) (map[string]string, error) {
	files, err := lesson.SolutionFiles()
	if err != nil {
		return nil, err
	}
	return trial.Texts(files)
}

// proveGreen runs the lesson's tests on its solution under each condition that
// goes with race.
func (v *verifier) proveGreen(ctx context.Context, lesson catalog.Lesson, texts map[string]string, race bool) (wrong []string, err error) {
	t, err := trial.Compile(ctx, v.root, lesson, texts, race)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	for _, c := range conditions {
		if c.race != race {
			continue
		}
		results, err := c.repeat(ctx, t, v.share(c.runs))
		if err != nil {
			return nil, err
		}
		for _, text := range judge(results, notGreen) {
			wrong = append(wrong, c.name+": "+text)
		}
	}
	return wrong, nil
}

// repeat runs the tests n times under the condition.
func (c condition) repeat(ctx context.Context, t *trial.Trial, n int) ([]progress.Result, error) {
	if c.load {
		defer load()()
	}
	return t.Repeat(ctx, n, c.args, trial.Env(calm, c.env...))
}

// notGreen is the verdict on a run on the solution.
func notGreen(result progress.Result) string {
	if result.Done {
		return ""
	}
	return "the lesson is not green on its solution: " + trial.Failure(result)
}

// load keeps all processors busy until end is called.
func load() (end func()) {
	var ended atomic.Bool
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for !ended.Load() {
			}
		})
	}
	return func() {
		ended.Store(true)
		all.Wait()
	}
}
