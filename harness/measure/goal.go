package measure

import (
	"fmt"
	"slices"
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

// ParseGoals parses goals, one a line. Empty lines and those that begin with "#"
// are none.
func ParseGoals(text string) ([]Goal, error) {
	var goals []Goal
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		goal, err := parseGoal(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("line %d of the goals: %w", n, err)
		}
		goals = append(goals, goal)
	}
	return goals, nil
}

// parseGoal parses the words of one goal.
func parseGoal(words []string) (Goal, error) {
	if len(words) != 4 && len(words) != 6 {
		return Goal{}, fmt.Errorf("%q is no goal; one is: Parse/json MB/s >= 3 x peer", strings.Join(words, " "))
	}
	g := Goal{Case: words[0], Unit: words[1], Text: strings.Join(words[2:], " "), Most: words[2] == "<="}
	if !g.Most && words[2] != ">=" {
		return Goal{}, fmt.Errorf("%q is neither >= nor <=", words[2])
	}
	var err error
	if g.Bound, err = strconv.ParseFloat(words[3], 64); err != nil {
		return Goal{}, fmt.Errorf("%q is no number", words[3])
	}
	if len(words) == 6 {
		g.By, g.Of = words[4], words[5]
		if g.By != "x" && g.By != "+" {
			return Goal{}, fmt.Errorf("%q is neither x nor +", g.By)
		}
	}
	return g, nil
}

// Judge adds to each case what became of its goals, for the contender called
// ours. It returns the goals for which nothing was measured.
func Judge(cases []Case, goals []Goal, ours string) (open []Goal) {
	for _, g := range goals {
		i := slices.IndexFunc(cases, func(c Case) bool { return c.Name == g.Case })
		if i < 0 {
			open = append(open, g)
			continue
		}
		v, ok := cases[i].judge(g, ours)
		if !ok {
			open = append(open, g)
			continue
		}
		cases[i].Verdicts = append(cases[i].Verdicts, v)
	}
	return open
}

// judge returns what became of one goal.
func (c Case) judge(g Goal, ours string) (v Verdict, ok bool) {
	v.Goal = g
	us, _ := c.Contender(ours)
	mine := us.Values(g.Unit)
	other, found := c.Contender(g.Of)
	if g.Of == "peer" {
		other, found = c.best(ours, g.Unit, !g.Most)
	}
	switch {
	case mine == nil || g.By != "" && !found:
		return v, false
	case g.By == "":
		v.Value, ok = median(mine), true
	case g.By == "x":
		v.Value, ok = Ratio(mine, other.Values(g.Unit))
	default:
		v.Value, ok = Difference(mine, other.Values(g.Unit))
	}
	v.Against = other.Name
	v.Reached = v.Value >= g.Bound
	if g.Most {
		v.Reached = v.Value <= g.Bound
	}
	return v, ok
}
