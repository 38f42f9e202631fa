// Package progress runs the lessons' own tests and says how far each lesson
// is: which steps pass, which one is red and with what message, which ones wait.
// The list of lessons, the programs that run on green lessons, and the check of
// the solutions all stand on it. What makes a lesson done is known here alone, in
// race.go.
//
// It reads the output of go test -json with encoding/json alone. What a step
// prints needs taking apart in ways of the workbook's own, and what a library
// would do of the rest is less than its API.
package progress

import (
	"fmt"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/visible"
)

// A Status says where a step stands.
type Status string

// A step is one of these.
const (
	Unknown Status = "unknown" // it was not run: not selected, or the lesson did not compile
	Passed  Status = "passed"
	Failed  Status = "failed"
	Waiting Status = "waiting" // skipped, mostly for an earlier step that failed
)

// A Result is what a run showed of one lesson.
type Result struct {
	Lesson catalog.Lesson
	// Steps are all steps of the lesson in order, run or not.
	Steps []StepResult
	// BuildError is why the lesson could not be run, in a few lines of the
	// compiler's that name the file and the line; "" if it ran.
	BuildError string
	// Outside is what the run printed outside any step, when it failed there: a
	// goroutine found at the end, or a failed test that is no step.
	Outside string
	// Mistakes is what a step that was red in the run before, too, often is, on one
	// line; "" if nothing is red again.
	Mistakes string
	// Done is whether all steps pass and nothing else failed. [Judge] and [JudgeRaces]
	// ask for more: that it is so with the race detector too.
	Done bool
	// Race says what part the race detector has in it, as Judge and JudgeRaces know it.
	Race Race
}

// A StepResult is what a run showed of one step.
type StepResult struct {
	Name   string
	Status Status
	// Message is what the step printed, without the frame that go test puts
	// around it: of a failed step the sentence and its details. "" if it passed.
	Message string
	// At is where in the tests the message came from, "part1_test.go:42".
	At string
	// Printed is what the learner's code printed meanwhile, in lines; mostly "".
	Printed string
}

// printedLines is how many lines of what the learner's code printed are shown.
const printedLines = 5

// LastPrinted returns the last lines of Printed, and says how many there are before
// them. What would steer a terminal, such as a CR, is there as its symbol.
func (s StepResult) LastPrinted() string {
	if s.Printed == "" {
		return ""
	}
	lines := strings.Split(s.Printed, "\n")
	before := max(len(lines)-printedLines, 0)
	lines = lines[before:]
	for i, line := range lines {
		lines[i] = visibly(line)
	}
	text := strings.Join(lines, "\n")
	if before > 0 {
		return fmt.Sprintf("… %d lines, and then:\n%s", before, text)
	}
	return text
}

// visibly returns a line of a program's in which only a tab is not shown as what it is.
func visibly(line string) string {
	parts := strings.Split(line, "\t")
	for i, part := range parts {
		parts[i] = visible.Text(part)
	}
	return strings.Join(parts, "\t")
}

// Red returns the first step that failed, if one did.
func (r Result) Red() (step StepResult, ok bool) { return r.first(Failed) }

// Next returns the first step that has not passed, if there is one: the red
// one, or else the one that was not run.
func (r Result) Next() (step StepResult, ok bool) {
	return r.first(Failed, Waiting, Unknown)
}

// Passed returns how many steps pass.
func (r Result) Passed() int {
	n := 0
	for _, step := range r.Steps {
		if step.Status == Passed {
			n++
		}
	}
	return n
}

// first returns the first step of which the status is one of these.
func (r Result) first(these ...Status) (StepResult, bool) {
	i := slices.IndexFunc(r.Steps, func(s StepResult) bool { return slices.Contains(these, s.Status) })
	if i < 0 {
		return StepResult{}, false
	}
	return r.Steps[i], true
}
