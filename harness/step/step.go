// Package step runs the steps of a lesson's tests. It keeps the rhythm of test-driven
// work: one failure at a time, the sentence before the bytes, no hang, no dump, no
// goroutine left behind, and a last line that says where you are. The lessons' tests and
// harness/pair use it.
//
// A run goes through these files. Main (step.go) runs the test binary again as its child
// (child.go) and supervises it (supervise.go): it passes on what the child prints, except
// crashes and data races, which become one line (filter.go). The child runs the steps in
// order (lesson.go). Each has a time limit (limit.go). When that has passed, or a bubble
// cannot go on (synctest.go), the step fails with what it waited for (onhang.go), at the
// learner's line (stack.go). The last lines (closing.go) name the next step and, if it was
// red before (lastred.go), its common causes.
package step

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"example.com/sseworkbook/harness/inspect"
)

// Main runs the steps of a lesson. A lesson's TestMain calls it and nothing
// else.
//
// It runs the test binary again as its child, and reduces what the child prints in a
// crash to a few lines. Under a debugger, and while fuzzing, there is only one process.
func Main(m *testing.M) {
	flag.Parse()
	if flagValue("test.list") != "" {
		os.Exit(m.Run())
	}
	names := stepNames()
	current.read(names)
	if supervised() || fuzzing() || debugged() {
		os.Exit(current.run(m))
	}
	syscall.Exit(supervise(names)) // os.Exit would let the race detector wait for a second
}

// Begin starts a step, and the function that it returns ends it:
//
//	defer step.Begin(t)()
//
// If an earlier step of the lesson is red, Begin skips the step. While the step runs, a
// watchdog limits its time and memory. After it has ended, none of its goroutines may be
// left. In a sub-test, and in the function of a fuzz target, Begin makes the others of the
// same step wait once one is red, and turns a panic into a failure.
func Begin(tb testing.TB) (end func()) {
	tb.Helper()
	if red := current.begin(tb.Name()); red != "" {
		tb.Skip("waits for " + red)
	}
	var before goleak.Option
	if !isPart(tb.Name()) {
		before = goleak.IgnoreCurrent()
	}
	tb.Cleanup(func() { // the first cleanup to be registered is the last to run
		if before != nil && !tb.Failed() {
			reportLeak(tb, before)
		}
		current.end(tb.Name(), tb.Failed())
	})
	return func() {
		if p := recover(); p != nil {
			reportPanic(tb, p)
		}
	}
}

// isPart reports whether name is that of a sub-test of a step.
func isPart(name string) bool { return strings.Contains(name, "/") }

// reportPanic fails the step with one line for the panic p. The deferred
// function that recovered p calls it, while the stack is still there.
func reportPanic(tb testing.TB, p any) {
	failPlainly(tb, at(fmt.Sprint("panic: ", p), inspect.Parse(string(debug.Stack()))))
}

// reportLeak fails the step when a goroutine that it started is left.
func reportLeak(tb testing.TB, before goleak.Option) {
	if err := goleak.Find(before); err != nil {
		failPlainly(tb, at(leakSentence, inspect.Parse(err.Error())))
	}
}

// failPlainly fails the step with a sentence that has the learner's line in it, and
// lets it go on.
func failPlainly(tb testing.TB, sentence string) {
	current.fails(sentence)
	fmt.Fprintln(tb.Output(), sentence)
	tb.Fail()
}

const leakSentence = "the step ended, but a goroutine that it started is still there"
