package measure

import (
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// How the testing package tells of benchmarks, with -test.v. Of one that was
// skipped, the reason stands on a line before, after the place.
var (
	resultLine = regexp.MustCompile(`^Benchmark(\S+)\s+\d+((?:\s+\S+ \S+)+)\s*$`)
	skipLine   = regexp.MustCompile(`^\s*--- SKIP: Benchmark(\S+)`)
	reasonLine = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)`)
)

// read adds what a test binary has printed of its benchmarks. They measure
// contender; if that is empty, the last element of a benchmark's name says whom.
func (r *results) read(output, contender string) {
	reason := ""
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if m := skipLine.FindStringSubmatch(line); m != nil {
			name, who := parties(m[1], contender)
			r.skip(name, who, cmp.Or(reason, "it says no reason"))
			reason = ""
		} else if m := reasonLine.FindStringSubmatch(line); m != nil {
			reason = m[1]
		} else if m := resultLine.FindStringSubmatch(line); m != nil {
			name, who := parties(m[1], contender)
			figures := strings.Fields(m[2]) // values and units in turn
			for i := 0; i+1 < len(figures); i += 2 {
				if value, err := strconv.ParseFloat(figures[i], 64); err == nil {
					r.add(name, who, figures[i+1], value)
				}
			}
		}
	}
}

// parties returns the case and the contender of a benchmark. The testing package
// puts the number of processors after its name when there are several.
func parties(benchmark, contender string) (name, who string) {
	if n := runtime.GOMAXPROCS(0); n > 1 {
		benchmark = strings.TrimSuffix(benchmark, fmt.Sprintf("-%d", n))
	}
	if contender != "" {
		return benchmark, contender
	}
	i := strings.LastIndexByte(benchmark, '/')
	return benchmark[:max(i, 0)], benchmark[i+1:]
}
