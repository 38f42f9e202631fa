package stub_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/stub"
)

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
	require.Equal(t, want, string(stub.WithoutDirectives([]byte(solution))))
}
