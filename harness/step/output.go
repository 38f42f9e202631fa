package step

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// crashMarks begin the lines with which the runtime starts to say how the
// process ended.
var crashMarks = []string{"panic: ", "fatal error: ", "runtime: "}

// raceMark stands before and after each report of the race detector.
const raceMark = "=================="

// passOn copies from to to, line by line, until from ends. A report of the race
// detector becomes one line, and what comes from the first line of a crash on is
// returned instead.
func passOn(from io.Reader, to io.Writer) (dump string) {
	var crash, race strings.Builder
	for in := bufio.NewReader(from); ; {
		line, err := in.ReadString('\n')
		mark := strings.TrimSpace(line) == raceMark
		switch {
		case crash.Len() > 0 || startsCrash(line):
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

func startsCrash(line string) bool {
	for _, mark := range crashMarks {
		if strings.HasPrefix(line, mark) {
			return true
		}
	}
	return false
}

// raceSentence says in one line what the race detector says in thirty: the two
// places that touch the same memory.
func raceSentence(report string) string {
	var places []string
	for _, access := range parseStacks(report) {
		if at, ok := ownFrame([]goroutine{access}); ok && access.state != "created" {
			at.state = strings.ToLower(at.state)
			places = append(places, at.String())
		}
	}
	if len(places) == 0 {
		return report
	}
	return "data race: " + strings.Join(places, " and ") + ": nothing orders one before the other"
}
