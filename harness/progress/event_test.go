package progress

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A test that began and never ended has failed: its process was ended under it.
func TestATestThatNeverEndedHasFailed(t *testing.T) {
	run := parse([]byte(`
{"Action":"run","Package":"p/01-a","Test":"TestA"}
{"Action":"output","Package":"p/01-a","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p/01-a","Test":"TestA","Output":"it hangs at a.go:7\n"}
{"Action":"output","Package":"p/01-a","Output":"exit status 1\n"}
{"Action":"fail","Package":"p/01-a"}
`))["01-a"]
	step := run.find("TestA").step("TestA")
	require.Equal(t, StepResult{Name: "TestA", Status: Failed, Message: "it hangs at a.go:7"}, step)
}

// With -count, each round is a run of its own, also one that did not come to its end.
func TestRoundsAreTakenApart(t *testing.T) {
	rounds := parse([]byte(`
{"Action":"run","Package":"p/01-a","Test":"TestA"}
{"Action":"run","Package":"p/01-a","Test":"TestA/sub"}
{"Action":"fail","Package":"p/01-a","Test":"TestA/sub"}
{"Action":"fail","Package":"p/01-a","Test":"TestA"}
{"Action":"run","Package":"p/01-a","Test":"TestB"}
{"Action":"skip","Package":"p/01-a","Test":"TestB"}
{"Action":"run","Package":"p/01-a","Test":"TestA"}
{"Action":"pass","Package":"p/01-a","Test":"TestA"}
{"Action":"run","Package":"p/01-a","Test":"TestB"}
{"Action":"fail","Package":"p/01-a"}
`))["01-a"].rounds()
	require.Len(t, rounds, 2)
	var statuses []Status
	for _, round := range rounds {
		statuses = append(statuses, round.find("TestA").step("TestA").Status, round.find("TestB").step("TestB").Status)
	}
	require.Equal(t, []Status{Failed, Waiting, Passed, Failed}, statuses)
}

// What writes past go test does not spoil the rest.
func TestLinesThatAreNoEventsArePassedOver(t *testing.T) {
	runs := parse([]byte("go: downloading a module\n{\"Action\":\n" + `{"Action":"pass","Package":"p/01-a"}` + "\nend"))
	require.Len(t, runs, 1)
	require.Equal(t, "pass", runs["01-a"].ended)
}

// A message comes without what go test puts around it, and a caret stays under
// its byte.
func TestAMessageIsTakenOutOfItsFrame(t *testing.T) {
	message, at := unframe(strings.Join([]string{
		"=== RUN   TestA",
		"=== NAME  TestA",
		"    a_test.go:12: the field ends early",
		"        got   \"a\"",
		"        want  \"ab\"",
		"                ^",
		"",
		"    a_test.go:13: and then",
		"    --- FAIL: TestA/sub (0.00s)",
		"--- FAIL: TestA (0.00s)",
		"FAIL",
		"exit status 1",
		"FAIL\texample.com/a\t0.012s",
		"",
	}, "\n"))
	require.Equal(t, "a_test.go:12", at)
	require.Equal(t, "the field ends early\ngot   \"a\"\nwant  \"ab\"\n        ^\n\na_test.go:13: and then", message)
}

// What a step says of FAIL is no frame.
func TestWordsOfTheFrameInAMessageStay(t *testing.T) {
	message, at := unframe("    a_test.go:1: want PASS\n        FAIL is what it said\n        === equals\n")
	require.Equal(t, "a_test.go:1", at)
	require.Equal(t, "want PASS\nFAIL is what it said\n=== equals", message)
}

// What the learner's code prints is told apart from what the step says, wherever it
// stands. Where the step says nothing, there is nothing to tell apart.
func TestWhatTheLearnersCodePrintsIsToldApart(t *testing.T) {
	for output, want := range map[string]StepResult{
		"debug hello\n    a_test.go:12: wrong\n        got  \"a\"\n\n        want \"b\"\nafter\n    too\n--- FAIL: TestA (0.00s)\n": {
			Message: "wrong\ngot  \"a\"\n\nwant \"b\"", At: "a_test.go:12", Printed: "debug hello\nafter\ntoo"},
		"debug\n=== NAME  TestA\n    panic: it broke\n        the whole process ended\n--- FAIL: TestA (0.00s)\n": {Message: "panic: it broke\nthe whole process ended", Printed: "debug"},
		"debug\ndata race: a.go:1 and a.go:2\n    testing.go:1712: race detected during execution of test\n": {
			Message: "data race: a.go:1 and a.go:2", Printed: "debug"},
		"it hangs\n":                     {Message: "it hangs"},
		"    a_test.go:1: all is said\n": {Message: "all is said", At: "a_test.go:1"},
	} {
		run := testRun{name: "TestA", ended: "fail"}
		run.output.WriteString(output)
		want.Name, want.Status = "TestA", Failed
		require.Equal(t, want, run.step("TestA"), output)
	}
	require.Equal(t, "… 2 lines, and then:\nc\nd\ne\nf\ng", StepResult{Printed: "a\nb\nc\nd\ne\nf\ng"}.LastPrinted())
	require.Equal(t, "{ a␍id: 9 0s}␛[2J\n\tb", StepResult{Printed: "{ a\rid: 9 0s}\x1b[2J\n\tb"}.LastPrinted(), "a terminal would overwrite the line")
}
