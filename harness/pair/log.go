package pair

import (
	"strings"
	"sync"
)

// serverLog is what the servers of a pair print. Safe for concurrent use.
type serverLog struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

// Write is io.Writer, for http.Server.ErrorLog.
func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *serverLog) add(line string) { _, _ = l.Write([]byte(line + "\n")) }

func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// panics returns the lines that tell of a handler that panicked.
func (l *serverLog) panics() (lines []string) {
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, "panicked: ") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// mishap is the first line that tells of a mistake in a handler, or empty. A
// connection that broke off is no mistake: tests break them on purpose.
func (l *serverLog) mishap() string {
	for line := range strings.Lines(l.String()) {
		for _, sign := range []string{"panicked: ", "panic serving", "superfluous response.", "on hijacked connection", "invalid Content-Length"} {
			if strings.Contains(line, sign) {
				return strings.TrimSpace(line)
			}
		}
	}
	return ""
}
