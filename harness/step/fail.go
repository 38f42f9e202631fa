package step

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// maxDetails is how many lines a failure has after its sentence.
const maxDetails = 5

// Fail ends the step: the sentence says what was done, what came back and what
// a real peer would have seen; up to five lines of details follow. Like
// [testing.T.FailNow], it must be called from the test's own goroutine.
func Fail(tb testing.TB, sentence string, details ...string) {
	tb.Helper()
	text := message(sentence, append(current.why(details), details...))
	current.fails(text)
	tb.Fatal(text)
}

// OnFail adds the lines that why returns to each failure of the test, right after its
// sentence. They explain why something may not be as expected, such as a handler's panic.
// Why must be safe for concurrent use.
func OnFail(tb testing.TB, why func() []string) {
	said := &why
	current.mu.Lock()
	defer current.mu.Unlock()
	current.onFail = append(current.onFail, said)
	tb.Cleanup(func() {
		current.mu.Lock()
		defer current.mu.Unlock()
		current.onFail = slices.DeleteFunc(current.onFail, func(other *func() []string) bool { return other == said })
	})
}

// why returns what [OnFail] is for, without what the details have already.
func (l *lesson) why(details []string) (lines []string) {
	l.mu.Lock()
	onFail := slices.Clone(l.onFail)
	l.mu.Unlock()
	said := strings.Join(details, "\n")
	for _, why := range onFail {
		for _, line := range (*why)() {
			if !strings.Contains(said, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func message(sentence string, details []string) string {
	for _, d := range details[:min(len(details), maxDetails)] {
		sentence += "\n" + d
	}
	return sentence
}

// Equal ends the step with sentence if got is not equal to want, and shows both with a
// caret under the first difference.
func Equal[T any](tb testing.TB, sentence string, want, got T) {
	tb.Helper()
	if !reflect.DeepEqual(want, got) {
		Fail(tb, sentence, Compare("got ", show(got), "want", show(want))...)
	}
}

// ErrorIs ends the step with sentence if got neither is nor wraps the error want.
func ErrorIs(tb testing.TB, sentence string, want, got error) {
	tb.Helper()
	if !errors.Is(got, want) {
		Fail(tb, sentence, fmt.Sprintf("got  %v", got), fmt.Sprintf("want an error that wraps %q", want))
	}
}

// show returns v as Go source would have it, or as v itself says it.
func show(v any) string {
	switch v := v.(type) {
	case []byte:
		return strconv.Quote(string(v))
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprintf("%#v", v)
}

// Compare returns three lines: a and b, each after its label, and a caret under
// the first character in which they differ. Of long texts it shows the part
// around the caret. The labels should have the same width.
func Compare(labelA, a, labelB, b string) []string {
	at := firstDifference(a, b)
	start, width := max(0, at-before), before+after
	indent := utf8.RuneCountInString(labelA) + 1 + min(at, before)
	if start > 0 {
		indent++ // for the ellipsis
	}
	return []string{
		labelA + " " + window(a, start, width),
		labelB + " " + window(b, start, width),
		fmt.Sprintf("%*s", indent+1, "^"),
	}
}

// How many characters Compare shows before the first difference, and after it.
const before, after = 40, 30

// firstDifference counts the characters that a and b begin with alike.
func firstDifference(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	n := 0
	for n < len(ra) && n < len(rb) && ra[n] == rb[n] {
		n++
	}
	return n
}

// window returns width characters of s from start, with an ellipsis where
// something was left out.
func window(s string, start, width int) string {
	r := []rune(s)
	start = min(start, len(r))
	end := min(start+width, len(r))
	out := string(r[start:end])
	if start > 0 {
		out = "…" + out
	}
	if end < len(r) {
		out += "…"
	}
	return out
}
