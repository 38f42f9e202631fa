package verify_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/toolchain"
	"example.com/sseworkbook/harness/verify"
)

// Where all is well nothing is said but how it goes, and what was proven; and
// what somebody has written into a lesson is no part of it.
func TestAllIsWell(t *testing.T) {
	toolchain.NeedRace(t)
	root := write(t, nil)
	put(t, "lessons/01-greeting/greeting.go", "package greeting\n\nfunc Greet(name string) string {\n")
	put(t, "lessons/01-greeting/mine.go", "package mine\n")
	wrong, output := run(t, root, verify.Options{Only: []string{"stubs", "solutions", "mistakes", "alternatives"}, Runs: 1})
	require.Empty(t, wrong)
	require.Contains(t, output, "note: lessons/01-greeting/greeting.go has been edited")
	require.Contains(t, output, "stubs          4 of   4  01-greeting")
	require.Regexp(t, `(?m)^01-greeting +2 ok +7 ok +1 ok +1 ok$`, output)
}

// A step that is green on the stub, one that is red by something else than what it
// asserts, and a stub that is not the derived one are found.
func TestAStubOnWhichASolutionIsNotNeeded(t *testing.T) {
	toolchain.NeedRace(t)
	root := write(t, map[string]string{"lessons/01-greeting/part1_test.go": small["lessons/01-greeting/part1_test.go"] + `
// Nobody is deaf.
func TestNobodyIsGreetedLoudly(t *testing.T) {
	defer step.Begin(t)()
	if greeting.Greet("Ann") == "HELLO" {
		step.Fail(t, "that was loud")
	}
}

func TestEachLetterIsThere(t *testing.T) {
	defer step.Begin(t)()
	_ = make([]int, 3)[3-greeting.Count("Ann")]
}

func TestSomebodyComes(t *testing.T) {
	defer step.Begin(t)()
	for greeting.Count("Ann") == 0 {
		<-t.Context().Done()
	}
}
`})
	test := "lessons/01-greeting"
	wrong, _ := run(t, root, verify.Options{Runs: 4, Only: []string{"stubs"}})
	require.Len(t, wrong, 1)
	require.Len(t, wrong[test], 6, "each of three, plain and with -race")
	all := strings.Join(wrong[test], "\n")
	require.Contains(t, all, "in 1 of 1 runs, TestNobodyIsGreetedLoudly is green on the stub")
	require.Contains(t, all, "TestEachLetterIsThere is red on the stub, but not by what it asserts: panic: runtime error: index out of range")
	require.Contains(t, all, "TestSomebodyComes is red on the stub, but not by what it asserts: this step hangs")
}

// A stub that is an earlier one is wrong, always. One that was never derived is
// somebody's work, but not in a release.
func TestAStubThatHasDrifted(t *testing.T) {
	toolchain.NeedRace(t) // for a release
	const file, solution = "lessons/01-greeting/greeting.go", "solutions/01-greeting/greeting.go"
	root := write(t, nil)
	earlier, err := os.ReadFile(filepath.Join(root, file))
	require.NoError(t, err)
	put(t, solution, strings.Replace(small[solution], "returns a greeting", "returns the greeting", 1))
	generate(t)
	put(t, file, string(earlier))
	wrong, _ := run(t, root, verify.Options{Runs: 4, Only: []string{"stubs"}})
	require.Contains(t, strings.Join(wrong[file], "\n"), "is an earlier stub")

	generate(t)
	put(t, file, string(earlier)+"\n// by hand\n")
	wrong, output := run(t, root, verify.Options{Runs: 4, Only: []string{"stubs"}})
	require.Empty(t, wrong)
	require.Contains(t, output, "has been edited")
	wrong, _ = run(t, root, verify.Options{Runs: 4, Only: []string{"stubs"}, Strict: true})
	require.Contains(t, strings.Join(wrong[file], "\n"), "it is not the stub derived from "+solution)
}

