package step

import (
	"strconv"
	"time"

	"example.com/sseworkbook/harness/inspect"
)

// How often, and with what pause, one looks at a goroutine to find out that it runs
// without end.
const (
	looks = 10
	pause = 5 * time.Millisecond
)

// busy returns sentence with the place in the learner's code at which a goroutine runs
// on and on; as it is and without details, if there is none.
func (l *lesson) busy(sentence string) (string, []string) {
	calls := findLoop()
	if len(calls) == 0 {
		return sentence, nil
	}
	loop := calls[len(calls)-1]
	where := "at " + loop.Location() + " (" + loop.Name() + ")"
	if len(calls) > 1 {
		caller := calls[len(calls)-2]
		where += ", called at " + caller.Location() + " (" + caller.Name() + ")"
	}
	return sentence + ", and your code keeps running " + where,
		[]string{"an endless loop? It was there in each of " + strconv.Itoa(looks) + " samples"}
}

// findLoop looks at all goroutines several times. Of one that always runs, it returns
// the learner's calls in which it always was, the outermost first.
func findLoop() (calls []inspect.Frame) {
	running := map[int64][]inspect.Frame{} // by goroutine: the learner's calls that it was in each time, the outermost first
	for look := range looks {
		seen := map[int64][]inspect.Frame{}
		for _, g := range inspect.Goroutines() {
			if before, known := running[g.ID]; g.Running() && (known || look == 0) {
				seen[g.ID] = common(before, ownFrames(g), look == 0)
			}
		}
		running = seen
		time.Sleep(pause)
	}
	for _, calls = range running {
		if len(calls) > 0 {
			return calls
		}
	}
	return nil
}

// ownFrames returns the learner's calls of g, the outermost first.
func ownFrames(g inspect.Goroutine) (own []inspect.Frame) {
	for _, f := range g.Frames {
		if !f.Creator && current.wrote(f.File) {
			own = append([]inspect.Frame{f}, own...)
		}
	}
	return own
}

// common returns the calls with which both begin; all of b, if there is no a yet. Of
// the last one's lines it keeps the first in the file, as that of a loop is.
func common(a, b []inspect.Frame, first bool) []inspect.Frame {
	if first {
		return b
	}
	n := 0
	for n < len(a) && n < len(b) && a[n].Function == b[n].Function {
		if a[n].Line == inspect.UnknownLine || b[n].Line < a[n].Line && b[n].Line != inspect.UnknownLine {
			a[n].Line = b[n].Line
		}
		n++
	}
	return a[:n]
}
