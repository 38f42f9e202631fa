package progress

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/process"
)

// A Binary is the compiled tests of one lesson, for those who run them many
// times. It is safe for concurrent use.
type Binary struct {
	lesson catalog.Lesson
	file   string
	dir    string // where it runs
}

// A BuildError says that a lesson's tests do not compile.
type BuildError struct {
	Lesson catalog.Lesson
	Text   string // a few lines of the compiler's, which name the file and the line
}

// Error returns the compiler's lines after the lesson's name.
func (e *BuildError) Error() string {
	return fmt.Sprintf("lesson %s does not compile: %s", e.Lesson.Name, e.Text)
}

// Compile compiles the tests of a lesson into dir, which is to be the lesson's
// own and empty. It returns a *BuildError if they do not compile; of the options
// it heeds the overlay and the race detector.
func Compile(ctx context.Context, root string, lesson catalog.Lesson, o Options, dir string) (*Binary, error) {
	b := &Binary{lesson: lesson, dir: dir, file: filepath.Join(dir, "lesson.test.exe")} // by this name Windows runs it too

	o.Env = append(o.Env, "GOMAXPROCS=1") // who compiles many does so side by side
	// Without the tables for a debugger, the linker is done sooner.
	cmd := golang(ctx, root, o, "test", "-c", "-vet=off", "-ldflags=-s -w", "-o", b.file, "./lessons/"+lesson.Name)
	output, compiled, err := combinedOutput(ctx, cmd, "compiling the tests")
	if err != nil {
		return nil, err
	}
	if !compiled {
		return nil, &BuildError{lesson, buildError(output, lesson, "lessons")}
	}
	return b, nil
}

// Run runs the tests once, in a process of their own, with further flags of a
// test binary and further environment. What they say is a result; an error means
// that they could not be run, or that ctx ended, which ends them too.
func (b *Binary) Run(ctx context.Context, args, env []string) (Result, error) {
	rounds, err := b.RunN(ctx, 1, args, env)
	if err != nil {
		return Result{}, err
	}
	return rounds[0], nil
}

// RunN is Run with n rounds in one process, and a result for each that was
// begun: a step that hangs, or a crash, ends the process.
func (b *Binary) RunN(ctx context.Context, n int, args, env []string) ([]Result, error) {
	args = append([]string{"-test.v=test2json", "-test.timeout=10m", fmt.Sprintf("-test.count=%d", n)}, args...)
	cmd := process.Command(ctx, b.file, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), env...)
	output, passed, err := combinedOutput(ctx, cmd, "running the tests")
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, round := range parseText(output, passed).rounds() {
		results = append(results, round.result(b.lesson, "lessons"))
	}
	return results, nil
}
