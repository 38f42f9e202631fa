package pair

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// story tells, below what was awaited and what came, what became of the stream
// and how to see it again. It may be called from any goroutine.
func (s *Stream) story(lines []string) []string {
	return append(lines, s.fate(), s.pair.again(s.request))
}

// fate is the one line that explains most: a panic, else the end of the stream,
// else what the handler does.
func (s *Stream) fate() string {
	if line := s.exchange.panicked(); line != "" {
		return "then        " + line
	}
	if err := s.ending(); err != nil {
		return "then        " + err.Error() + ": " + Cause(err)
	}
	return "handler     " + s.exchange.where()
}

// awaited is for a wait that is not for certain bytes.
func awaited(what, got string) []string {
	return []string{"waited for  " + what, "came        " + tail(got)}
}

// differing shows where got leaves want: a caret stands under the first byte
// that is wrong or missing.
func differing(want, got string) []string {
	if got == "" {
		return awaited(head(want, 0), got)
	}
	at := commonPrefix(want, got)
	shown, column := window(got, at)
	return []string{
		"waited for  " + head(want, at),
		"came        " + shown,
		"            " + strings.Repeat(" ", column) + "^",
	}
}

// before and after are how much of the bytes around a difference is shown.
const before, after = 24, 36

// head is want around byte at, quoted.
func head(want string, at int) string {
	shown, _ := window(want, at)
	return shown
}

// tail is the end of what came, quoted.
func tail(got string) string {
	if got == "" {
		return "nothing"
	}
	shown, _ := window(got, len(got))
	return shown
}

// window quotes s around byte at and says in which column of the result that
// byte is.
func window(s string, at int) (quoted string, column int) {
	start, end := max(0, at-before), min(len(s), at+after)
	lead, trail := "", ""
	if start > 0 {
		lead = "…"
	}
	if end < len(s) {
		trail = "…"
	}
	opening := strconv.Quote(s[start:at])
	column = utf8.RuneCountInString(lead+opening) - 1
	return lead + strconv.Quote(s[start:end]) + trail, column
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