// What a lesson gives is the solution's: a copy that somebody has edited is noted,
// and is wrong in a release.
func TestACopyOfWhatIsGivenThatWasEdited(t *testing.T) {
	toolchain.NeedRace(t) // for a release
	const file = "lessons/01-greeting/given.go"
	root := write(t, nil)
	put(t, file, "package greeting\n\nconst comma = 7\n")
	wrong, output := run(t, root, verify.Options{Runs: 4, Only: []string{"stubs", "alternatives"}})
	require.Empty(t, wrong)
	require.Contains(t, output, "note: "+file+" is not solutions/01-greeting/given.go")

	wrong, _ = run(t, root, verify.Options{Runs: 4, Only: []string{"stubs"}, Strict: true})
	require.Contains(t, strings.Join(wrong["lessons/01-greeting/greeting.go"], "\n"), file+" is not solutions/01-greeting/given.go: go generate")
}

// A solution that leaves a goroutine behind, and a test that is red now and then.
func TestASolutionThatIsNotAlwaysGreen(t *testing.T) {
	const solution = "solutions/01-greeting/greeting.go"
	leaking := strings.Replace(small[solution], "	letters := make(chan int)\n", "	letters := make(chan int)\n	go func() { <-make(chan int) }()\n", 1)
	wrong, _ := run(t, write(t, map[string]string{solution: leaking}), verify.Options{Runs: 6, Only: []string{"solutions"}})
	require.Contains(t, strings.Join(wrong[solution], "\n"),
		"plain: in 2 of 2 runs, the lesson is not green on its solution: TestANameHasLetters is failed: the step ended, but a goroutine that it started is still there, at greeting.go:")

	counter := filepath.Join(t.TempDir(), "runs")
	flaky := strings.Replace(small["lessons/01-greeting/part1_test.go"], "	step.Equal(t, \"somebody", `	runs, _ := os.ReadFile(`+"`"+counter+"`"+`)
	os.WriteFile(`+"`"+counter+"`"+`, append(runs, '.'), 0o644)
	if len(runs) == 2 && os.Mkdir(`+"`"+counter+" is there`"+`, 0o755) == nil { // once, though two jobs run at a time
		step.Fail(t, "bad luck")
	}
	step.Equal(t, "somebody`, 1)
	flaky = strings.Replace(flaky, "import (\n", "import (\n\t\"os\"\n", 1)
	wrong, output := run(t, write(t, map[string]string{"lessons/01-greeting/part1_test.go": flaky}), verify.Options{Runs: 6, Only: []string{"solutions"}})
	require.Len(t, wrong[solution], 1)
	require.Regexp(t, `in 1 of \d+ runs, the lesson is not green on its solution: TestANameHasLetters is failed: bad luck`, wrong[solution][0])
	require.Regexp(t, `(?m)^01-greeting +1 WRONG$`, output)
}

