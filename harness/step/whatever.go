package step

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Whatever checks the learner's code on many inputs, each of which draw makes from a Dice.
// If an input fails its check, Whatever shrinks it as far as it can, and the step fails
// with the check's message for the smallest one. The inputs are the same in every run, so
// that a step does not change its result between two saves; set STEP_SEED to random, or to
// a number, for different ones.
//
// Check fails by calling [Fail] or a similar function, or by a panic, on the goroutine that
// called it, and must do the same every time for the same input.
func Whatever[T any](tb testing.TB, tries int, draw func(*Dice) T, check func(tb testing.TB, in T)) {
	tb.Helper()
	seed := seed()
	for try := range tries {
		dice := rolled(seed, uint64(try))
		if holds(tb, dice, draw, check) {
			continue
		}
		least := shrink(dice.drawn, func(choices []uint64) (drawn []uint64, fails bool) {
			dice := &Dice{given: choices}
			fails = !holds(tb, dice, draw, check)
			return dice.drawn, fails
		})
		in := draw(&Dice{given: least})
		defer panicsOn(tb, in)
		check(tb, in)
		Fail(tb, "your code gives different results for the same input", "input "+show(in), "its first result was wrong, the next one was not")
	}
}

// seed returns what the inputs of Whatever depend on.
func seed() uint64 {
	setting := os.Getenv("STEP_SEED")
	if setting == "random" {
		return rand.Uint64()
	}
	n, _ := strconv.ParseUint(setting, 10, 64)
	return n
}

// holds reports whether the input that is drawn with the dice passes its check.
func holds[T any](tb testing.TB, dice *Dice, draw func(*Dice) T, check func(tb testing.TB, in T)) (ok bool) {
	attempt := &attempt{TB: tb}
	in := draw(dice)
	defer OnHang(tb, func() (string, []string) {
		return "your code does not end on this input", []string{"input " + show(in)}
	})()
	defer func() {
		if p := recover(); p != nil {
			ok = false
		}
	}()
	check(attempt, in)
	return !attempt.failed
}

// panicsOn fails the step for a panic on this input.
func panicsOn(tb testing.TB, in any) {
	if p := recover(); p != nil {
		reportPanic(tb, p)
		fmt.Fprintln(tb.Output(), "input "+show(in))
		tb.FailNow()
	}
}

// An attempt is a test that may fail without an end of the step. It stops at the
// first failure, as the step does.
type attempt struct {
	testing.TB
	failed bool
}

func (a *attempt) Helper() {}
func (a *attempt) FailNow() {
	a.failed = true
	panic(a)
}
func (a *attempt) Fatal(...any)          { a.FailNow() }
func (a *attempt) Fatalf(string, ...any) { a.FailNow() }
func (a *attempt) Error(...any)          { a.FailNow() }
func (a *attempt) Errorf(string, ...any) { a.FailNow() }
func (a *attempt) Failed() bool          { return a.failed }
