package step

import (
	"flag"
	"fmt"
	"os"
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

// watch is the watchdog. It ends the process when a step takes longer than limit: nothing can stop a
// goroutine that hangs.
func (l *lesson) watch(limit time.Duration) {
	for range time.Tick(tick) {
		l.mu.Lock()
		l.took += tick
		overdue := l.running != "" && l.took >= limit
		l.mu.Unlock()
		if overdue && !debugged() {
			l.abort(limit)
		}
	}
}

// abort reports the step that hangs, and ends the process.
func (l *lesson) abort(limit time.Duration) {
	sentence, details := l.hangs(fmt.Sprintf("after %v of real time", limit), inspect.Goroutines())
	l.mu.Lock() // and keep it: nothing else is to be said
	l.red = l.running
	l.printFailure(l.took, message(sentence, details))
	os.Exit(1)
}

// limitOfStep returns the limit of a step in real time, or zero for none.
func limitOfStep() time.Duration {
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
