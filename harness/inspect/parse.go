package inspect

import (
	"regexp"
	"strconv"
	"strings"
)

// A header is the line above a goroutine's frames. Its last group is the state,
// the one before, if there is one, the ID.
var headers = []*regexp.Regexp{
	regexp.MustCompile(`^goroutine (\d+) .*?\[([^,\]]*).*\]:$`),                         // of the runtime
	regexp.MustCompile(`Goroutine (\d+) in state ([^,]*),.* on top of the stack:$`),     // of goleak
	regexp.MustCompile(`^(?:Previous )?(?:atomic )?((?i:read|write)) at 0x\w+ by .*:$`), // of the race detector
	regexp.MustCompile(`^Goroutine (\d+) \(.*\) (created) at:$`),                        // of the same
}

// A place is the line below the function of a frame. There may be spaces in the
// name of the file.
var place = regexp.MustCompile(`^\s+(.+\.(?:go|s)):(\d+)(?: \+0x.*)?$`)

// Parse returns the goroutines in what the runtime, goleak or the race detector
// prints, in that order. What is neither a goroutine nor a frame is passed over.
// Of the race detector's report, it returns each of the two accesses with the state
// "read" or "write", and each goroutine with where it was started, as "created".
func Parse(dump string) []Goroutine {
	var all []Goroutine
	function := ""
	for line := range strings.Lines(dump) {
		line = strings.TrimRight(line, "\r\n")
		if g, ok := header(line); ok {
			all = append(all, g)
			continue
		}
		at := place.FindStringSubmatch(line)
		if at == nil || len(all) == 0 {
			function = line
			continue
		}
		f := frame(function)
		f.File = at[1]
		f.Line, _ = strconv.Atoi(at[2])
		g := &all[len(all)-1]
		g.Frames = append(g.Frames, f)
	}
	return all
}

func header(line string) (g Goroutine, ok bool) {
	for _, h := range headers {
		m := h.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		state := strings.TrimSuffix(m[len(m)-1], " (durable)")
		if len(m) == 2 { // "Write" and "Previous write" are one
			return Goroutine{State: strings.ToLower(state)}, true
		}
		id, _ := strconv.ParseInt(m[1], 10, 64)
		return Goroutine{ID: id, State: state, Bubble: strings.Contains(line, "synctest bubble"), Idle: strings.Contains(line, "(durable)")}, true
	}
	return Goroutine{}, false
}

// frame turns "example.com/x/lessons/04-sessions.(*Registry).Send(0xc0, 0x1)" into
// the function's name.
func frame(line string) Frame {
	function, created := strings.CutPrefix(strings.TrimSpace(line), "created by ")
	function, _, _ = strings.Cut(function, " in goroutine ")
	if strings.HasSuffix(function, ")") {
		function = function[:strings.LastIndexByte(function, '(')]
	}
	return Frame{Function: function, Creator: created}
}
