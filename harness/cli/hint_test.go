package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// Where no step is red, the command says what is.
func TestHintWhereNoStepIsRed(t *testing.T) {
	lesson := catalog.Lesson{Number: 1, Name: "01-greeting"}
	passed := []progress.StepResult{{Name: "TestHello", Status: progress.Passed}}
	for want, result := range map[string]progress.Result{
		"lesson 01-greeting is green: no hint is needed. To compare with the solution: go run ./harness diff 1\n": {
			Lesson: lesson, Steps: passed, Done: true,
		},
		"lesson 01-greeting does not compile yet:\n      greeting.go:3: syntax error\n": {
			Lesson: lesson, Steps: []progress.StepResult{{Name: "TestHello", Status: progress.Unknown}}, BuildError: "greeting.go:3: syntax error\n",
		},
		"all steps of lesson 01-greeting pass, but:\n      found a goroutine\n": {
			Lesson: lesson, Steps: passed, Outside: "found a goroutine",
		},
	} {
		for _, o := range []hintOptions{{}, {again: true}, {all: true}} {
			var out strings.Builder
			require.NoError(t, showHints(&out, t.TempDir(), result, o))
			require.Equal(t, want, out.String())
		}
	}
}
