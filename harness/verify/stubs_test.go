package verify_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/verify"
)

// What a stub gives may name a part of the answer, which is not there: the compiler
// says so, of the stub and of its line.
func TestAStubThatLacksWhatItNames(t *testing.T) {
	const solution = "solutions/01-greeting/greeting.go"
	lacking := small[solution] + `
//lesson:keep
func loud(name string) string { return shout(name) }

func shout(name string) string { return name + "!" }
`
	wrong, _ := run(t, write(t, map[string]string{solution: lacking}), verify.Options{Runs: 1, Only: []string{"stubs"}})
	require.Regexp(t, `greeting\.go:\d+:\d+: undefined: shout`, strings.Join(wrong[solution], "\n"))
}
