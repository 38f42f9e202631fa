package hints_test

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/checksums"
	"example.com/sseworkbook/harness/hints"
	"example.com/sseworkbook/harness/progress"
)

// farewell returns a lesson of two functions, as a learner gets it, in a workbook of
// its own.
func farewell(t *testing.T) (root string, lesson catalog.Lesson) {
	root = t.TempDir()
	lesson = catalog.Lesson{Number: 1, Name: "01-greeting", Topic: "greeting",
		Dir: filepath.Join(root, "lessons", "01-greeting"), SolutionDir: filepath.Join(root, "solutions", "01-greeting")}
	for file, text := range map[string]string{
		filepath.Join(lesson.SolutionDir, "greeting.go"): farewellSolution,
		lesson.File(): farewellStub,
		filepath.Join(lesson.Dir, "part1_test.go"): farewellTests,
		filepath.Join(lesson.Dir, "hints_test.go"): farewellHints,
		lesson.Readme(): farewellReadme,
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	return root, lesson
}

const (
	farewellSolution = `package greeting

// Hello greets.
//
//lesson:todo Greet.
func Hello(name string) string {
	return polite("hello", name)
}

// Goodbye takes leave.
//
//lesson:todo Take leave.
func Goodbye(name string) string {
	return polite("goodbye", name)
}

// polite says a word to somebody.
func polite(word, name string) string { return word + ", " + name }
`
	farewellStub = `package greeting

// Hello greets.
func Hello(name string) string {
	// TODO: Greet.
	return ""
}

// Goodbye takes leave.
func Goodbye(name string) string {
	// TODO: Take leave.
	return ""
}
`
	farewellTests = `package greeting_test

import "testing"

// Who comes is greeted.
func TestHello(t *testing.T) { says(t, greeting.Hello("Ann")) }

// Who leaves is not forgotten.
func TestGoodbye(t *testing.T) { says(t, greeting.Goodbye("Ann")) }

func says(t *testing.T, text string) {}
`
	farewellHints = `package greeting_test

var _ = step.Hints{"TestHello": "say " + "hello."}
`
	farewellReadme = `# 01 · Greeting: say hello

## Hints

<details><summary>A nudge</summary>

What do you say?

</details>
`
)

// red returns what a run shows in which a step is the first to be red.
func red(lesson catalog.Lesson, step string) progress.Result {
	r := progress.Result{Lesson: lesson}
	for _, name := range []string{"TestHello", "TestGoodbye"} {
		status := progress.Passed
		if name == step {
			status = progress.Failed
		}
		r.Steps = append(r.Steps, progress.StepResult{Name: name, Status: status})
	}
	return r
}

// Each call tells more than the one before, and in the end it is the solution's
// function, of the many that there are.
func TestHintsComeOneByOne(t *testing.T) {
	root, lesson := farewell(t)
	hello := "func Hello(name string) string {\n\treturn polite(\"hello\", name)\n}"
	polite := "// polite says a word to somebody.\nfunc polite(word, name string) string { return word + \", \" + name }"
	want := []hints.Hint{
		{Title: "step 1 of 2 · TestHello", About: "Who comes is greeted.", Text: "say hello.", N: 1, Of: 4},
		{Title: "the lesson's own, 1 of 1", Text: "What do you say?", N: 2, Of: 4},
		{Title: "the solution's Hello", Text: hello, Code: true, N: 3, Of: 4},
		{Title: "what the solution's Hello uses", Text: polite, Code: true, N: 4, Of: 4},
	}
	all, err := hints.All(red(lesson, "TestHello"))
	require.NoError(t, err)
	require.Equal(t, want, all)

	last, err := hints.Last(root, red(lesson, "TestHello"))
	require.NoError(t, err)
	require.Equal(t, want[0], last, "before the first one, the last one is the first")
	for _, hint := range append(want, want[3]) { // and after the last one, it is the last again
		next, err := hints.Next(root, red(lesson, "TestHello"))
		require.NoError(t, err)
		require.Equal(t, hint, next)
		last, err := hints.Last(root, red(lesson, "TestHello"))
		require.NoError(t, err)
		require.Equal(t, hint, last)
	}
}

// Another step that is red begins anew, with what it is about where it has no hint.
func TestAnotherStepBeginsAnew(t *testing.T) {
	root, lesson := farewell(t)
	for range 3 {
		_, err := hints.Next(root, red(lesson, "TestHello"))
		require.NoError(t, err)
	}
	next, err := hints.Next(root, red(lesson, "TestGoodbye"))
	require.NoError(t, err)
	require.Equal(t, hints.Hint{Title: "step 2 of 2 · TestGoodbye", Text: "Who leaves is not forgotten.", N: 1, Of: 4}, next)

	hints.Forget(root, lesson)
	next, err = hints.Next(root, red(lesson, "TestGoodbye"))
	require.NoError(t, err)
	require.Equal(t, 1, next.N)

	require.NoError(t, os.RemoveAll(filepath.Join(root, ".workbook")))
	require.NoError(t, os.WriteFile(filepath.Join(root, ".workbook"), nil, 0o644))
	next, err = hints.Next(root, red(lesson, "TestGoodbye"))
	require.NoError(t, err, "where nothing can be remembered, it is no error")
	require.Equal(t, 1, next.N)
}

// git may have given the files other line ends.
func TestHintsDoNotCareForLineEnds(t *testing.T) {
	_, lesson := farewell(t)
	want, err := hints.All(red(lesson, "TestHello"))
	require.NoError(t, err)
	for _, file := range []string{filepath.Join(lesson.SolutionDir, "greeting.go"), lesson.File(), filepath.Join(lesson.Dir, "part1_test.go")} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "\n", "\r\n")), 0o644))
	}
	got, err := hints.All(red(lesson, "TestHello"))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// A function that is written already is not what is asked for, unless all are.