// Each record that does not hold is reported, with what to do about it.
func TestRecordsThatDoNotHold(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Dir(folder)) // as seen from the root, so near that the go command writes it so
	const mistakes, alternatives = "harness/mistakes/01-greeting/", "harness/verify/alternatives/01-greeting/"
	const head = "title: planted\nsymptom: none\n"
	hello := func(new string) string { return edit(`	return "hello, " + name`, new) }
	caught := head + "step: TestAGreetingHasTheName\nmessage: not greeted by her name\n"
	counter := filepath.Join(t.TempDir(), "runs")
	root := write(t, map[string]string{
		mistakes + "uncaught.txtar":      caught + hello(`	return "hello" + ", " + name`),
		mistakes + "later.txtar":         caught + edit(`		letters <- len(name)`, `		letters <- len(name) + 1`),
		mistakes + "words.txtar":         head + "step: TestAGreetingHasTheName\nmessage: a browser\n" + hello(`	return name`),
		mistakes + "nowhere.txtar":       head + hello(`	return name`),
		mistakes + "gone.txtar":          caught + edit("	return 0", "	return 1"),
		mistakes + "everywhere.txtar":    caught + edit("//", "// oh:"),
		mistakes + "builds-not.txtar":    caught + hello(`	return nam`),
		mistakes + "hangs.txtar":         head + "step: TestANameHasLetters\nmessage: this step hangs at greeting.go:\n" + edit(`		letters <- len(name)`, `		<-letters`),
		mistakes + "now-and-then.txtar":  caught + edit("package greeting", "package greeting\n\nimport \"os\"") + hello("\truns, _ := os.ReadFile(`"+counter+"`)\n\tos.WriteFile(`"+counter+"`, append(runs, '.'), 0o644)\n\tif len(runs) == 1 {\n\t\treturn \"hello, \" + name\n\t}\n\treturn \"\""),
		alternatives + "rejected.txtar":  "title: planted\n" + hello(`	return "Hello, " + name`),
		alternatives + "is-caught.txtar": caught + hello(`	return name`),
	})
	wrong, output := run(t, root, verify.Options{Only: []string{"mistakes", "alternatives"}, Runs: 3})
	for file, want := range map[string]string{
		mistakes + "uncaught.txtar":      "in 3 of 3 runs, no step catches it: fix the lesson's test",
		mistakes + "later.txtar":         "in 3 of 3 runs, the first step to go red is TestANameHasLetters, not TestAGreetingHasTheName: somebody cannot count",
		mistakes + "words.txtar":         `in 3 of 3 runs, TestAGreetingHasTheName does not say "a browser" but: Ann was not greeted by her name`,
		mistakes + "nowhere.txtar":       "it does not say which step catches it",
		mistakes + "gone.txtar":          `edit 1: the solution has no such text any more, which begins with "\treturn 0"`,
		mistakes + "everywhere.txtar":    "edit 1: the solution has the text 2 times",
		mistakes + "builds-not.txtar":    "it does not compile:\ngreeting.go:8:9: undefined: nam",
		mistakes + "now-and-then.txtar":  "in 1 of 3 runs, no step catches it",
		alternatives + "rejected.txtar":  "in 1 of 1 runs, this right answer is rejected: TestAGreetingHasTheName is failed: Ann was not greeted by her name",
		alternatives + "is-caught.txtar": "it names a step that catches it, although it is a right answer",
	} {
		require.Len(t, wrong[file], 1, file)
		require.Contains(t, wrong[file][0], want, file)
		require.Contains(t, output, "open "+file)
	}
	require.Len(t, wrong, 10)
	require.Regexp(t, `(?m)^01-greeting +8 WRONG +2 WRONG$`, output)
}

// Independent answers are judged as their names say, whichever step catches them; what
// is not asked for is left alone.
func TestIndependentAnswers(t *testing.T) {
	toolchain.NeedRace(t)
	const dir = "harness/verify/independent/01-greeting/"
	hello := func(new string) string { return edit(`	return "hello, " + name`, new) }
	twice := "title: planted\nbase: right-twice\n"
	root := write(t, map[string]string{
		dir + "right-twice.txtar":    "title: planted\n" + hello("\tgreeting := \"hello, \" + name\n\treturn greeting"),
		dir + "right-loud.txtar":     "title: planted\n" + hello(`	return "Hello, " + name`),
		dir + "wrong-name.txtar":     twice + edit("\treturn greeting", "\treturn greeting[:5]"),
		dir + "wrong-uncaught.txtar": twice + edit("\treturn greeting", "\treturn greeting + comma[:0]"),
		dir + "wrong-taste.txtar":    "not asked: whether to shout is a matter of taste\n" + twice + edit("\treturn greeting", "\treturn greeting + greeting[:0]"),
		dir + "wrong-base.txtar":     "title: planted\nbase: right-thrice\n" + edit("a", "b"),
		dir + "odd.txtar":            "title: planted\n" + hello("\treturn name"),
	})
	wrong, _ := run(t, root, verify.Options{Only: []string{"independent"}, Runs: 2})
	require.Len(t, wrong, 1)
	require.Contains(t, wrong[strings.TrimSuffix(dir, "/")][0], `wrong-base.txtar: its base "right-thrice" is no other record of the same folder`)

	require.NoError(t, os.Remove(filepath.Join(root, dir, "wrong-base.txtar")))
	wrong, output := run(t, root, verify.Options{Only: []string{"independent"}, Runs: 5})
	const rejected = " runs, this right answer is rejected: TestAGreetingHasTheName is failed: " +
		"Ann was not greeted by her name\ngot  \"Hello, Ann\"\nwant \"hello, Ann\"\n      ^"
	require.Equal(t, map[string][]string{
		dir + "right-loud.txtar":     {"in 5 of 5" + rejected, "with -race, in 1 of 1" + rejected},
		dir + "wrong-uncaught.txtar": {"in 5 of 5 runs, no step catches it"},
		dir + "odd.txtar":            {`its name begins neither with "right-" nor with "wrong-"`},
	}, wrong)
	require.Regexp(t, `(?m)^01-greeting +4 WRONG$`, output)
}

