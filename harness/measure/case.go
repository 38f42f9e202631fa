package measure

import (
	"cmp"
	"slices"
	"strings"
)

// A Case is one thing that was measured, with all who had their turn at it.
type Case struct {
	Name       string      `json:"case"` // the job, and what follows its slash: "Parse/json"
	Contenders []Contender `json:"contenders"`
	LeftOut    []LeftOut   `json:"leftOut,omitempty"`
	Verdicts   []Verdict   `json:"goals,omitempty"`
}

// A Contender is what was measured of one contender in a case.
type Contender struct {
	Name    string   `json:"name"`
	Figures []Figure `json:"figures"` // in the order in which they were printed
}

// A Figure has the values of one unit, a value for each round.
type Figure struct {
	Unit   string    `json:"unit"`
	Median float64   `json:"median"`
	Values []float64 `json:"values"`
}

// LeftOut is a contender that cannot do the job.
type LeftOut struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Values returns the values of a unit, by round; nil, if c was not measured in it.
func (c Contender) Values(unit string) []float64 {
	for _, f := range c.Figures {
		if f.Unit == unit {
			return f.Values
		}
	}
	return nil
}

// IsLimit reports whether c is a bound, and no contender that a user could pick.
func (c Contender) IsLimit() bool { return strings.HasPrefix(c.Name, "limit") }

// Contender returns the contender of this name, if it was measured.
func (c Case) Contender(name string) (Contender, bool) {
	i := slices.IndexFunc(c.Contenders, func(one Contender) bool { return one.Name == name })
	if i < 0 {
		return Contender{}, false
	}
	return c.Contenders[i], true
}

// Ratio returns the median of a's values over b's, round by round. Values are
// compared with those of the same round, in which the machine was the same. It
// reports false when there is nothing to compare.
func Ratio(a, b []float64) (float64, bool) {
	return paired(a, b, func(a, b float64) (float64, bool) { return a / b, b != 0 })
}

// Difference is [Ratio], with a's values minus b's.
func Difference(a, b []float64) (float64, bool) {
	return paired(a, b, func(a, b float64) (float64, bool) { return a - b, true })
}

// paired returns the median of f over the pairs of a round.
func paired(a, b []float64, f func(a, b float64) (float64, bool)) (float64, bool) {
	var all []float64
	for i := range min(len(a), len(b)) {
		if x, ok := f(a[i], b[i]); ok {
			all = append(all, x)
		}
	}
	return median(all), len(all) > 0
}

// median returns the median; of none, zero.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[mid-1] + sorted[mid]) / 2
	}
	return sorted[mid]
}

// cases gathers turns by case and contender, in the order of their first turns.
func cases(turns []turn) []Case {
	var all []Case
	for _, t := range turns {
		c := find(&all, func(c Case) bool { return c.Name == t.benchmark }, Case{Name: t.benchmark})
		if t.skipped != "" {
			find(&c.LeftOut, func(l LeftOut) bool { return l.Name == t.contender }, LeftOut{t.contender, t.skipped})
			continue
		}
		one := find(&c.Contenders, func(one Contender) bool { return one.Name == t.contender }, Contender{Name: t.contender})
		for _, m := range t.metrics {
			f := find(&one.Figures, func(f Figure) bool { return f.Unit == m.unit }, Figure{Unit: m.unit})
			f.Values = append(f.Values, m.value)
			f.Median = median(f.Values)
		}
	}
	return all
}

// find returns the element of list that is the one, and appends it if there is
// none. What it returns is good until the next element is appended.
func find[T any](list *[]T, is func(T) bool, otherwise T) *T {
	i := slices.IndexFunc(*list, is)
	if i < 0 {
		i = len(*list)
		*list = append(*list, otherwise)
	}
	return &(*list)[i]
}

// best returns the peer with the best median of a unit. More is better, but for
// units of time and space.
func (c Case) best(ours, unit string, more bool) (Contender, bool) {
	var peers []Contender
	for _, one := range c.Contenders {
		if one.Name != ours && !one.IsLimit() && one.Values(unit) != nil {
			peers = append(peers, one)
		}
	}
	if len(peers) == 0 {
		return Contender{}, false
	}
	order := func(a, b Contender) int { return cmp.Compare(median(a.Values(unit)), median(b.Values(unit))) }
	if more {
		return slices.MaxFunc(peers, order), true
	}
	return slices.MinFunc(peers, order), true
}
