package step

import (
	"fmt"
	"strings"

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

// ownPlace returns the innermost call that stands in the learner's own files, or
// else in the lesson's test: of the first goroutine that has one.
func ownPlace(all []inspect.Goroutine) (place, bool) {
	for _, inTest := range []bool{false, true} {
		for _, g := range all {
			if f, ok := ownFrame(g, inTest); ok {
				return place{f, g}, true
			}
		}
	}
	return place{}, false
}

// ownFrame returns the innermost call of g that stands in the lesson's files: in its
// tests, or in the learner's own.
func ownFrame(g inspect.Goroutine, inTest bool) (inspect.Frame, bool) {
	for _, f := range g.Frames {
		if current.owns(f.File) && inTest == strings.HasSuffix(f.File, "_test.go") {
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

// Goroutines returns how many goroutines there are in the test's bubble, and on
// which of the learner's lines most of them are: "sessions.go:71".
func Goroutines() (n int, most string) {
	lines := map[string]int{}
	for _, g := range inspect.Goroutines() {
		if !g.Bubble {
			continue
		}
		n++
		if f, ok := ownFrame(g, false); ok {
			lines[f.Location()]++
			if lines[f.Location()] > lines[most] {
				most = f.Location()
			}
		}
	}
	return n, most
}

// LockedOut says, as details of a failure, at which of the learner's lines a goroutine
// waits for a lock, if one does. It is for the report of [OnHang].
func LockedOut() (details []string) {
	for _, g := range inspect.Goroutines() {
		if f, ok := ownFrame(g, false); ok && g.AtLock() {
			return []string{"a lock that somebody else has is waited for at " + f.Location()}
		}
	}
	return nil
}