func TestAMatchOfNoRecordIsAnError(t *testing.T) {
	root := write(t, nil)
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	_, err = verify.Run(t.Context(), root, lessons, verify.Options{Only: []string{"alternatives"}, Match: "nowhere", Log: io.Discard})
	require.EqualError(t, err, `there is nothing to prove of a recorded answer whose file name contains "nowhere"`)
}

// The shape of a lesson: its files, its text, its hints, enough on record.
func TestTheHouseIsNotInOrder(t *testing.T) {
	root := write(t, map[string]string{
		"lessons/01-greeting/README.md":     strings.Replace(small["lessons/01-greeting/README.md"], "## Go deeper\n", "", 1),
		"lessons/01-greeting/hints_test.go": strings.Replace(small["lessons/01-greeting/hints_test.go"], "ANameHasLetters", "ANameIsShort", 1),
		"lessons/01-greeting/part1_test.go": strings.Replace(small["lessons/01-greeting/part1_test.go"], "// Nobody feels greeted without their name.\n", "", 1),
		"lessons/01-greeting/notes.txt":     "a fourth file",
		"harness/mistakes/01-greeting/odd.txtar": "title: a title that goes on and on, until nobody who reads it knows any more how it began.\nstep: TestNone\n" +
			edit("package greeting", "package greeting // odd"),
	})
	wrong, _ := run(t, root, verify.Options{Only: []string{"house"}, Strict: true})
	for file, want := range map[string]string{
		"lessons/01-greeting":           "lessons/01-greeting/notes.txt is none of these",
		"lessons/01-greeting/README.md": "they should be The problem, On the wire",
		"harness/mistakes/01-greeting":  "there are 2 mistakes on record; there should be at least 8",
	} {
		require.Contains(t, strings.Join(wrong[file], "\n"), want)
	}
	records := strings.Join(wrong["harness/mistakes/01-greeting"], "\n")
	for _, want := range []string{"the title has", "it has no symptom", "there is no step TestNone", "it does not say what is in the message of TestNone", "has 1 right answers", "has 0 right answers and 0 wrong ones; there should be at least 8 and 20"} {
		require.Contains(t, records, want)
	}
	for _, want := range []string{"TestAGreetingHasTheName has no comment", "hints_test.go: there is no hint for TestANameHasLetters",
		"hints_test.go: there is no step TestANameIsShort"} {
		require.Contains(t, strings.Join(wrong["lessons/01-greeting"], "\n"), want)
	}

	_, output := run(t, root, verify.Options{Only: []string{"house"}})
	require.Contains(t, output, "note: lessons/01-greeting/notes.txt is not part of the lesson")

	put(t, "harness/mistakes/01-greeting/odd.txtar", "titel: odd\n")
	wrong, _ = run(t, root, verify.Options{Only: []string{"mistakes"}})
	require.Contains(t, strings.Join(wrong["harness/mistakes/01-greeting"], "\n"), `odd.txtar:1: there is no field "titel"`)
}

// A verification ends when it is told to, and leaves nothing behind.
func TestAVerificationEndsWhenItIsToldTo(t *testing.T) {
	root := write(t, nil)
	t.Setenv("TMPDIR", t.TempDir())
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	_, err = verify.Run(ctx, root, lessons, verify.Options{Only: []string{"solutions"}, Live: true, Log: writer(func([]byte) { cancel(enough) })})
	require.ErrorIs(t, err, enough)
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
	_, err = verify.Run(t.Context(), root, lessons, verify.Options{Only: []string{"beauty"}, Log: &bytes.Buffer{}})
	require.ErrorContains(t, err, `there is no proof "beauty"; there are house, stubs`)
}

// A writer is a function to which is written.
type writer func([]byte)

func (w writer) Write(b []byte) (int, error) {
	w(b)
	return len(b), nil
}
