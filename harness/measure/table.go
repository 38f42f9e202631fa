package measure

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// How wide the columns of a table are at least, so that they stand below each
// other from one case to the next.
const (
	nameWidth   = 24
	figureWidth = 12
)

// Table writes the cases: for each contender the medians of all that was
// measured, and how much ours is of it in the unit that counts, which is that of
// the first goal, or the first one there is.
func Table(w io.Writer, cases []Case, ours string) {
	for i, c := range cases {
		if i > 0 {
			fmt.Fprintln(w)
		}
		c.table(w, ours)
	}
}

// table writes one case.
func (c Case) table(w io.Writer, ours string) {
	us, _ := c.Contender(ours)
	units, counts := c.units(), c.counts(us)
	rows := [][]string{append(append([]string{c.Name}, units...), ours+" is")}
	for _, one := range c.Contenders {
		row := []string{"  " + one.Name}
		for _, unit := range units {
			row = append(row, figure(one.Values(unit)))
		}
		ratio := ""
		if r, ok := Ratio(us.Values(counts), one.Values(counts)); ok && one.Name != ours {
			ratio = fmt.Sprintf("%.2f x", r)
		}
		rows = append(rows, append(row, ratio))
	}
	for _, line := range aligned(rows) {
		fmt.Fprintln(w, line)
	}
	for _, l := range c.LeftOut {
		fmt.Fprintf(w, "  %s is left out: %s\n", l.Name, l.Reason)
	}
	for _, v := range c.Verdicts {
		fmt.Fprintf(w, "  %s\n", v)
	}
}

// aligned returns rows as lines: names to the left, figures to the right.
func aligned(rows [][]string) []string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	widths[0] = max(widths[0], nameWidth)
	var lines []string
	for _, row := range rows {
		line := fmt.Sprintf("%-*s", widths[0], row[0])
		for i, cell := range row[1:] {
			line += fmt.Sprintf("  %*s", max(widths[i+1], figureWidth), cell)
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// units returns the units of all contenders, in the order of their first use. A
// benchmark that has a unit of its own says with it what there is to say, and
// then those that the testing package counts by its own operations are left out.
func (c Case) units() []string {
	var units []string
	own := false
	for _, one := range c.Contenders {
		for _, f := range one.Figures {
			if !slices.Contains(units, f.Unit) {
				units = append(units, f.Unit)
				own = own || !strings.HasSuffix(f.Unit, "/op") && f.Unit != "MB/s"
			}
		}
	}
	return slices.DeleteFunc(units, func(unit string) bool { return own && strings.HasSuffix(unit, "/op") })
}

// counts returns the unit by which contenders are compared.
func (c Case) counts(us Contender) string {
	if len(c.Verdicts) > 0 {
		return c.Verdicts[0].Unit
	}
	if units := (Case{Contenders: []Contender{us}}).units(); len(units) > 0 {
		return units[0]
	}
	return ""
}

// String is the goal, and what became of it.
func (v Verdict) String() string {
	became := "not reached"
	if v.Reached {
		became = "reached"
	}
	value := number(v.Value)
	if v.By == "x" {
		value = fmt.Sprintf("%.2f", v.Value)
	}
	text := fmt.Sprintf("goal %s %s: %s", v.Unit, v.Text, value)
	if v.By != "" {
		text += " (" + v.Against + ")"
	}
	return text + ", " + became
}

// figure writes the median of values, or a dash for none.
func figure(values []float64) string {
	if len(values) == 0 {
		return "-"
	}
	return number(median(values))
}

// number writes x with three digits that count, and thousands apart.
func number(x float64) string {
	switch {
	case x == 0:
		return "0"
	case math.Abs(x) < 10:
		return fmt.Sprintf("%.2f", x)
	case math.Abs(x) < 100:
		return fmt.Sprintf("%.1f", x)
	}
	digits := fmt.Sprintf("%.0f", math.Abs(x))
	var b strings.Builder
	if x < 0 {
		b.WriteByte('-')
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
