package step

import (
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/inspect"
)

// Bubble runs f in a synctest bubble, in which time is virtual: it stands still
// while anything runs, and jumps to the next timer when everything waits. When
// everything waits and there is no timer, the step fails with what it waited for
// (see [OnHang]), or with the learner's line.
func Bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	if deadlock, ended := bubble(t, f); deadlock {
		reportDeadlock(t, ended)
	}
}

// bubble runs f in a bubble and reports whether that could not go on, and whether f
// had ended by then.
func bubble(t *testing.T, f func(t *testing.T)) (deadlock, ended bool) {
	defer func() {
		if p := recover(); p != nil {
			if deadlock, ended = inspect.Deadlock(p); !deadlock {
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
	return false, false
}

// reportDeadlock fails the step whose bubble cannot go on.
func reportDeadlock(t *testing.T, ended bool) {
	t.Helper()
	if t.Failed() { // what the step said already is why it left something behind
		t.FailNow()
	}
	inBubble := slices.DeleteFunc(inspect.Goroutines(), func(g inspect.Goroutine) bool { return !g.Bubble })
	if ended {
		Fail(t, at(leakSentence, inBubble))
	}
	sentence, details := current.hangs("and nothing can wake it", inBubble)
	Fail(t, sentence, details...)
}

// Advance moves the bubble's time forward by d, and returns when everything due by then
// has happened.
func Advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// Pass moves the bubble's time forward by d, as [Advance] does, unless a goroutine waits
// for a lock. The bubble's clock then stands still, so Pass returns when all the other
// goroutines wait. Use it for code that waits, in whatever way, for an end that the step
// is about to cause.
func Pass(d time.Duration) {
	for {
		calm, clock := true, true
		for _, g := range inspect.Goroutines()[1:] { // the first is the caller
			if g.Bubble {
				calm = calm && (g.Idle || g.AtLock())
				clock = clock && !g.AtLock()
			} else { // or is of the bubble, and starts the garbage collector: the runtime takes it out meanwhile
				calm = calm && !g.Running()
			}
		}
		switch {
		case calm && clock:
			Advance(d)
			return
		case calm:
			return
		}
		runtime.Gosched()
	}
}
