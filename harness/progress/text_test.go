package progress

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What a binary prints is taken apart as the go command would do it: a message
// belongs to the test that is named before it, also where it ends without a line
// break, and what comes between tests belongs to none.
func TestTheTextOfABinaryIsTakenApart(t *testing.T) {
	run := parseText("\x16=== RUN   TestA\n"+
		"\x16=== RUN   TestA/sub\n"+
		"    a_test.go:3: wrong\n        got  1\n"+
		"\x16=== NAME  TestA\n"+
		"half a line\x16    --- FAIL: TestA/sub (0.00s)\n"+
		"\x16--- FAIL: TestA (0.01s)\n"+
		"\x16=== RUN   TestB\n"+
		"    a_test.go:9: waits for TestA\n"+
		"\x16--- SKIP: TestB (0.00s)\n"+
		"\x16=== RUN   TestC\n"+
		"\x16=== NAME  TestC\n"+
		"it hangs\n"+
		"\x16FAIL\n"+
		"lesson 01 a: 0 of 3 steps\n", false)
	require.Equal(t, "fail", run.ended)
	require.Equal(t, StepResult{Name: "TestA", Status: Failed, At: "a_test.go:3", Message: "wrong\ngot  1", Printed: "half a line"}, run.find("TestA").step("TestA"))
	require.Equal(t, Waiting, run.find("TestB").step("TestB").Status)
	require.Equal(t, StepResult{Name: "TestC", Status: Failed, Message: "it hangs"}, run.find("TestC").step("TestC"))
	require.Equal(t, "lesson 01 a: 0 of 3 steps\n", run.rest.String())
}
