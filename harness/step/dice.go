package step

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// A Dice makes the choices from which an input is drawn. The smallest choice is the
// simplest, so a draw should put the plainest option first.
type Dice struct {
	given []uint64   // the choices to make
	more  *rand.Rand // and further ones; nil for none but 0
	drawn []uint64   // the choices that were made
}

// rolled returns dice that make the choices that belong to these numbers.
func rolled(seed, try uint64) *Dice { return &Dice{more: rand.New(rand.NewPCG(seed, try))} }

// Int returns a number from 0 to n-1.
func (d *Dice) Int(n int) int {
	choice := uint64(0)
	switch i := len(d.drawn); {
	case i < len(d.given):
		choice = d.given[i] % uint64(n)
	case d.more != nil:
		choice = d.more.Uint64N(uint64(n))
	}
	d.drawn = append(d.drawn, choice)
	return int(choice)
}

// Of returns one of the options. The first should be the simplest.
func Of[T any](d *Dice, options ...T) T { return options[d.Int(len(options))] }

// Some returns at most most values that draw makes. It makes a choice before each one, so
// that one can be left out while the others stay.
func Some[T any](d *Dice, most int, draw func(*Dice) T) (all []T) {
	for len(all) < most && d.Int(most+1) > 0 {
		all = append(all, draw(d))
	}
	return all
}

// Text returns at most most of these pieces, joined.
func (d *Dice) Text(most int, pieces ...string) (text string) {
	for _, piece := range Some(d, most, func(d *Dice) string { return Of(d, pieces...) }) {
		text += piece
	}
	return text
}

// mostShrinks is how many inputs are tried in search of the least one.
const mostShrinks = 2000

// shrink returns the least choices that it finds to fail: fewer of them, and smaller
// ones.
func shrink(choices []uint64, fails func([]uint64) (drawn []uint64, fails bool)) []uint64 {
	left := mostShrinks
	better := func(candidate []uint64) bool {
		if left--; left < 0 {
			return false
		}
		drawn, bad := fails(candidate)
		if bad && less(drawn, choices) {
			choices = drawn
			return true
		}
		return false
	}
	for again := true; again && left > 0; {
		again = false
		for n := len(choices); n > 0; n /= 2 { // without n in a row
			for at := 0; at+n <= len(choices); {
				if better(without(choices, at, n)) {
					again = true
				} else {
					at += max(1, n/2)
				}
			}
		}
		for at := 0; at < len(choices); at++ { // with a smaller one
			for at < len(choices) && slices.ContainsFunc(smaller(choices[at]), func(choice uint64) bool { return better(with(choices, at, choice)) }) {
				again = true
			}
		}
	}
	return choices
}

// less reports whether a is simpler than b: shorter, or smaller where they differ first.
func less(a, b []uint64) bool {
	return cmp.Or(cmp.Compare(len(a), len(b)), slices.Compare(a, b)) < 0
}

// without returns choices without n of them from at on.
func without(choices []uint64, at, n int) []uint64 {
	return slices.Concat(choices[:at], choices[at+n:])
}

// with returns choices with another one at at.
func with(choices []uint64, at int, choice uint64) []uint64 {
	changed := slices.Clone(choices)
	changed[at] = choice
	return changed
}

// few is up to which number every smaller choice is tried: as many options as a draw has
// at most, of which any one may be the only simpler one that fails.
const few = 20

// smaller returns choices that are simpler than this one, the simplest first.
func smaller(choice uint64) []uint64 {
	if choice > few {
		return []uint64{0, few, choice / 2, choice - 1}
	}
	all := make([]uint64, choice)
	for i := range all {
		all[i] = uint64(i)
	}
	return all
}
