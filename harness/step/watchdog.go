package step

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/sseworkbook/harness/inspect"
)

// defaultLimit is how long a step may take in real time, however long it takes
// in virtual time. The environment variable STEP_LIMIT sets another limit, or
// "off".
const defaultLimit = 5 * time.Second

// A tick is what the watchdog counts. It does not read the clock, so that a
// machine that sleeps and a process that is held do not use up the limit.
const tick = 50 * time.Millisecond

// A waiting is what a step waits for.
type waiting struct {
	report func() (sentence string, details []string)
}

// Waiting says what the step waits for from now on, until done is called. When
// it never comes, the step fails with what report returns then: a sentence, and
// up to five lines of details. Report is called from another goroutine, also
// from outside the step's bubble, and must not wait.
func Waiting(tb testing.TB, report func() (sentence string, details []string)) (done func()) {
	w := &waiting{report}
	current.mu.Lock()
	defer current.mu.Unlock()
	current.waiting = append(current.waiting, w)
	return func() {
		current.mu.Lock()
		defer current.mu.Unlock()
		current.waiting = slices.DeleteFunc(current.waiting, func(other *waiting) bool { return other == w })
	}
}

// Returns runs f. When f does not return, the step fails with sentence.
func Returns(tb testing.TB, sentence string, f func()) {
	tb.Helper()
	defer Waiting(tb, func() (string, []string) { return sentence, nil })()
	f()
}

// stuck returns the failure of a step that cannot go on, with the reason.
func (l *lesson) stuck(reason string, stacks []inspect.Goroutine) (sentence string, details []string) {
	l.mu.Lock()
	list := l.waiting
	l.mu.Unlock()
	at, found := ownPlace(stacks)
	if len(list) > 0 {
		sentence, details = list[len(list)-1].report()
		if found && !strings.HasSuffix(at.File, "_test.go") {
			details = append(details[:min(len(details), maxDetails-1)], "your code is at "+at.String())
		}
		return sentence, details
	}
	if !found {
		return "this step hangs, " + reason, nil
	}
	return fmt.Sprintf("this step hangs at %s, %s", at, reason), nil
}

// watch ends the process when a step takes longer than limit: nothing can stop a
// goroutine that hangs.
func watch(limit time.Duration) {
	var step string
	var ticks time.Duration
	for range time.Tick(tick) {
		if running := current.step(); running != step {
			step, ticks = running, 0
			continue
		}
		if ticks += tick; step != "" && ticks >= limit && !debugged() {
			current.abort(limit)
		}
	}
}

// step returns the name of the step that runs, with the moment that it began,
// since -count runs it again.
func (l *lesson) step() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running == "" {
		return ""
	}
	return l.running + l.began.String()
}

// abort reports the step that hangs, and ends the process.
func (l *lesson) abort(limit time.Duration) {
	sentence, details := l.stuck(fmt.Sprintf("after %v of real time", limit), inspect.Goroutines())
	l.mu.Lock() // and keep it: nothing else is to be said
	l.red = l.running
	printFailure(l.running, time.Since(l.began), message(sentence, details))
	fmt.Print(l.closing())
	os.Exit(1)
}

// printFailure prints what the testing package would print of a step that ends
// with this message. In a crash there is no testing package left to do it.
func printFailure(step string, took time.Duration, message string) {
	fmt.Print(inspect.Failure(step, took, message, flagValue("test.v")))
}

// watchdogLimit returns the limit of a step in real time, or zero for none.
func watchdogLimit() time.Duration {
	setting := os.Getenv("STEP_LIMIT")
	if setting == "off" || unlimited() || fuzzing() || debugged() {
		return 0
	}
	if setting == "" {
		return defaultLimit
	}
	limit, err := time.ParseDuration(setting)
	if err != nil || limit < tick {
		fmt.Fprintf(os.Stderr, "STEP_LIMIT is %q; it should be a duration such as 30s, or off\n", setting)
		os.Exit(2)
	}
	return limit
}

// unlimited reports whether somebody has said -timeout 0. Zero is also what a test
// binary has that is run by hand, or by an editor, where nobody has said anything.
func unlimited() (said bool) {
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.timeout" && f.Value.String() == "0s" })
	return said
}

// fuzzing reports whether this is a fuzzing run, which has no end of its own, or
// one of its workers.
func fuzzing() bool {
	return flagValue("test.fuzz") != "" || flagValue("test.fuzzworker") == "true"
}

// debugged reports whether a debugger holds this process: the system knows, and so
// does the name that Delve gives to a binary that it has built.
func debugged() bool {
	name := filepath.Base(os.Args[0])
	return strings.HasPrefix(name, "__debug_bin") || strings.HasPrefix(name, "debug.test") || traced()
}
