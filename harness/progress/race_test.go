package progress_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/toolchain"
)

// From the second lesson on, one is done when the race detector finds nothing in it,
// and it looks at nothing else: not at the first, nor at one that is red without it.
func TestALessonIsDoneWhenTheRaceDetectorFindsNothing(t *testing.T) {
	toolchain.NeedRace(t)
	root, lessons := writeRacy(t)
	first, err := progress.Judge(t.Context(), root, lessons)
	require.NoError(t, err)
	require.True(t, first[0].Done, "nothing of the first lesson runs at once")
	require.Equal(t, progress.Result{Lesson: lessons[1], Race: progress.RaceDue, Steps: passing}, first[1])
	require.Equal(t, progress.NotRaced, first[2].Race)
	require.Equal(t, lessons[1:2], progress.DueRaces(first))

	second, err := progress.JudgeRaces(t.Context(), root, first)
	require.NoError(t, err)
	require.Equal(t, first[0], second[0])
	require.Equal(t, first[2], second[2])
	red, ok := second[1].Red()
	require.True(t, ok)
	require.Contains(t, red.Message, "DATA RACE")
	require.NotContains(t, red.Message, "race detected during execution of test")
	require.Equal(t, progress.Raced, second[1].Race)
	require.False(t, second[1].Done)
}

// What is green with the race detector is not raced again until something in its
// folder is changed. What was red is.
func TestWhatTheRaceDetectorHasSeenIsRemembered(t *testing.T) {
	toolchain.NeedRace(t)
	root, lessons := writeRacy(t)
	racy := lessons[1:2]
	race := func() progress.Result {
		first, err := progress.Judge(t.Context(), root, racy)
		require.NoError(t, err)
		require.Equal(t, racy, progress.DueRaces(first))
		green, err := progress.JudgeGreen(t.Context(), root, racy[0])
		require.NoError(t, err)
		require.Equal(t, first[0], green)
		results, err := progress.JudgeRaces(t.Context(), root, first)
		require.NoError(t, err)
		return results[0]
	}
	require.False(t, race().Done)
	require.False(t, race().Done)

	put(t, racy[0].File(), "package racy\n\nfunc Count() {}\n")
	want := progress.Result{Lesson: racy[0], Steps: passing, Done: true, Race: progress.Raced}
	require.Equal(t, want, race())
	results, err := progress.Judge(t.Context(), root, racy)
	require.NoError(t, err)
	require.Equal(t, want, results[0])

	put(t, filepath.Join(racy[0].Dir, "more.go"), "package racy\n")
	require.Equal(t, want, race())
}

// Whoever has nothing green pays nothing: the go command is not even asked.
func TestWithoutAGreenLessonNothingIsRaced(t *testing.T) {
	root, lessons := writeRacy(t)
	red, err := progress.Judge(t.Context(), root, lessons[2:])
	require.NoError(t, err)
	t.Setenv("PATH", t.TempDir())
	results, err := progress.JudgeRaces(t.Context(), root, red)
	require.NoError(t, err)
	require.Equal(t, red, results)
	first, err := progress.JudgeGreen(t.Context(), root, lessons[0])
	require.NoError(t, err)
	require.True(t, first.Done, "nor for a lesson that has no goroutine")
}

// Where there is no C compiler, a lesson is done without, and its result says so:
// at once where the go command knows, or when it has tried.
func TestWhereTheRaceDetectorCannotBeHad(t *testing.T) {
	root, lessons := writeRacy(t)
	untried := progress.Result{Lesson: lessons[1], Steps: passing, Done: true, Race: progress.RaceUntried}
	t.Setenv("CGO_ENABLED", "0")
	if toolchain.MayRace(t.Context()) {
		t.Skip("this system needs no C compiler for it")
	}
	first, err := progress.Judge(t.Context(), root, lessons)
	require.NoError(t, err)
	require.Equal(t, untried, first[1])

	t.Setenv("CGO_ENABLED", "1")
	t.Setenv("CC", filepath.Join(t.TempDir(), "none"))
	if !toolchain.MayRace(t.Context()) {
		t.Skip("this system has no race detector at all")
	}
	first, err = progress.Judge(t.Context(), root, lessons)
	require.NoError(t, err)
	require.Equal(t, progress.RaceDue, first[1].Race)
	second, err := progress.JudgeRaces(t.Context(), root, first)
	require.NoError(t, err)
	require.Equal(t, untried, second[1])
}

// A run that was called off has shown nothing: the race detector is not missing.
func TestARaceThatIsCalledOffIsAnError(t *testing.T) {
	root, lessons := writeRacy(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	saved := errors.New("saved again")
	cancel(saved)
	_, err := progress.JudgeGreen(ctx, root, lessons[1])
	require.ErrorIs(t, err, saved)
	_, err = progress.JudgeRaces(ctx, root, []progress.Result{{Lesson: lessons[1], Race: progress.RaceDue}})
	require.ErrorIs(t, err, saved)
}

// passing are the steps of a lesson of writeRacy that pass.
var passing = []progress.StepResult{{Name: "TestA", Status: progress.Passed}}

// writeRacy puts a workbook of three lessons into a new folder. The first two have a
// data race, and the third is red.
func writeRacy(t *testing.T) (root string, lessons []catalog.Lesson) {
	t.Helper()
	root = t.TempDir()
	put(t, filepath.Join(root, "go.mod"), "module example.com/sseworkbook\n\ngo 1.26\n")
	for name, topic := range map[string]string{"01-first": "first", "02-racy": "racy", "03-red": "red"} {
		put(t, filepath.Join(root, "solutions", name, topic+".go"), "package "+topic+"\n")
		put(t, filepath.Join(root, "lessons", name, topic+".go"), "package "+topic+"\n\nvar n int\n\nfunc Count() { n++ }\n")
		test := "package " + topic + "\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {\n\tcounted := make(chan bool)\n" +
			"\tgo func() { Count(); close(counted) }()\n\tCount()\n\t<-counted\n"
		if topic == "red" {
			test += "\tt.Error(\"nothing is right\")\n"
		}
		put(t, filepath.Join(root, "lessons", name, "part1_test.go"), test+"}\n")
	}
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	return root, lessons
}
