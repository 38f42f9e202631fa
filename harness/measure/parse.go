package measure

import (
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// skipLine is how the testing package says that a benchmark was skipped. The
// reason stands on the line before, after the place.
var (
	skipLine   = regexp.MustCompile(`^\s*--- SKIP: Benchmark(\S+)`)
	reasonLine = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)`)
)

// parse returns what a test binary has printed of its benchmarks, with -test.v.
func parse(output string) []turn {
	var turns []turn
	var reason string
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if m := skipLine.FindStringSubmatch(line); m != nil {
			turns = append(turns, turn{benchmark: plainName(m[1]), skipped: cmp.Or(reason, "it says no reason")})
			reason = ""
		} else if m := reasonLine.FindStringSubmatch(line); m != nil {
			reason = m[1]
		} else if t, ok := parseLine(line); ok {
			turns = append(turns, t)
		}
	}
	return turns
}

// parseLine parses a line of results: the name, the iterations, and then each
// figure with its unit.
func parseLine(line string) (turn, bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || len(fields)%2 != 0 {
		return turn{}, false
	}
	name, ok := strings.CutPrefix(fields[0], "Benchmark")
	if _, err := strconv.Atoi(fields[1]); err != nil || !ok {
		return turn{}, false
	}
	t := turn{benchmark: plainName(name)}
	for i := 2; i < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return turn{}, false
		}
		t.metrics = append(t.metrics, metric{fields[i+1], value})
	}
	return t, true
}

// plainName returns a benchmark's name without the number of processors, which
// the testing package puts after it when there are several.
func plainName(name string) string {
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return strings.TrimSuffix(name, fmt.Sprintf("-%d", n))
	}
	return name
}
