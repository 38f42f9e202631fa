package overlay_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
)

// These tests are of the check in solutions/: they put it, as it is, into the
// small workbook, and run it there by its name.

// The check passes whatever a learner has done under lessons/.
func TestTheHealthCheckPassesForSomebodyHalfwayThrough(t *testing.T) {
	root := withCheck(t, write(t, halfway))
	output, err := healthCheck(t, root, "-v")
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
func TestTheHealthCheckFindsAWrongSolution(t *testing.T) {
	root := withCheck(t, write(t, map[string]string{
		"solutions/03-counting/counting.go": "package counting\n\nfunc Next(n int) int { return n + 2 }\n",
	}))
	output, err := healthCheck(t, root, "-v")
	require.Error(t, err)
	require.Contains(t, output, "--- FAIL: TestSolutions/03-counting/TestTwoComesAfterOne")
	require.Contains(t, output, "counting_test.go:11: one was followed by 3")
	require.Contains(t, output, "--- PASS: TestSolutions/02-shouting")
}

func TestTheHealthCheckSaysWhatDoesNotBuild(t *testing.T) {
	root := withCheck(t, write(t, map[string]string{
		"solutions/03-counting/counting.go": "package counting\n\nfunc Next() int { return n }\n",
	}))
	output, err := healthCheck(t, root, "-v")
	require.Error(t, err)
	require.Contains(t, output, "solutions/03-counting/counting.go:3:26: undefined: n")
	require.Contains(t, output, "--- PASS: TestSolutions/02-shouting")
}

// A lesson's test is the workbook's. Where one was edited the check says so, and
// where one is gone it fails.
func TestTheHealthCheckNamesEditedTests(t *testing.T) {
	root := withCheck(t, write(t))
	test := "lessons/03-counting/counting_test.go"
	put(t, filepath.Join(root, test), strings.Replace(small[test], "!= 2", "!= 3", 1))
	require.NoError(t, os.Remove(filepath.Join(root, "lessons/02-shouting/shouting_test.go")))
	output, err := healthCheck(t, root)
	require.Error(t, err)
	require.Contains(t, output, test+" is not as the workbook has it; to have it back: git checkout "+test)
	require.Contains(t, output, "lesson 02-shouting has no tests")
}

// The race detector is handed down: a race that only it can see is found.
func TestTheHealthCheckPassesRaceDown(t *testing.T) {
	root := withCheck(t, write(t, map[string]string{"solutions/03-counting/counting.go": `package counting

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
	output, err := healthCheck(t, root)
	require.NoError(t, err, output)
	if _, err := golang(t, root, "test", "-race", "./harness/step"); err != nil {
		t.Skip("the race detector cannot be used on this machine")
	}
	output, err = healthCheck(t, root, "-race")
	require.Error(t, err)
	require.Contains(t, output, "DATA RACE")
}

// The go command keeps the check's green while nothing has changed, and no
// longer: each file that the solutions' tests depend upon makes it run again.
func TestACachedHealthCheckIsNeverStale(t *testing.T) {
	root := withCheck(t, write(t))
	_, err := healthCheck(t, root)
	require.NoError(t, err)
	for i, file := range []string{
		"lessons/01-greeting/greeting_test.go",
		"solutions/02-shouting/mark.go",
		"harness/step/step.go",
		"harness/pair/pair.go",
		"go.mod",
	} {
		output, err := healthCheck(t, root)
		require.NoError(t, err, output)
		require.Contains(t, output, "(cached)")

		text, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		put(t, filepath.Join(root, file), string(text)+"\n// changed\n")
		age(t, root, time.Hour-time.Duration(i+1)*time.Minute)

		output, err = healthCheck(t, root)
		require.NoError(t, err, output)
		require.NotContains(t, output, "(cached)", "%s has changed", file)
	}
}

// healthCheck runs the check of the workbook in root.
func healthCheck(t *testing.T, root string, flags ...string) (output string, err error) {
	t.Helper()
	args := append([]string{"test", "-run=^TestSolutions$"}, flags...)
	return golang(t, root, append(args, "./solutions")...)
}

// withCheck puts the check and the packages that it uses into the workbook in
// root, as they are here.
func withCheck(t *testing.T, root string) string {
	t.Helper()
	here, err := catalog.Root(".")
	require.NoError(t, err)
	copied := []string{"solutions/doc.go", "solutions/solutions_test.go"}
	for _, room := range []string{"overlay", "catalog", "progress"} {
		files, err := fs.Glob(os.DirFS(here), "harness/"+room+"/*.go")
		require.NoError(t, err)
		copied = append(copied, files...)
	}
	for _, file := range copied {
		text, err := os.ReadFile(filepath.Join(here, file))
		require.NoError(t, err)
		put(t, filepath.Join(root, file), string(text))
	}
	age(t, root, time.Hour)
	return root
}
