package step

import (
	"fmt"

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
		at, own := ownFrame(g, false)
		if !own || !g.AtLock() {
			continue
		}
		sentence = fmt.Sprintf("your code waits at %s for a lock that is not given back", place{at, g})
		if calls := ownFrames(g); len(calls) > 1 {
			details = append(details, caller(calls[len(calls)-2]))
		}
		return sentence, append(details, holders(stacks)...)
	}
	return "", nil
}

// caller names the call in which the one was made that waits.
func caller(outer inspect.Frame) string {
	return fmt.Sprintf("it was called at %s (%s): is the lock taken there already, or did an earlier call return without its Unlock? No lock is given twice, not even to one goroutine",
		outer.Location(), outer.Name())
}

// holders names where other goroutines stand in the learner's code, and do not wait for
// a lock.
func holders(stacks []inspect.Goroutine) (details []string) {
	for _, g := range stacks {
		if f, own := ownFrame(g, false); own && !g.AtLock() && len(details) < 2 {
			details = append(details, fmt.Sprintf("another goroutine is at %s: does that one have the lock?", place{f, g}))
		}
	}
	return details
}
