// Package step is what a lesson's test calls first. It keeps the rhythm of
// test-driven work: one failure at a time, the sentence before the bytes, no
// hang, no dump, no goroutine left behind, and a last line that says where you
// are. Only lesson tests and harness/pair use it.
package step

import (
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
)

// Main runs the steps of a lesson; TestMain calls it.
func Main(m *testing.M) { m.Run() }

// Begin opens a step; its result closes it: defer step.Begin(t)().
func Begin(tb testing.TB) (end func()) { return func() {} }

// Bubble runs f in a synctest bubble.
func Bubble(t *testing.T, f func(t *testing.T)) { t.Helper(); synctest.Test(t, f) }

// Equal fails the step with sentence when got is not what was wanted.
func Equal[T any](tb testing.TB, sentence string, want, got T) {
	tb.Helper()
	if !reflect.DeepEqual(want, got) {
		Fail(tb, sentence, fmt.Sprintf("got  %#v", got), fmt.Sprintf("want %#v", want))
	}
}

// Fail ends the step with sentence and details.
func Fail(tb testing.TB, sentence string, details ...string) {
	tb.Helper()
	for _, d := range details {
		sentence += "\n" + d
	}
	tb.Fatal(sentence)
}

// Waiting says what the step now waits for, in case that it never comes.
func Waiting(tb testing.TB, report func() (sentence string, details []string)) (done func()) {
	return func() {}
}
