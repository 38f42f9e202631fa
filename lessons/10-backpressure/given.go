package backpressure

import (
	"bytes"
	"fmt"
	"strconv"
	"sync/atomic"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// DefaultSize is used when a [Limit]'s Size is zero or less. A Size should be well below
// lesson 04's limit of 1,024 frames, which counts every frame that waits.
const DefaultSize = 256

// gapType is the type of the event that stands for missing ones.
const gapType = "gap"

// A GapError says that events are missing in a stream.
type GapError struct {
	Missing int // how many; zero if the server did not say
}

func (e *GapError) Error() string { return fmt.Sprintf("events are missing here: %d", e.Missing) }

// gapError returns the error for a gap event.
func gapError(e framing.Event) error {
	n, _ := strconv.Atoi(e.Data)
	return &GapError{Missing: max(n, 0)}
}

// Counts are what the policies of a [Limit] have done so far. It counts even if
// the queue then refuses the result, and stays as it was.
type Counts struct {
	Dropped      int64 // broadcasts for which there is a gap
	Replaced     int64 // broadcasts that KeepLatest replaced by a later one
	Disconnected int64 // sessions that Disconnect ended
}

// counters is the part of a Limit that counts.
type counters struct{ dropped, replaced, disconnected atomic.Int64 }

// Counts returns what the policies have done so far.
func (c *counters) Counts() Counts {
	return Counts{c.dropped.Load(), c.replaced.Load(), c.disconnected.Load()}
}

func (l *Limit) size() int {
	if l.Size <= 0 {
		return DefaultSize
	}
	return l.Size
}

// key returns the key of a frame for KeepLatest, or "".
func (l *Limit) key(frame []byte) string {
	if l.Key == nil {
		return string(field(frame, "event"))
	}
	return l.Key(frame)
}

// isBroadcast reports whether frame is an event with an ID.
func isBroadcast(frame []byte) bool { return len(field(frame, "id")) > 0 }

// gap returns how many events are missing in the place of frame: zero, unless frame is a
// gap event.
func gap(frame []byte) int {
	if string(field(frame, "event")) != gapType {
		return 0
	}
	n, _ := strconv.Atoi(string(field(frame, "data")))
	return n
}

// newGap returns the frame of a gap event, in whose place n events are missing.
func newGap(n int) []byte {
	frame, _ := framing.Event{Type: gapType, Data: strconv.Itoa(n)}.AppendText(nil)
	return frame
}

// field returns the value of a field in a frame of lesson 01's, where the data comes last.
func field(frame []byte, name string) []byte {
	for {
		line, rest, found := bytes.Cut(frame, []byte("\n"))
		if len(line) > len(name)+2 && string(line[:len(name)]) == name && line[len(name)] == ':' {
			return line[len(name)+2:]
		}
		if !found || len(line) == 0 || line[0] == 'd' {
			return nil
		}
		frame = rest
	}
}
