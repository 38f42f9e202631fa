package step

import (
	"fmt"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/inspect"
)

// holdLock notes that the step itself holds the lock of the learner's code, until
// release is called.
func (l *lesson) holdLock() (release func()) {
	add := func(n int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.atLock += n
	}
	add(1)
	return func() { add(-1) }
}

// lockedOut says at which of the learner's lines a goroutine waits for a lock that
// nobody gives back, "" if none does, and where the one may be who has it. A lock that
// the step itself holds is none of these.
func (l *lesson) lockedOut(stacks []inspect.Goroutine) (sentence string, details []string) {
	l.mu.Lock()
	held := l.atLock > 0
	l.mu.Unlock()
	if held {
		return "", nil
	}
	for _, g := range stacks {
		at, own := frameIn(g, current.wrote)
		if !own || !g.AtLock() {
			continue
		}
		sentence = fmt.Sprintf("your code waits at %s for a lock that is not released", place{at, g})
		if calls := ownFrames(g); len(calls) > 1 {
			details = append(details, callers(calls[:len(calls)-1]))
		}
		return sentence, append(details, holders(stacks)...)
	}
	return "", nil
}

// callers names the last three of the calls, the outermost first, that led to the one
// that waits.
func callers(calls []inspect.Frame) string {
	var chain []string
	for _, f := range slices.Backward(calls[max(0, len(calls)-3):]) {
		chain = append(chain, fmt.Sprintf("called at %s (%s)", f.Location(), f.Name()))
	}
	return "it was " + strings.Join(chain, ", ") +
		": is the lock already held there, or did an earlier call return without Unlock? No lock can be held twice, even by the same goroutine"
}

// holders names where other goroutines stand in the learner's code, and do not wait for
// a lock.
func holders(stacks []inspect.Goroutine) (details []string) {
	for _, g := range stacks {
		if f, own := frameIn(g, current.wrote); own && !g.AtLock() && len(details) < 2 {
			details = append(details, fmt.Sprintf("another goroutine is at %s: does it hold the lock?", place{f, g}))
		}
	}
	return details
}
