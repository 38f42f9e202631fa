package step

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"example.com/sseworkbook/harness/inspect"
)

// passOn copies from to to, line by line, until from ends. A report of the race
// detector becomes one line, and what comes from the first line of a crash on is
// returned instead.
func passOn(from io.Reader, to io.Writer) (dump string) {
	var crash, race strings.Builder
	for in := bufio.NewReader(from); ; {
		line, err := in.ReadString('\n')
		mark := inspect.BoundsRace(line)
		switch {
		case crash.Len() > 0 || inspect.StartsCrash(line):
			crash.WriteString(line)
		case mark && race.Len() > 0:
			fmt.Fprintln(to, raceSentence(race.String()))
			race.Reset()
		case mark || race.Len() > 0:
			race.WriteString(line)
		default:
			io.WriteString(to, line)
		}
		if err != nil {
			io.WriteString(to, race.String())
			return crash.String()
		}
	}
}

// raceSentence says in one line what the race detector says in thirty: the two
// places that touch the same memory.
func raceSentence(report string) string {
	var places []string
	for _, access := range inspect.Parse(report) {
		if at, ok := ownPlace([]inspect.Goroutine{access}); ok && access.State != "created" {
			places = append(places, at.String())
		}
	}
	if len(places) == 0 {
		return report
	}
	return "data race: " + strings.Join(places, " and ") + ": nothing orders one before the other"
}
