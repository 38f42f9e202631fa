package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFlagsMayHaveOneDash(t *testing.T) {
	for typed, want := range map[string]string{
		"demo -mine -strict":              "demo --mine --strict",
		"basic-sse-server -addr :80":      "basic-sse-server --addr :80",
		"basic-sse-server -addr=:80":      "basic-sse-server --addr=:80",
		"basic-sse-client -n 5 --raw":     "basic-sse-client -n 5 --raw",
		"basic-sse-client -n=5":           "basic-sse-client -n=5",
		"basic-sse-client -n -5":          "basic-sse-client -n -5",
		"basic-sse-client -n -50":         "basic-sse-client -n -50", // a number is no flag
		"hint 1 -- -mine":                 "hint 1 -- -mine",
		"-":                               "-",
		"-h":                              "-h",
		"-help":                           "--help",
		"basic-sse-client -url http://-x": "basic-sse-client --url http://-x",
	} {
		require.Equal(t, strings.Fields(want), dashes(strings.Fields(typed)), "typed: %s", typed)
	}
}

func TestASolutionIsComparedWithoutItsDirectives(t *testing.T) {
	const solution = `package x

// A T is given.
type T struct {
	A int
	b int //lesson:drop
}

// F does it.
//
//lesson:todo do it
//lesson:return 1
func F() int { return 2 }

//lesson:keep
func g() {}

// H has a comment in which
//
// stays what looks like //lesson: in the middle of a line.
func H() {}
`
	const want = `package x

// A T is given.
type T struct {
	A int
	b int
}

// F does it.
func F() int { return 2 }

func g() {}

// H has a comment in which
//
// stays what looks like //lesson: in the middle of a line.
func H() {}
`
	require.Equal(t, want, string(withoutDirectives([]byte(solution))))
}
