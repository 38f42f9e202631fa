package chaos

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// A Wrong is a way in which something is wrong with what a client received.
type Wrong int

// What can be wrong.
const (
	Missing    Wrong = iota // events never came, and no reset announced it
	Doubled                 // an event came again
	OutOfOrder              // an event came after a later one, or after a reset that announced it as missing
	Altered                 // an event's type or data is not what was published
	Foreign                 // something came that was not published
	Needless                // a reset announced events that the log still had
)

// A Finding is one thing that is wrong.
type Finding struct {
	Wrong      Wrong
	From, To   int // the event's number; Missing and Needless: the first and the last one
	Connection int // on which of the client's connections it showed, from 1; zero: on none
	Got, Want  string
}

// A Judge compares what one client receives with what was published. It knows nothing
// of connections or time. It is not safe for concurrent use.
type Judge struct {
	published []framing.Event // event n is at n-1
	epoch     string          // of the log's IDs, with the dash
	kept      int             // how many events the log keeps

	position int // the number of the last event that came or was announced; -1: nothing came yet
	seen     []fate
	gaps     []gap
	findings []Finding
	resets   int
}

// A fate is what became of an event.
type fate byte

const (
	open      fate = iota // it has not come
	came                  // it has
	announced             // a reset said that it would not
)

// A gap is where a client got an event, but not those before it.
type gap struct{ before, connection int }

// NewJudge returns a judge for a client of a log that publishes these events, keeps the
// last kept of them, and had lastID before the first one. The judge does not change the
// events.
func NewJudge(published []framing.Event, lastID string, kept int) *Judge {
	return &Judge{
		published: published,
		epoch:     strings.TrimSuffix(lastID, "0"),
		kept:      kept,
		position:  -1,
		seen:      make([]fate, len(published)+1),
	}
}

// Hear takes note of an event that came to the client, and returns its number in the
// log. For an event that has none, that is -1.
func (j *Judge) Hear(connection int, e framing.Event) int {
	if e.Type == "endpoint" {
		return -1
	}
	number, ok := j.number(e.ID)
	if !ok || number == 0 && e.Type != "start" && e.Type != "reset" {
		j.find(Finding{Wrong: Foreign, Connection: connection, Got: quote(e)})
		return -1
	}
	switch e.Type {
	case "start":
		if j.position < 0 {
			j.position = number
		}
	case "reset":
		j.reset(connection, number)
	default:
		j.event(connection, number, e)
	}
	return number
}

// number returns the number in an ID of the log.
func (j *Judge) number(id string) (int, bool) {
	text, ours := strings.CutPrefix(id, j.epoch)
	n, err := strconv.Atoi(text)
	return n, ours && err == nil && n >= 0 && n <= len(j.published)
}

// reset takes note of a reset that says to go on from number.
func (j *Judge) reset(connection, number int) {
	from := max(0, j.position) + 1
	if missing := number - from + 1; missing <= j.kept {
		j.find(Finding{Wrong: Needless, From: from, To: number, Connection: connection})
	}
	j.resets++
	for n := from; n <= number; n++ {
		j.seen[n] = announced
	}
	j.position = max(j.position, number)
}

// event takes note of an event with its number.
func (j *Judge) event(connection, number int, e framing.Event) {
	switch fate := j.seen[number]; {
	case fate == came:
		j.find(Finding{Wrong: Doubled, From: number, To: number, Connection: connection})
	case number <= j.position:
		j.find(Finding{Wrong: OutOfOrder, From: number, To: number, Connection: connection,
			Got: fmt.Sprintf("event %d", number), Want: fmt.Sprintf("event %d", j.position+1)})
	case number > max(0, j.position)+1:
		j.gaps = append(j.gaps, gap{before: number, connection: connection})
	}
	j.seen[number] = came
	j.position = max(j.position, number)
	if got, want := quote(e), quote(received(j.published[number-1])); got != want {
		j.find(Finding{Wrong: Altered, From: number, To: number, Connection: connection, Got: got, Want: want})
	}
}

// received returns what a client gets of a published event: its line breaks are LF.
func received(e framing.Event) framing.Event {
	return framing.Event{Type: e.Type, Data: lineBreaks.Replace(e.Data)}
}

// find adds a finding.
func (j *Judge) find(f Finding) { j.findings = append(j.findings, f) }

// Position returns the number of the last event that came, or that a reset announced. It
// is -1 before the client has anything.
func (j *Judge) Position() int { return j.position }

// Done reports whether the client has the last event, or knows that it does not get it.
func (j *Judge) Done() bool { return j.position == len(j.published) }

// Counts returns how many different events came, how many resets, and how many events
// these announced as missing.
func (j *Judge) Counts() (events, resets, missing int) {
	for _, fate := range j.seen {
		switch fate {
		case came:
			events++
		case announced:
			missing++
		}
	}
	return events, j.resets, missing
}

// Findings returns all that is wrong, as of now: what has not come counts as missing.
func (j *Judge) Findings() []Finding {
	findings := j.findings[:len(j.findings):len(j.findings)]
	for from := 1; from < len(j.seen); from++ {
		to := from
		for to < len(j.seen) && j.seen[to] == open {
			to++
		}
		if to > from {
			findings = append(findings, Finding{Wrong: Missing, From: from, To: to - 1, Connection: j.noticed(to)})
			from = to
		}
	}
	return findings
}

// noticed returns on which connection an event came, but not the one before it.
func (j *Judge) noticed(number int) int {
	for _, g := range j.gaps {
		if g.before == number {
			return g.connection
		}
	}
	return 0
}

// quote returns what there is to compare of an event, its type and its data.
func quote(e framing.Event) string {
	return cmp.Or(e.Type, "message") + " " + strconv.Quote(e.Data)
}
