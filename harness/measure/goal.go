package measure

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Goal is what a contender is to reach in a case. It is written as one line:
// the case, the unit, and ">= 3 x peer", "<= 2 + limit-bare" or "<= 2". "peer" is
// the best of the others that are no limits.
type Goal struct {
	Case  string  `json:"-"`
	Unit  string  `json:"unit"`
	Text  string  `json:"goal"` // the bound, as it was written
	Most  bool    `json:"-"`    // the bound is the most that it may be, not the least
	Bound float64 `json:"-"`
	By    string  `json:"-"` // "x", "+" or ""
	Of    string  `json:"-"` // whom it is compared with
}

// A Verdict says whether a goal was reached.
type Verdict struct {
	Goal
	Against string  `json:"against,omitempty"` // whom it was compared with
	Value   float64 `json:"value"`             // what there is, to be held against the bound
	Reached bool    `json:"reached"`
}

// goalLine has the case, the unit and the bound, and the parts of the bound.
var goalLine = regexp.MustCompile(`^(\S+)\s+(\S+)\s+((>=|<=)\s+([0-9.]+)(?:\s+([x+])\s+(\S+))?)$`)

// ParseGoals parses goals, one a line. Empty lines and those that begin with "#"
// are none.
func ParseGoals(text string) ([]Goal, error) {
	var goals []Goal
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		m := goalLine.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("line %d of the goals: %q is no goal; one is: Parse/json MB/s >= 3 x peer", n, line)
		}
		bound, err := strconv.ParseFloat(m[5], 64)
		if err != nil {
			return nil, fmt.Errorf("line %d of the goals: %w", n, err)
		}
		goals = append(goals, Goal{Case: m[1], Unit: m[2], Text: m[3], Most: m[4] == "<=", Bound: bound, By: m[6], Of: m[7]})
	}
	return goals, nil
}

// Judge adds to each case what became of its goals, for the contender called
// ours. It returns the goals for which nothing was measured.
func Judge(cases []Case, goals []Goal, ours string) (open []Goal) {
	for _, g := range goals {
		measured := false
		for i := range cases {
			if cases[i].Name == g.Case {
				var v Verdict
				if v, measured = cases[i].judge(g, ours); measured {
					cases[i].Verdicts = append(cases[i].Verdicts, v)
				}
			}
		}
		if !measured {
			open = append(open, g)
		}
	}
	return open
}

// judge returns what became of one goal, if all that it compares was measured.
func (c Case) judge(g Goal, ours string) (v Verdict, ok bool) {
	v = Verdict{Goal: g, Against: g.Of}
	if g.Of == "peer" {
		v.Against = c.bestPeer(ours, g.Unit, !g.Most)
	}
	mine, other := c.Values(ours, g.Unit), c.Values(v.Against, g.Unit)
	switch g.By {
	case "x":
		v.Value, ok = ratio(mine, other)
	case "+":
		v.Value, ok = difference(mine, other)
	default:
		v.Value, ok = median(mine), mine != nil
	}
	v.Reached = v.Value >= g.Bound
	if g.Most {
		v.Reached = v.Value <= g.Bound
	}
	return v, ok
}

// bestPeer returns the name of the peer with the best median of a unit, or "".
func (c Case) bestPeer(ours, unit string, moreIsBetter bool) string {
	best, bestValue := "", 0.0
	for _, one := range c.Contenders {
		values := one.values(unit)
		if one.Name == ours || one.IsLimit() || values == nil {
			continue
		}
		if value := median(values); best == "" || value > bestValue == moreIsBetter {
			best, bestValue = one.Name, value
		}
	}
	return best
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
	if v.By != "" {
		value += " (" + v.Against + ")"
	}
	return fmt.Sprintf("goal %s %s: %s, %s", v.Unit, v.Text, value, became)
}
