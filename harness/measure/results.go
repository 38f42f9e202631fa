package measure

import (
	"slices"
	"strings"
)

// A Case is one thing that was measured, with all who had their turn at it.
type Case struct {
	Name       string      `json:"case"` // the job, and what follows its slash: "Parse/json"
	Contenders []Contender `json:"contenders"`
	Skipped    []Skipped   `json:"leftOut,omitempty"`
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

// Skipped is a contender that cannot do the job.
type Skipped struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// IsLimit reports whether c is a bound, and no contender that a user could pick.
func (c Contender) IsLimit() bool { return strings.HasPrefix(c.Name, "limit") }

// values returns c's values of a unit, by round; nil, if it was not measured in it.
func (c Contender) values(unit string) []float64 {
	for _, f := range c.Figures {
		if f.Unit == unit {
			return f.Values
		}
	}
	return nil
}

// Values returns a contender's values of a unit, by round; nil, if there are none.
func (c Case) Values(contender, unit string) []float64 {
	for _, one := range c.Contenders {
		if one.Name == contender {
			return one.values(unit)
		}
	}
	return nil
}

// results are the cases so far, in the order of their first turns.
type results []Case

// skip notes that a contender cannot do the job of a case.
func (r *results) skip(name, contender, reason string) {
	c := r.named(name)
	find(&c.Skipped, func(s Skipped) bool { return s.Name == contender }, Skipped{contender, reason})
}

// add notes a value that a contender has reached in a case.
func (r *results) add(name, contender, unit string, value float64) {
	c := r.named(name)
	one := find(&c.Contenders, func(one Contender) bool { return one.Name == contender }, Contender{Name: contender})
	f := find(&one.Figures, func(f Figure) bool { return f.Unit == unit }, Figure{Unit: unit})
	f.Values = append(f.Values, value)
	f.Median = median(f.Values)
}

func (r *results) named(name string) *Case {
	return find((*[]Case)(r), func(c Case) bool { return c.Name == name }, Case{Name: name})
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

// ratio returns the median of a's values over b's, round by round: values are
// compared with those of the same round, in which the machine was the same. It
// reports false when there is nothing to compare.
func ratio(a, b []float64) (float64, bool) {
	var all []float64
	for i := range min(len(a), len(b)) {
		if b[i] != 0 {
			all = append(all, a[i]/b[i])
		}
	}
	return median(all), len(all) > 0
}

// difference is [ratio], with a's values minus b's.
func difference(a, b []float64) (float64, bool) {
	var all []float64
	for i := range min(len(a), len(b)) {
		all = append(all, a[i]-b[i])
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
