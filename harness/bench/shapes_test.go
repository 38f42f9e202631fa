package bench

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// A shape is what the events look like with which encoders and parsers are
// measured.
type shape struct {
	name  string
	event func(n int) framing.Event // the n-th event, from 0
}

// shapes are the token of a model's answer, the message of an application, and
// the text of several lines.
var shapes = []shape{
	{"small", func(int) framing.Event { return framing.Event{Data: strings.Repeat("x", 32)} }}, // 40 bytes on the wire
	{"json", jsonEvent},
	{"lines", linesEvent},
}

// jsonEvent has an ID, a type, and 400 bytes of JSON.
func jsonEvent(n int) framing.Event {
	const size = 400
	data := fmt.Sprintf(`{"order":%d,"state":"paid","items":[{"name":"tea","price":3.2}],"note":"`, n)
	data += strings.Repeat("a", size-len(data)-len(`"}`)) + `"}`
	return framing.Event{ID: fmt.Sprint(n), Type: "update", Data: data}
}

// linesEvent has twenty lines of data, as a log has them.
func linesEvent(n int) framing.Event {
	var lines []string
	for i := range 20 {
		lines = append(lines, fmt.Sprintf("%08d:%02d worker took a job from the queue", n, i))
	}
	return framing.Event{Data: strings.Join(lines, "\n")}
}

// events returns the first count events of a shape.
func (s shape) events(count int) []framing.Event {
	var all []framing.Event
	for n := range count {
		all = append(all, s.event(n))
	}
	return all
}

// A tally is what a pass over a stream has found: enough to see that nothing is
// missing, and cheap enough to be taken while the clock runs.
type tally struct {
	events int
	bytes  int // of the events' data
}

// tallyOf is the tally of a pass that has found events.
func tallyOf(events []framing.Event) tally {
	t := tally{events: len(events)}
	for _, e := range events {
		t.bytes += len(e.Data)
	}
	return t
}

// wireOf returns events as a server sends them, with the fields in the order in
// which the libraries write them.
func wireOf(events []framing.Event) []byte {
	var wire bytes.Buffer
	for _, e := range events {
		if e.ID != "" {
			fmt.Fprintf(&wire, "id: %s\n", e.ID)
		}
		if e.Type != "" {
			fmt.Fprintf(&wire, "event: %s\n", e.Type)
		}
		for line := range strings.SplitSeq(e.Data, "\n") {
			fmt.Fprintf(&wire, "data: %s\n", line)
		}
		wire.WriteByte('\n')
	}
	return wire.Bytes()
}

// pieces gives at most size bytes with each Read, as a network does.
type pieces struct {
	r    io.Reader
	size int
}

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), p.size)]) }

// measure runs pass, which handles this many events and bytes, as often as it is
// asked to, and reports allocs/event beside the speed.
func measure(b *testing.B, events, bytes int, pass func()) {
	b.SetBytes(int64(bytes))
	before := mallocs()
	for b.Loop() {
		pass()
	}
	each := float64(mallocs()-before) / float64(b.N) / float64(events)
	// What the runtime allocates now and then for itself is no event's.
	b.ReportMetric(math.Round(each*100)/100, "allocs/event")
}

// mallocs counts the allocations since the program began, in all goroutines.
func mallocs() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// cannot has a library stand in the table without figures, with the reason.
func cannot(b *testing.B, library, reason string) {
	b.Run(library, func(b *testing.B) { b.Skip(reason) })
}
