package step

import (
	"flag"
	"fmt"
	"os"
	"runtime/metrics"
	"time"

	"example.com/sseworkbook/harness/inspect"
)

// defaultLimit is how long a step may take in real time, however long it takes
// in virtual time. The environment variable STEP_LIMIT sets another limit, or
// "off".
const defaultLimit = slowdown * 5 * time.Second

// A tick is what the watchdog counts. It does not read the clock, so that a
// machine that sleeps and a process that is held do not use up the limit. Of a tick in
// which a goroutine runs, what counts is the processor time that the process got: on a
// machine with much else to do, that is less.
const tick = 50 * time.Millisecond

// mostMemory is how much memory a step may have in use. A loop that appends without end
// would have the whole machine's within seconds.
const mostMemory = 1 << 30

// watch is the watchdog. It ends the process when a step takes longer than limit, or too
// much memory: nothing can stop a goroutine.
func (l *lesson) watch(limit time.Duration) {
	had := processorTime()
	for range time.Tick(tick) {
		has := processorTime()
		took := counted(has-had, someoneRuns() && has > 0)
		had = has
		l.mu.Lock()
		l.took += took
		overdue := l.running != "" && l.took >= limit
		greedy := l.running != "" && memory() > mostMemory
		l.mu.Unlock()
		switch {
		case debugged():
		case greedy:
			l.abort(l.greedy())
		case overdue:
			l.abort(l.late(limit))
		}
	}
}

// counted returns what counts of a tick in which the process had a processor for this
// long, and in which somebody runs or all wait.
func counted(processor time.Duration, runs bool) time.Duration {
	if runs {
		return min(tick, processor)
	}
	return tick
}

// someoneRuns reports whether a goroutine runs, or could, beside the one that asks.
func someoneRuns() bool {
	now := []metrics.Sample{{Name: "/sched/goroutines/running:goroutines"}, {Name: "/sched/goroutines/runnable:goroutines"}}
	metrics.Read(now)
	return now[0].Value.Uint64()+now[1].Value.Uint64() > 1
}

// memory returns how much is in use, in bytes.
func memory() uint64 {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	return heap[0].Value.Uint64()
}

// late says what a step is at that has taken too long.
func (l *lesson) late(limit time.Duration) (sentence string, details []string) {
	reason := fmt.Sprintf("after %v of real time", limit)
	if sentence, details = l.busy("this step has not ended " + reason); len(details) > 0 {
		return sentence, details
	}
	return l.hangs(reason, inspect.Goroutines())
}

// greedy says what a step is at that has taken too much memory. What takes memory also
// waits for the garbage collector, and then does not look busy.
func (l *lesson) greedy() (sentence string, details []string) {
	if sentence, details = l.busy("this step used more than 1 GiB of memory"); len(details) > 0 {
		return sentence, details
	}
	return at(sentence, inspect.Goroutines()), nil
}

// abort reports what the step does instead of ending, and ends the process.
func (l *lesson) abort(sentence string, details []string) {
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
		fmt.Fprintf(os.Stderr, "STEP_LIMIT must be a duration such as 30s, or off (got %q)\n", setting)
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
