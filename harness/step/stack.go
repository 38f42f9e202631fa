package step

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A goroutine is one of those that a stack dump lists.
type goroutine struct {
	state  string // as the runtime calls it: "chan receive", "sync.Mutex.Lock", "running"
	bubble bool   // it belongs to a synctest bubble
	frames []frame
}

// A frame is one call on a goroutine's stack, the innermost first.
type frame struct {
	function string // without its package
	file     string
	line     int
	state    string // of its goroutine
}

func (f frame) String() string {
	where := f.function
	if f.state != "" && f.state != "running" && f.state != "runnable" {
		where += ", " + f.state
	}
	return fmt.Sprintf("%s:%d (%s)", filepath.Base(f.file), f.line, where)
}

// A header is the line above a goroutine's frames. Its one group is the state.
var headers = []*regexp.Regexp{
	regexp.MustCompile(`^goroutine \d+ .*?\[([^,\]]*).*\]:$`),                           // of the runtime
	regexp.MustCompile(`Goroutine \d+ in state ([^,]*),.* on top of the stack:$`),       // of goleak
	regexp.MustCompile(`^(?:Previous )?(?:atomic )?((?i:read|write)) at 0x\w+ by .*:$`), // of the race detector
	regexp.MustCompile(`^Goroutine \d+ \(.*\) (created) at:$`),                          // of the same
}

var framePlace = regexp.MustCompile(`^\s+(.+\.(?:go|s)):(\d+)(?: \+0x.*)?$`)

// parseStacks reads the goroutines out of what the runtime, goleak or the race
// detector prints.
func parseStacks(dump string) []goroutine {
	var all []goroutine
	function := ""
	for line := range strings.Lines(dump) {
		line = strings.TrimRight(line, "\r\n")
		if state, ok := header(line); ok {
			all = append(all, goroutine{state: state, bubble: strings.Contains(line, "synctest bubble")})
			continue
		}
		place := framePlace.FindStringSubmatch(line)
		if place == nil || len(all) == 0 {
			function = line
			continue
		}
		n, _ := strconv.Atoi(place[2])
		g := &all[len(all)-1]
		g.frames = append(g.frames, frame{shortName(function), place[1], n, g.state})
	}
	return all
}

func header(line string) (state string, ok bool) {
	for _, h := range headers {
		if m := h.FindStringSubmatch(line); m != nil {
			return strings.TrimSuffix(m[1], " (durable)"), true
		}
	}
	return "", false
}

// shortName turns "example.com/x/lessons/04-sessions.(*Registry).Send(0xc0, 0x1)"
// into "(*Registry).Send".
func shortName(function string) string {
	function = strings.TrimPrefix(strings.TrimSpace(function), "created by ")
	function, _, _ = strings.Cut(function, " in goroutine ")
	if strings.HasSuffix(function, ")") {
		function = function[:strings.LastIndexByte(function, '(')]
	}
	function = function[strings.LastIndexByte(function, '/')+1:]
	_, name, found := strings.Cut(function, ".")
	if !found {
		return function
	}
	return strings.ReplaceAll(name, "[...]", "")
}

// ownFrame returns the innermost call that stands in the learner's own files,
// or else in the lesson's test: of the first goroutine that has one.
func ownFrame(all []goroutine) (frame, bool) {
	for _, inTest := range []bool{false, true} {
		for _, g := range all {
			for _, f := range g.frames {
				if current.owns(f.file) && inTest == strings.HasSuffix(f.file, "_test.go") {
					return f, true
				}
			}
		}
	}
	return frame{}, false
}
