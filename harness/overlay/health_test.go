package overlay_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
)

// The check of solutions/, as the workbook has it, is run on small workbooks in
// which something is wrong, or only looks so.
func TestTheHealthCheck(t *testing.T) {
	check := build(t)
	t.Run("passes for somebody halfway through", check.passesHalfway)
	t.Run("finds a wrong solution", check.findsAWrongSolution)
	t.Run("says what does not build", check.saysWhatDoesNotBuild)
	t.Run("names edited tests", check.namesEditedTests)
	t.Run("passes the race detector down", check.passesRaceDown)
}

// A healthCheck is the test binary of solutions/. It looks for its workbook in
// the folder in which it is run.
type healthCheck struct{ binary string }

// build builds the check, with the race detector if this test has it.
func build(t *testing.T) healthCheck {
	t.Helper()
	here, err := catalog.Root(".")
	require.NoError(t, err)
	binary := filepath.Join(t.TempDir(), "solutions.test.exe") // by this name Windows runs it too
	args := []string{"test", "-c", "-o", binary, "./solutions"}
	if underRace() {
		args = slices.Insert(args, 1, "-race")
	}
	output, err := golang(t, here, args...)
	require.NoError(t, err, output)
	return healthCheck{binary}
}

// run runs the check on the workbook in root.
func (h healthCheck) run(t *testing.T, root string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), h.binary, "-test.v")
	cmd.Dir = filepath.Join(root, "solutions")
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// The check passes whatever a learner has done under lessons/.
func (h healthCheck) passesHalfway(t *testing.T) {
	output, err := h.run(t, write(t, halfway))
	require.NoError(t, err, output)
	for _, step := range []string{
		"01-greeting/TestAGreetingHasTheName", "01-greeting/FuzzAnyNameIsGreeted",
		"02-shouting/TestItIsLoud", "03-counting/TestTwoComesAfterOne",
	} {
		require.Contains(t, output, "--- PASS: TestSolutions/"+step)
	}
	require.NotContains(t, output, "TestMine")
}

// A wrong solution turns the check red, by the step that found it and with its
// message. The other lessons are not touched by it.
func (h healthCheck) findsAWrongSolution(t *testing.T) {
	output, err := h.run(t, write(t, map[string]string{
		"solutions/03-counting/counting.go": "package counting\n\nfunc Next(n int) int { return n + 2 }\n",
	}))
	require.Error(t, err)
	require.Contains(t, output, "--- FAIL: TestSolutions/03-counting/TestTwoComesAfterOne")
	require.Contains(t, output, "part1_test.go:11: one was followed by 3")
	require.Contains(t, output, "--- PASS: TestSolutions/02-shouting")
}

func (h healthCheck) saysWhatDoesNotBuild(t *testing.T) {
	output, err := h.run(t, write(t, map[string]string{
		"solutions/03-counting/counting.go": "package counting\n\nfunc Next() int { return n }\n",
	}))
	require.Error(t, err)
	require.Contains(t, output, "solutions/03-counting/counting.go:3:26: undefined: n")
	require.Contains(t, output, "--- PASS: TestSolutions/02-shouting")
}

// A lesson's test is the workbook's. Where one was edited the check says so, and
// where one is gone it fails.
func (h healthCheck) namesEditedTests(t *testing.T) {
	root := write(t)
	test := "lessons/03-counting/part1_test.go"
	put(t, filepath.Join(root, test), strings.Replace(small[test], "!= 2", "!= 3", 1))
	require.NoError(t, os.Remove(filepath.Join(root, "lessons/02-shouting/part1_test.go")))
	output, err := h.run(t, root)
	require.Error(t, err)
	require.Contains(t, output, test+" is not as the workbook has it; to have it back: git checkout "+test)
	require.Contains(t, output, "lesson 02-shouting has no tests")
}

// A race that only the race detector can see is found when the check has it. To
// build everything for it takes long, so this is tested where it is done anyway.
func (h healthCheck) passesRaceDown(t *testing.T) {
	if !underRace() {
		t.Skip("this is tested with go test -race")
	}
	output, err := h.run(t, write(t, map[string]string{"solutions/03-counting/counting.go": `package counting

import "sync"

func Next(n int) int {
	var both sync.WaitGroup
	next := 0
	both.Go(func() { next = n + 1 })
	both.Go(func() { next = n + 1 })
	both.Wait()
	return next
}
`}))
	require.Error(t, err)
	require.Contains(t, output, "--- FAIL: TestSolutions/03-counting")
	require.Contains(t, output, "DATA RACE")
}

// underRace reports whether this test was built with the race detector.
func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
