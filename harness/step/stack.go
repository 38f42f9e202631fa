package step

import (
	"fmt"
	"testing/synctest"

	"example.com/sseworkbook/harness/inspect"
)

// A place is where in the learner's code a goroutine is.
type place struct {
	inspect.Frame
	of inspect.Goroutine
}

func (p place) String() string {
	where := p.Name()
	if !p.of.Running() {
		where += ", " + p.of.State
	}
	return fmt.Sprintf("%s (%s)", p.Location(), where)
}

// ownPlace returns the innermost call that stands in the learner's own files: of the
// first goroutine on which the lesson's test has called them, or else of the first that
// has one. Where nobody is there, it is a call in the lesson's test, or in what the
// lesson gives.
func ownPlace(all []inspect.Goroutine) (place, bool) {
	for _, g := range all {
		if f, ok := calledByTest(g); ok {
			return place{f, g}, true
		}
	}
	for _, in := range []func(file string) bool{current.wrote, current.tests, current.gives} {
		for _, g := range all {
			if f, ok := frameIn(g, in); ok {
				return place{f, g}, true
			}
		}
	}
	return place{}, false
}

// calledByTest returns the innermost call in the learner's own files, of a goroutine on
// which the lesson's test has called them.
func calledByTest(g inspect.Goroutine) (f inspect.Frame, called bool) {
	f, own := frameIn(g, current.wrote)
	test, tested := frameIn(g, current.tests)
	return f, own && tested && !test.Creator
}

// frameIn returns the innermost call of g in one of these files.
func frameIn(g inspect.Goroutine, in func(file string) bool) (inspect.Frame, bool) {
	for _, f := range g.Frames {
		if in(f.File) {
			return f, true
		}
	}
	return inspect.Frame{}, false
}

// at adds to sentence where in the learner's code it happened.
func at(sentence string, all []inspect.Goroutine) string {
	if where, ok := ownPlace(all); ok {
		return sentence + ", at " + where.String()
	}
	return sentence
}

// Goroutines waits until all other goroutines in the test's bubble wait, and returns
// their number, with this one, and the line of the learner's code where most of them are:
// "sessions.go:71".
func Goroutines() (n int, most string) {
	synctest.Wait() // the runtime takes one that starts the garbage collector out of the bubble meanwhile
	lines := map[string]int{}
	for _, g := range inspect.Goroutines() {
		if !g.Bubble {
			continue
		}
		n++
		if f, ok := frameIn(g, current.wrote); ok {
			lines[f.Location()]++
			if lines[f.Location()] > lines[most] {
				most = f.Location()
			}
		}
	}
	return n, most
}

// LockedOut returns, as details of a failure, the line of the learner's code where a
// goroutine waits for a lock, if one does. It is for the report of [OnHang].
func LockedOut() (details []string) {
	for _, g := range inspect.Goroutines() {
		if f, ok := frameIn(g, current.wrote); ok && g.AtLock() {
			return []string{"your code waits at " + f.Location() + " for a lock that another goroutine holds"}
		}
	}
	return nil
}
