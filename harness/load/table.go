package load

import (
	"fmt"
	"io"
	"time"
)

// A table has a row for each second. On a terminal, that is one row which is
// written again and again.
type table struct {
	out     io.Writer
	rewrite bool
	rows    int
}

// newTable returns a table on out. Without an out it is written nowhere.
func newTable(out io.Writer, rewrite bool) *table {
	if out == nil {
		out = io.Discard
	}
	return &table{out: out, rewrite: rewrite}
}

// columns are the headings.
const columns = "time   connected   events/s  answers/s       p50       p99    lost   KiB/client"

// row writes what there is to see now, of a run that began at a time, and what
// has happened since the look before.
func (t *table) row(began time.Time, last, now look) {
	if t.rows == 0 {
		fmt.Fprintln(t.out, columns)
	}
	t.rows++
	seconds := now.at.Sub(last.at).Seconds()
	text := fmt.Sprintf("%3.0fs  %10d %10.0f %10.0f %9s %9s %7d %12.1f",
		now.at.Sub(began).Seconds(), now.in,
		float64(now.events-last.events)/seconds, float64(now.answers-last.answers)/seconds,
		inWords(now.lately.quantile(0.50)), inWords(now.lately.quantile(0.99)), now.lost, now.kib)
	if t.rewrite {
		fmt.Fprintf(t.out, "\r%s\x1b[K", text)
		return
	}
	fmt.Fprintln(t.out, text)
}

// end goes to the next line.
func (t *table) end() {
	if t.rewrite && t.rows > 0 {
		fmt.Fprintln(t.out)
	}
}

// inWords returns a time in milliseconds: "0.3ms".
func inWords(d time.Duration) string {
	return fmt.Sprintf("%.1fms", milliseconds(d))
}

// milliseconds returns d as a number.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
