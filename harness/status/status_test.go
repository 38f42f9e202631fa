package status_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/status"
)

// greeting returns a lesson of two steps in a workbook of its own.
func greeting(t *testing.T) (root string, lesson catalog.Lesson) {
	root = t.TempDir()
	lesson = catalog.Lesson{Number: 1, Name: "01-greeting", Topic: "greeting", Title: "Greeting: say hello", Dir: filepath.Join(root, "lessons", "01-greeting")}
	require.NoError(t, os.MkdirAll(lesson.Dir, 0o755))
	tests := "package greeting_test\n\nimport \"testing\"\n\nfunc TestHello(t *testing.T) {}\nfunc TestGoodbye(t *testing.T) {}\n"
	require.NoError(t, os.WriteFile(filepath.Join(lesson.Dir, "part1_test.go"), []byte(tests), 0o644))
	return root, lesson
}

// What programs read is written out here: it stays as it is.
func TestTheStateInJSON(t *testing.T) {
	root, lesson := greeting(t)
	state := status.New(root, []progress.Result{{Lesson: lesson, Steps: []progress.StepResult{
		{Name: "TestHello", Status: progress.Passed},
		{Name: "TestGoodbye", Status: progress.Failed, Message: "nobody said goodbye", Printed: "hello?"},
	}}})
	text, err := json.Marshal(state)
	require.NoError(t, err)
	require.JSONEq(t, `{
		"lessons": [{
			"number": 1, "name": "01-greeting", "title": "Greeting: say hello", "status": "open", "passed": 1, "message": "", "race": "",
			"steps": [
				{"name": "TestHello", "status": "passed", "message": "", "printed": "", "file": "lessons/01-greeting/part1_test.go", "line": 5},
				{"name": "TestGoodbye", "status": "failed", "message": "nobody said goodbye", "printed": "hello?", "file": "lessons/01-greeting/part1_test.go", "line": 6}
			]
		}],
		"next": {
			"lesson": "01-greeting", "step": "TestGoodbye", "message": "nobody said goodbye",
			"file": "lessons/01-greeting/part1_test.go", "line": 6
		}
	}`, string(text))
	require.Equal(t, "lessons/01-greeting/part1_test.go:6", status.At(state.Next.File, state.Next.Line))
}

// Where a lesson does not compile, its own file is what to look at.
func TestTheStateOfALessonThatIsBroken(t *testing.T) {
	root, lesson := greeting(t)
	state := status.New(root, []progress.Result{{Lesson: lesson, BuildError: "greeting.go:3: syntax error\n"}})
	require.Equal(t, status.Broken, state.Lessons[0].Status)
	require.Equal(t, &status.Next{Lesson: "01-greeting", Message: "greeting.go:3: syntax error", File: "lessons/01-greeting/greeting.go"}, state.Next)
	require.Equal(t, "lessons/01-greeting/greeting.go", status.At(state.Next.File, state.Next.Line))

	passed := []progress.StepResult{{Name: "TestHello", Status: progress.Passed}, {Name: "TestGoodbye", Status: progress.Passed}}
	state = status.New(root, []progress.Result{{Lesson: lesson, Steps: passed, Outside: "found a goroutine"}})
	require.Equal(t, status.Broken, state.Lessons[0].Status)
	require.Equal(t, "found a goroutine", state.Next.Message)
}

// A lesson that waits for the race detector is next only when nothing else is open.
func TestALessonThatWaitsForTheRaceDetectorComesLast(t *testing.T) {
	root, lesson := greeting(t)
	due := progress.Result{Lesson: lesson, Race: progress.RaceDue, Steps: []progress.StepResult{{Name: "TestHello", Status: progress.Passed}}}
	red := progress.Result{Lesson: catalog.Lesson{Number: 2, Name: "02-parting"}}
	state := status.New(root, []progress.Result{due, red})
	require.Equal(t, status.Racing, state.Lessons[0].Status)
	require.Equal(t, "02-parting", state.Next.Lesson)
	first, open := status.FirstOpen([]progress.Result{due, red})
	require.True(t, open)
	require.Equal(t, red, first)

	state = status.New(root, []progress.Result{due})
	require.Equal(t, "01-greeting", state.Next.Lesson)
	require.Equal(t, " 1 of 1 steps · -race to come", status.Summary(due))
}

// What only the race detector has found is said to be so, and what it has not seen.
func TestWhatTheRaceDetectorHasToDoWithIt(t *testing.T) {
	root, lesson := greeting(t)
	red := progress.Result{Lesson: lesson, Race: progress.Raced, Steps: []progress.StepResult{{Name: "TestHello", Status: progress.Failed}}}
	require.Equal(t, " 0 of 1 steps with -race", status.Summary(red))
	require.Equal(t, "go test -race ./lessons/01-greeting", status.TestCommand(root, red))
	require.Equal(t, progress.Raced, status.New(root, []progress.Result{red}).Lessons[0].Race)
	require.Empty(t, status.Untried([]progress.Result{red}))

	untried := progress.Result{Lesson: lesson, Done: true, Race: progress.RaceUntried}
	require.Equal(t, "go test ./lessons/01-greeting", status.TestCommand(root, untried))
	require.Equal(t, "not tried with -race: 01-greeting, 01-greeting; the race detector needs cgo and a C compiler",
		status.Untried([]progress.Result{untried, red, untried}))
}

// When all is done, nothing is next.
func TestTheStateWhenAllIsDone(t *testing.T) {
	root, lesson := greeting(t)
	state := status.New(root, []progress.Result{{Lesson: lesson, Done: true}})
	require.Equal(t, status.Done, state.Lessons[0].Status)
	require.Nil(t, state.Next)
}
