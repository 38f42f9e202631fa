package pair

import (
	"strconv"

	"example.com/sseworkbook/harness/step"
)

// failure is what a failure shows: below what was awaited and what came, what
// became of the stream and how to see it again. It may be called from any goroutine, also from
// outside the bubble that the stream is in.
func (s *Stream) failure(lines []string) []string {
	s.pair.trace.holds(s.exchange)
	return append(lines, s.fate(), s.pair.again(s.request))
}

// fate is the one line that explains most: a panic, else the end of the stream,
// else what the handler does.
func (s *Stream) fate() string {
	if line := s.exchange.panicked(); line != "" {
		return "then        " + line
	}
	if err := s.ending(); err != nil {
		return "then        " + explained(err)
	}
	return "handler     " + s.exchange.where()
}

// explained is err's text and, where that says more, its likely cause.
func explained(err error) string {
	if cause := Explain(err); cause != err.Error() {
		return err.Error() + ": " + cause
	}
	return err.Error()
}

// awaited is for a wait that is not for certain bytes.
func awaited(what, got string) []string {
	return []string{"waited for  " + what, "came        " + tail(got)}
}

// differing shows where got leaves want: a caret stands under the first byte
// that is wrong or missing.
func differing(want, got string) []string {
	if got == "" {
		return awaited(tail(want), got)
	}
	return step.Compare("waited for ", strconv.Quote(want), "came       ", strconv.Quote(got))
}

// tail quotes the last bytes of s.
func tail(s string) string {
	const most = 60
	switch {
	case s == "":
		return "nothing"
	case len(s) > most:
		return "…" + strconv.Quote(s[len(s)-most:])
	}
	return strconv.Quote(s)
}
