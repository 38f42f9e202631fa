package status

import (
	"strings"

	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/toolchain"
)

// FirstRace says why one waits for the race detector.
const FirstRace = "the first run compiles everything again"

// Untried says of which lessons that are done the race detector has not seen the
// code, and why; "" if there are none.
func Untried(results []progress.Result) string {
	var names []string
	for _, r := range results {
		if r.Race == progress.RaceUntried {
			names = append(names, r.Lesson.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "not tried with -race: " + strings.Join(names, ", ") + "; " + toolchain.NoRace
}

// TestCommand returns the command that shows what the result r shows.
func TestCommand(root string, r progress.Result) string {
	command := "go test ./"
	if r.Race == progress.Raced {
		command = "go test -race ./"
	}
	return command + Relative(root, r.Lesson.Dir)
}
