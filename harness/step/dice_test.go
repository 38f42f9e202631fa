package step

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// least returns the least input that Whatever would show of those that draw makes and
// bad is true of.
func least[T any](t *testing.T, draw func(*Dice) T, bad func(T) bool) T {
	t.Helper()
	for try := range uint64(1000) {
		dice := rolled(1, try)
		if !bad(draw(dice)) {
			continue
		}
		return draw(&Dice{given: shrink(dice.drawn, func(choices []uint64) ([]uint64, bool) {
			dice := &Dice{given: choices}
			fails := bad(draw(dice))
			return dice.drawn, fails
		})})
	}
	require.Fail(t, "no input is bad")
	panic("unreachable")
}

func TestTheLeastInputIsShown(t *testing.T) {
	text := func(d *Dice) string { return d.Text(30, "a", "b", "\r", "\n") }
	require.Equal(t, "\n\r", least(t, text, func(s string) bool { return strings.Contains(s, "\n\r") }))
	require.Equal(t, "\ra\n", least(t, text, func(s string) bool {
		return strings.Contains(s, "\r") && strings.HasSuffix(s, "a\n")
	}))
	letter := func(d *Dice) string { return Of(d, strings.Split("abcdefghijklmnop", "")...) }
	for _, two := range []string{"bk", "cl", "dm", "en", "fo", "gp"} { // not reached by halves, or one by one
		require.Equal(t, two[:1], least(t, letter, func(s string) bool { return strings.Contains(two, s) }))
	}
	numbers := func(d *Dice) []int { return Some(d, 20, func(d *Dice) int { return d.Int(1000) }) }
	require.Equal(t, []int{101}, least(t, numbers, func(all []int) bool {
		return slices.ContainsFunc(all, func(n int) bool { return n > 100 })
	}))
	require.Equal(t, []int{0, 0, 0, 0}, least(t, numbers, func(all []int) bool { return len(all) > 3 }))
}

func TestDiceWithoutMoreChoicesTakeTheSimplest(t *testing.T) {
	d := &Dice{given: []uint64{1}}
	require.Equal(t, "b", Of(d, "a", "b"))
	require.Equal(t, "a", Of(d, "a", "b"))
	require.Empty(t, d.Text(5, "x"))
}

func TestTheSameSeedMakesTheSameInputs(t *testing.T) {
	draw := func(seed, try uint64) string { return rolled(seed, try).Text(50, "a", "b", "c") }
	require.Equal(t, draw(1, 2), draw(1, 2))
	require.NotEqual(t, draw(1, 2), draw(1, 3))
	require.NotEqual(t, draw(1, 2), draw(2, 2))
}
