package pair

import (
	"strings"

	"example.com/sseworkbook/harness/inspect"
)

// goroutineLine says where goroutine id is and what it waits for,
// "sessions.go:71 (select)".
func goroutineLine(id int64) string {
	g, found := inspect.Find(id)
	if !found {
		return "a line that can no longer be found"
	}
	return ownLine(g.Frames) + " (" + g.State + ")"
}

// panicLine is the line that panicked, from the trace of the goroutine that
// recovers.
func panicLine(trace []byte) string {
	for _, g := range inspect.Parse(string(trace)) {
		return ownLine(g.Panicked())
	}
	return ownLine(nil)
}

// ownLine is the file and line of the first frame that belongs neither to the
// standard library nor to the packages that a test stands on.
func ownLine(frames []inspect.Frame) string {
	for _, f := range frames {
		if !f.Creator && isOwn(f.Package()) {
			return f.Location()
		}
	}
	return "a line of the standard library"
}

// isOwn tells whether a package is the workbook's: its path begins with a host
// name, which no standard package's does.
func isOwn(path string) bool {
	host, _, hasPath := strings.Cut(path, "/")
	return hasPath && strings.Contains(host, ".") &&
		!strings.HasSuffix(path, "/harness/pair") && !strings.HasSuffix(path, "/harness/step")
}
