package trace

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// A Run is one run of a lesson's steps.
type Run struct {
	Lesson  string // "05-correlation"
	Command string // with which to make it again
	Made    time.Time
	Output  string // what go test has printed
	Passed  bool
	Steps   []Step
}

// summary says in a sentence what the run has shown.
func (r Run) summary() string {
	sent := "Nothing went over a wire in this run."
	if n := Messages(r.Steps); n > 0 {
		sent = fmt.Sprintf("%d messages went over the wire in this run.", n)
		if n == 1 {
			sent = "1 message went over the wire in this run."
		}
	}
	switch {
	case r.Passed:
		return sent + " All steps are green."
	case slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Failed }):
		return sent + " The red step comes first, up to its failure."
	}
	return sent
}

// hint says how the diagrams of a run are to be read.
const hint = "A request is drawn when it is sent, and its response when it is read; #2 marks its sender's second request, " +
	"and everything that belongs to it. Header fields are sorted by name. Times are measured from the start of the pair; " +
	"in a test with virtual time, they are virtual."

// Write writes a [Page] that shows the run.
func (r Run) Write(w io.Writer) error {
	return Page{
		Title:   "Lesson " + r.Lesson + ": what went over the wire",
		Lead:    r.summary(),
		Command: r.Command,
		Made:    r.Made,
		Hint:    hint,
		Output:  r.complaints(),
		Steps:   r.Steps,
	}.Write(w)
}

// complaints returns what go test has printed, where the run has failed and no step has
// it for its message: a lesson that does not compile, mostly.
func (r Run) complaints() string {
	if r.Passed || slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Failed }) {
		return ""
	}
	return r.Output
}
