package chaos

import (
	"fmt"
	"strings"
	"time"
)

// timelineWidth is how many slices of time a row of the timeline has.
const timelineWidth = 68

// signs are what stands in a row for a fault.
var signs = [kinds]rune{'x', 'c', '<', '>', '_', 's', 'd', 'p'}

// Further signs of a row.
const (
	nothing   = ' '
	someEvent = '·'
	resetSign = 'R'
)

// weights are the signs, from the least to the most important: where a slice has
// several, it shows the last one.
const weights = " ·pds><cx_R"

// legend explains the signs, in lines of at most 80 columns.
const legend = `· events   R reset: events announced as missing
x cut   c closed   < half-closed to the client   > half-closed to the server
_ silent until the client gave up   s stalled   d delayed   p in small pieces
`

// timeline writes a row for each client, in which time goes from left to right.
func (r *Report) timeline(b *strings.Builder) {
	slice := r.took/timelineWidth + 1
	fmt.Fprintf(b, "%-12s%s\n", "", seconds(slice))
	for _, a := range r.clients {
		row := a.row(slice)
		fmt.Fprintln(b, strings.TrimRight(fmt.Sprintf("client %3d  %s", a.number, string(row)), " "))
	}
	fmt.Fprintln(b)
	b.WriteString(legend)
	fmt.Fprintln(b)
}

// row returns a client's row.
func (a account) row(slice time.Duration) []rune {
	row := []rune(strings.Repeat(string(nothing), timelineWidth))
	mark := func(from, until time.Duration, sign rune) {
		for i := from / slice; i <= until/slice && int(i) < len(row); i++ {
			if strings.IndexRune(weights, sign) > strings.IndexRune(weights, row[i]) {
				row[i] = sign
			}
		}
	}
	for i, e := range a.entries {
		switch e.What {
		case Received:
			mark(e.At, e.Until, someEvent)
		case Reset:
			mark(e.At, e.At, resetSign)
		case Faulted:
			mark(e.At, a.faultUntil(i), signs[e.Fault.Kind])
		}
	}
	return row
}

// faultUntil returns when the fault of entry i was over.
func (a account) faultUntil(i int) time.Duration {
	fault := a.entries[i]
	switch fault.Fault.Kind {
	case Stall:
		for _, e := range a.entries[i+1:] {
			if e.Connection != fault.Connection || e.What == Lost {
				return min(e.At, fault.At+fault.Fault.For)
			}
		}
		return fault.At + fault.Fault.For
	case Silence:
		for _, e := range a.entries[i+1:] {
			if e.Connection == fault.Connection && e.What == Lost {
				return e.At
			}
		}
	}
	return fault.At
}

// seconds returns a line with some of the seconds, each above its slice.
func seconds(slice time.Duration) string {
	step := time.Second
	for step < 10*slice {
		step *= 2
	}
	line := []rune(strings.Repeat(" ", timelineWidth+8))
	for at := time.Duration(0); at/slice < timelineWidth-4; at += step {
		copy(line[at/slice:], []rune(fmt.Sprintf("%d s", int(at.Seconds()))))
	}
	return strings.TrimRight(string(line), " ")
}
