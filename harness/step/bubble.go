package step

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// Bubble runs f in a synctest bubble, in which time is virtual: it stands still
// while anything runs, and jumps to the next timer when everything waits. When
// everything waits and there is no timer, the step fails with what it waited for
// (see [Waiting]), or with the learner's line.
func Bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	if deadlock := bubble(t, f); deadlock != "" {
		reportDeadlock(t, deadlock)
	}
}

// bubble runs f in a bubble and returns synctest's word when it cannot go on.
func bubble(t *testing.T, f func(t *testing.T)) (deadlock string) {
	defer func() {
		if p := recover(); p != nil {
			if deadlock = fmt.Sprint(p); !strings.HasPrefix(deadlock, "deadlock:") {
				panic(p)
			}
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if p := recover(); p != nil {
				reportPanic(t, p)
			}
		}()
		f(t)
	})
	return ""
}

// reportDeadlock fails the step whose bubble cannot go on.
func reportDeadlock(t *testing.T, reason string) {
	t.Helper()
	if t.Failed() { // what the step said already is why it left something behind
		t.FailNow()
	}
	inBubble := slices.DeleteFunc(parseStacks(allStacks()), func(g goroutine) bool { return !g.bubble })
	if strings.Contains(reason, "main bubble goroutine has exited") {
		Fail(t, at(leakSentence, inBubble))
	}
	sentence, details := current.stuck("and nothing can wake it any more", inBubble)
	Fail(t, sentence, details...)
}

// allStacks returns the stacks of all goroutines.
func allStacks() string {
	for size := 1 << 16; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return string(buf[:n])
		}
	}
}
