package load

import (
	"fmt"
	"io"
	"math"
	"time"
)

// A table has a row for each second. On a terminal, that is one row which is
// written again and again.
type table struct {
	out     io.Writer
	rewrite bool
	rows    int
	second  float64 // of the last row
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
// has happened since the look before. It reports false if there is a row of this
// second already: when the machine is late with one, the next comes too soon.
func (t *table) row(began time.Time, last, now look) bool {
	second := math.Round(now.at.Sub(began).Seconds())
	if t.rows > 0 && second <= t.second {
		return false
	}
	t.second = second
	if t.rows == 0 {
		fmt.Fprintln(t.out, columns)
	}
	t.rows++
	seconds, lately := now.at.Sub(last.at).Seconds(), now.took.since(&last.took)
	text := fmt.Sprintf("%3.0fs  %10d %10.0f %10.0f %9s %9s %7d %12s",
		second, now.in,
		float64(now.events-last.events)/seconds, float64(lately.n)/seconds,
		quantile(&lately, 0.50), quantile(&lately, 0.99), now.lost, kib(now.kib))
	if t.rewrite {
		fmt.Fprintf(t.out, "\r%s\x1b[K", text)
	} else {
		fmt.Fprintln(t.out, text)
	}
	return true
}

// quantile returns a quantile in words: "0.3ms". Where nothing came back there is none.
func quantile(h *histogram, q float64) string {
	if h.n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1fms", milliseconds(h.quantile(q)))
}

// kib returns a size in words. Before the server was weighed there is none.
func kib(size float64) string {
	if size == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f", size)
}

// end goes to the next line.
func (t *table) end() {
	if t.rewrite && t.rows > 0 {
		fmt.Fprintln(t.out)
	}
}

// milliseconds returns d as a number.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