func TestTheFunctionIsTheOneThatIsMissing(t *testing.T) {
	_, lesson := farewell(t)
	titles := func(step string) (titles []string) {
		hints, err := hints.All(red(lesson, step))
		require.NoError(t, err)
		for _, hint := range hints[2:] {
			titles = append(titles, hint.Title)
		}
		return titles
	}
	require.Equal(t, []string{"the solution's Goodbye", "what the solution's Goodbye uses"}, titles("TestGoodbye"))
	require.NoError(t, os.WriteFile(lesson.File(), []byte(farewellSolution), 0o644))
	require.Equal(t, []string{"the solution's Goodbye", "what the solution's Goodbye uses"}, titles("TestGoodbye"))
}

// Where no step is red, there is no hint, and that is no error.
func TestWhereNoStepIsRed(t *testing.T) {
	root, lesson := farewell(t)
	done := red(lesson, "")
	done.Done = true
	broken := red(lesson, "TestHello")
	broken.BuildError = "greeting.go:3: syntax error\n"
	outside := red(lesson, "")
	outside.Outside = "found a goroutine"
	for name, result := range map[string]progress.Result{"done": done, "broken": broken, "outside": outside} {
		hint, err := hints.Next(root, result)
		require.NoError(t, err)
		require.Equal(t, hints.Hint{}, hint, name)
		all, err := hints.All(result)
		require.NoError(t, err)
		require.Empty(t, all, name)
	}
}

// In the workbook itself, each step has a function of its lesson's to show, whether
// the learner has written nothing yet or all of it.
func TestEachStepOfTheWorkbookHasAnAnswer(t *testing.T) {
	root, err := catalog.Root(".")
	require.NoError(t, err)
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	edited, err := checksums.Modified(root)
	require.NoError(t, err)
	for _, lesson := range lessons {
		if slices.ContainsFunc(edited, func(file string) bool { return path.Dir(file) == "lessons/"+lesson.Name }) {
			continue // these steps are not the workbook's
		}
		steps, err := lesson.Steps()
		require.NoError(t, err)
		for _, step := range steps {
			r := progress.Result{Lesson: lesson, Steps: []progress.StepResult{{Name: step.Name, Status: progress.Failed}}}
			hints, err := hints.All(r)
			require.NoError(t, err)
			texts, err := lesson.Hints()
			require.NoError(t, err)
			require.Greater(t, len(hints), len(texts)+1, "%s, %s: no function of the solution is found", lesson.Name, step.Name)
			require.NotContains(t, hints[len(hints)-1].Text, "//lesson:")
		}
	}
}
