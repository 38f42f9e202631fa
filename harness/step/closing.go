package step

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/sseworkbook/harness/inspect"
)

// printFailure prints what the testing package would print of the red step and of
// the end of the run, where that has no chance to: the process ends with the step.
// The caller holds mu.
func (l *lesson) printFailure(took time.Duration, message string) {
	l.redSaid = message
	fmt.Print(inspect.Failure(l.red, took, message, flagValue("test.v")), l.closing())
}

// closing returns the last lines of a run in which a step is red: what it often
// is, once it is red again, and where the learner is. The caller holds mu.
func (l *lesson) closing() string {
	number, topic, ok := strings.Cut(l.folder, "-")
	if !ok || l.red == "" {
		return ""
	}
	where := fmt.Sprintf("lesson %s %s: %d of %d", number, topic, len(l.green), len(l.steps))
	number = strings.TrimLeft(number, "0")
	lines := ""
	if titles := mistakes(l.folder+"/"+l.red, l.redSaid); l.redAgain() && len(titles) > 0 {
		lines = fmt.Sprintf("often: %s · more: go run ./harness mistakes %s\n", strings.Join(titles, "; or "), number)
	}
	switch {
	case len(l.steps) < 2:
		return lines
	case l.all:
		return lines + fmt.Sprintf("%s steps · next: %s · hint: go run ./harness hint %s\n", where, l.red, number)
	}
	return lines + where + " chosen steps\n"
}

// mistakesTable has a line for each mistake on record and step that catches it, with
// the fields separated by tabs: the lesson's folder and the step's name, as in
// "01-framing/TestOneEventIsOneWrite", the title of the mistake, and the words that
// the step's message then has.
//
//go:embed mistakes.generated.txt
var mistakesTable string

// mistakes returns the titles of the mistakes on record that a step catches with this
// message: with all the words that are on record. What panics says itself what is
// wrong, unless the record is about a panic.
func mistakes(step, message string) (titles []string) {
	panicked := strings.Contains(message, "panic: ")
	for line := range strings.Lines(mistakesTable) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		missing := func(words string) bool { return !strings.Contains(message, words) }
		silent := panicked && !strings.Contains(strings.Join(fields[2:], " "), "panic")
		if fields[0] == step && !silent && !slices.ContainsFunc(fields[2:], missing) {
			titles = append(titles, fields[1])
		}
	}
	return titles
}
