package status

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// That a lesson is green is news once, until it is red in between.
func TestALessonThatHasTurnedGreenIsNewsOnce(t *testing.T) {
	root := t.TempDir()
	one, two := catalog.Lesson{Number: 1, Name: "01-one"}, catalog.Lesson{Number: 2, Name: "02-two"}
	is := func(lesson catalog.Lesson, done bool) progress.Result {
		return progress.Result{Lesson: lesson, Done: done}
	}

	require.Empty(t, NewlyDone(root, []progress.Result{is(one, false), is(two, false)}))
	require.NoFileExists(t, root+"/"+toldFile, "there is nothing to remember yet")
	require.Equal(t, []catalog.Lesson{one, two}, NewlyDone(root, []progress.Result{is(one, true), is(two, true)}))
	require.Empty(t, NewlyDone(root, []progress.Result{is(one, true)}))
	require.Empty(t, NewlyDone(root, []progress.Result{is(one, false)}))
	require.Equal(t, []catalog.Lesson{one}, NewlyDone(root, []progress.Result{is(one, true), is(two, true)}))
}

// Where nothing can be remembered, it is told again, and nothing fails.
func TestNewsWhereNothingCanBeRemembered(t *testing.T) {
	green := []progress.Result{{Lesson: catalog.Lesson{Name: "01-one"}, Done: true}}
	root := t.TempDir() + "/\x00"
	require.Len(t, NewlyDone(root, green), 1)
	require.Len(t, NewlyDone(root, green), 1)
}
