package verify

import (
	"fmt"
	"strings"
	"time"

	"example.com/sseworkbook/harness/progress"
)

// How long a step may take before it counts as one that hangs: what a learner has,
// and longer than one takes on any machine, however busy, where a step that hangs
// must not be taken for a slow one.
const (
	patience = 5 * time.Second
	calm     = time.Minute
)

// judge tells what is wrong with the results of many runs. Verdict says it of one of
// them, or "". What it says of several comes once, with their number.
func judge(results []progress.Result, verdict func(progress.Result) string) (wrong []string) {
	count := map[string]int{}
	var texts []string // in the order in which they first came
	for _, result := range results {
		text := verdict(result)
		if count[text]++; text != "" && count[text] == 1 {
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	for i, text := range texts {
		texts[i] = fmt.Sprintf("in %d of %d runs, %s", count[text], len(results), text)
	}
	return []string{strings.Join(texts, "\n")}
}
