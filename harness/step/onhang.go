package step

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.com/sseworkbook/harness/inspect"
)

// A report says what a step waits for: a sentence, and at most five lines of details.
type report func() (sentence string, details []string)

// OnHang declares what the step waits for from now on, until done is called. If it never
// comes, the step fails with what say returns at that point: a sentence, and at most five
// lines of details. Say is called from another goroutine, even from outside the step's
// bubble, and must not wait.
func OnHang(tb testing.TB, say func() (sentence string, details []string)) (done func()) {
	r := (*report)(&say)
	current.mu.Lock()
	defer current.mu.Unlock()
	current.onHang = append(current.onHang, r)
	return func() {
		current.mu.Lock()
		defer current.mu.Unlock()
		current.onHang = slices.DeleteFunc(current.onHang, func(other *report) bool { return other == r })
	}
}

// Returns runs f. If f does not return, the step fails with sentence.
func Returns(tb testing.TB, sentence string, f func()) {
	tb.Helper()
	defer OnHang(tb, func() (string, []string) { return sentence, nil })()
	f()
}

// hangs returns the failure of a step that cannot go on, with the reason.
func (l *lesson) hangs(reason string, stacks []inspect.Goroutine) (sentence string, details []string) {
	l.mu.Lock()
	reports := l.onHang
	l.mu.Unlock()
	if sentence, details = l.lockedOut(stacks); sentence != "" {
		return sentence + ", " + reason, details
	}
	at, found := ownPlace(stacks)
	if len(reports) > 0 {
		sentence, details = (*reports[len(reports)-1])()
		if found && !strings.HasSuffix(at.File, "_test.go") {
			details = append(details[:min(len(details), maxDetails-1)], "your code is at "+at.String())
		}
		return sentence, details
	}
	if !found {
		return "this step hangs, " + reason, nil
	}
	return fmt.Sprintf("this step hangs at %s, %s", at, reason), nil
}
