package measure

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// How wide the columns of a table are, so that they stand below each other from
// one case to the next. A longer unit widens its own.
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
	units := ownUnits(c.Contenders)
	fmt.Fprintf(w, "%-*s", nameWidth, c.Name)
	for _, unit := range units {
		fmt.Fprintf(w, "  %*s", figureWidth, unit)
	}
	fmt.Fprintf(w, "  %*s\n", figureWidth, ours+" is")
	counts := c.counts(ours)
	for _, one := range c.Contenders {
		fmt.Fprintf(w, "%-*s", nameWidth, "  "+one.Name)
		for _, unit := range units {
			fmt.Fprintf(w, "  %*s", max(figureWidth, len(unit)), figure(one.values(unit)))
		}
		if r, ok := ratio(c.Values(ours, counts), one.values(counts)); ok && one.Name != ours {
			fmt.Fprintf(w, "  %*s", figureWidth, fmt.Sprintf("%.2f x", r))
		}
		fmt.Fprintln(w)
	}
	for _, s := range c.Skipped {
		fmt.Fprintf(w, "  %s is left out: %s\n", s.Name, s.Reason)
	}
	for _, v := range c.Verdicts {
		fmt.Fprintf(w, "  %s\n", v)
	}
}

// counts returns the unit by which contenders are compared.
func (c Case) counts(ours string) string {
	if len(c.Verdicts) > 0 {
		return c.Verdicts[0].Unit
	}
	for _, one := range c.Contenders {
		if units := ownUnits([]Contender{one}); one.Name == ours && len(units) > 0 {
			return units[0]
		}
	}
	return ""
}

// ownUnits returns the units of contenders, in the order of their first use. A
// benchmark that has a unit of its own says with it what there is to say, and
// then those that the testing package counts by its own operations are left out.
func ownUnits(contenders []Contender) []string {
	var units []string
	own := false
	for _, one := range contenders {
		for _, f := range one.Figures {
			if !slices.Contains(units, f.Unit) {
				units = append(units, f.Unit)
				own = own || !strings.HasSuffix(f.Unit, "/op") && f.Unit != "MB/s"
			}
		}
	}
	return slices.DeleteFunc(units, func(unit string) bool { return own && strings.HasSuffix(unit, "/op") })
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
	switch size := math.Abs(x); {
	case size == 0:
		return "0"
	case size < 10:
		return fmt.Sprintf("%.2f", x)
	case size < 100:
		return fmt.Sprintf("%.1f", x)
	}
	digits := strconv.FormatFloat(x, 'f', 0, 64)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
