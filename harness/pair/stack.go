package pair

import (
	"bytes"
	"path"
	"regexp"
	"runtime"
	"strings"
)

// goroutineID is the number of the calling goroutine, as traces print it.
func goroutineID() string {
	trace := make([]byte, 64)
	trace = trace[:runtime.Stack(trace, false)]
	id, _, _ := strings.Cut(strings.TrimPrefix(string(trace), "goroutine "), " ")
	return id
}

// goroutineLine says where goroutine id is and what it waits for,
// "sessions.go:71 (select)".
func goroutineLine(id string) string {
	for trace := range bytes.SplitSeq(allStacks(), []byte("\n\n")) {
		header, frames, _ := strings.Cut(string(trace), "\n")
		rest, found := strings.CutPrefix(header, "goroutine "+id+" [")
		if !found {
			continue
		}
		return ownLine(frames) + " (" + waitReason(rest) + ")"
	}
	return "a line that is no more to be found"
}

// waitReason takes "select" out of "select (durable), 2 minutes, …]:".
func waitReason(header string) string {
	reason, _, _ := strings.Cut(header, "]")
	reason, _, _ = strings.Cut(reason, ",")
	return strings.TrimSuffix(reason, " (durable)")
}

func allStacks() []byte {
	for size := 1 << 18; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return buf[:n]
		}
	}
}

// panicLine is the line that panicked, from the trace of the goroutine that
// recovers.
func panicLine(trace []byte) string {
	_, frames, _ := strings.Cut(string(trace), "\npanic(")
	return ownLine(frames)
}

// ownLine is the file and line of the first frame that belongs neither to the
// standard library nor to this package.
func ownLine(frames string) string {
	lines := strings.Split(frames, "\n")
	for i := 0; i+1 < len(lines); i++ {
		if !isOwn(lines[i]) {
			continue
		}
		if place := framePlace.FindStringSubmatch(lines[i+1]); place != nil {
			return path.Base(place[1])
		}
	}
	return "a line of the standard library"
}

// framePlace is where a frame stands, "\t/path with spaces/file.go:12 +0x1d".
var framePlace = regexp.MustCompile(`^\s+(.+\.(?:go|s):\d+)(?: .*)?$`)

// isOwn tells whether a trace's line names a function of the workbook's: its
// package path begins with a host name, which no standard package's does.
func isOwn(line string) bool {
	if strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "created by ") {
		return false
	}
	host, _, hasPath := strings.Cut(line, "/")
	return hasPath && strings.Contains(host, ".") && !strings.Contains(host, "(") &&
		!strings.Contains(line, "/harness/pair.")
}
