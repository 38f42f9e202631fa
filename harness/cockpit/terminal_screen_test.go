package cockpit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// shopView returns a view of a workbook of two lessons, of which the first has
// code, tests and a text.
func shopView(t *testing.T) view {
	root := t.TempDir()
	v := view{root: root, width: 60}
	for i, name := range []string{"01-greeting", "02-parting"} {
		l := catalog.Lesson{Number: i + 1, Name: name, Topic: name[3:], Title: "Saying: what one says to somebody", Dir: filepath.Join(root, "lessons", name)}
		require.NoError(t, os.MkdirAll(l.Dir, 0o755))
		v.lessons = append(v.lessons, l)
	}
	first := v.lessons[0]
	for path, text := range map[string]string{
		first.File(): "package greeting\n\n// Hello greets.\nfunc Hello(name string) string {\n\treturn nmae\n}\n",
		filepath.Join(first.Dir, "part1_test.go"): "package greeting_test\n\nimport \"testing\"\n\nfunc TestHello(t *testing.T) {}\n",
		first.Readme(): "# 01 · Saying\n\n## When it is green\n\nYou can now greet whoever comes through your door. Nobody\nfeels left out.\n\n" +
			"**An experiment.** Greet yourself:\n\n    echo hello\n\n## What people get wrong\n\n" +
			"- **No name.** Nobody is meant (one/hello#12). (Step 1)\n- **Late.** two/hi v1.2.0\n- **Low.** two/hi#1\n- **Loud.** two/hi#2\n- **Long.** two/hi#3\n",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return v
}

// red is a result of a lesson in which its one step says message.
func red(l catalog.Lesson, message string) progress.Result {
	return progress.Result{Lesson: l, Steps: []progress.StepResult{{Name: "TestHello", Status: progress.Failed, Message: message}}}
}

// A step that is red again says what it often is, as the run does.
func TestTheScreenOfAStepThatIsRedAgain(t *testing.T) {
	v := shopView(t)
	again := red(v.lessons[0], "nobody is greeted")
	again.Mistakes = "the name is misspelt · more: go run ./harness mistakes 1"
	u := Update{N: 1, Lesson: "01-greeting", Results: []progress.Result{again}}
	require.Contains(t, v.screen(u), "\noften the name is misspelt · more: go run ./harness mistakes\n      1\n")

	u.Running = true
	require.NotContains(t, v.screen(u), "often", "what runs now may be red for something else")
}

// green is a result of a lesson that is done.
func green(l catalog.Lesson) progress.Result {
	return progress.Result{Lesson: l, Done: true, Steps: []progress.StepResult{{Name: "TestHello", Status: progress.Passed}}}
}

// The lesson is named first. Then there is the one thing that is red, the lines of
// the learner's that it names, and what to do.
func TestTheScreenOfAStepThatIsRed(t *testing.T) {
	v := shopView(t)
	u := Update{N: 1, Lesson: "01-greeting", Results: []progress.Result{
		red(v.lessons[0], "this step hangs at greeting.go:4 (Hello), after 5s of real time, and nobody is greeted\ngot  \"\"\nwant \"hello\""),
		red(v.lessons[1], "nobody says goodbye"),
	}}
	require.Equal(t, `lesson 01-greeting · Saying: what one says to somebody
0 of 1 steps

red   TestHello
      lessons/01-greeting/part1_test.go:5
      this step hangs at greeting.go:4 (Hello), after 5s of
      real time, and nobody is greeted
      got  ""
      want "hello"

code  lessons/01-greeting/greeting.go:4
        2 │
        3 │ // Hello greets.
      ▸ 4 │ func Hello(name string) string {
        5 │     return nmae
        6 │ }

next  edit lessons/01-greeting/greeting.go; its lesson runs
      when you save it
hint  go run ./harness hint 1
`, v.screen(u))

	v.keys, v.page = true, "home page http://localhost:8090"
	keyed := v.screen(u)
	require.NotContains(t, keyed, "go run ./harness hint")
	require.True(t, strings.HasSuffix(keyed, `
h hint · r run again · n next · p previous · l list · d diff
· q quit · ? help
home page http://localhost:8090
`), keyed)
}

// Where there are few lines, nothing that matters is left out.
func TestATightScreen(t *testing.T) {
	v := shopView(t)
	v.tight = true
	u := Update{N: 1, Lesson: "01-greeting", Results: []progress.Result{red(v.lessons[0], "wrong, at greeting.go:4 (Hello)")}}
	require.Equal(t, `lesson 01-greeting · Saying: what one says to somebody
0 of 1 steps
red   TestHello
      lessons/01-greeting/part1_test.go:5
      wrong, at greeting.go:4 (Hello)
code  lessons/01-greeting/greeting.go:4
        3 │ // Hello greets.
      ▸ 4 │ func Hello(name string) string {
        5 │     return nmae
next  edit lessons/01-greeting/greeting.go; its lesson runs
      when you save it
hint  go run ./harness hint 1
`, v.screen(u))
	u.Results[0] = green(v.lessons[0])
	require.Contains(t, v.screen(u), "      No name · one/hello#12\n      and 4 more in lessons/01-greeting/README.md\ndiff ")
}

// What does not compile is shown where it stands, with a caret.
func TestTheScreenOfALessonThatDoesNotCompile(t *testing.T) {
	v := shopView(t)
	result := red(v.lessons[0], "")
	result.BuildError = "lessons/01-greeting/part1_test.go:5:1: too strange\nlessons/01-greeting/greeting.go:5:9: undefined: nmae"
	require.Equal(t, `lesson 01-greeting · Saying: what one says to somebody
does not compile yet

red   lessons/01-greeting/part1_test.go:5:1: too strange
      lessons/01-greeting/greeting.go:5:9: undefined: nmae

code  lessons/01-greeting/greeting.go:5
        3 │ // Hello greets.
        4 │ func Hello(name string) string {
      ▸ 5 │     return nmae
          │            ^
        6 │ }

next  edit lessons/01-greeting/greeting.go; its lesson runs
      when you save it
hint  go run ./harness hint 1
`, v.screen(Update{N: 1, Results: []progress.Result{result}}))
}

// Lines of others are not the learner's, whatever they are called.
func TestOnlyTheLearnersOwnLinesAreShown(t *testing.T) {
	lesson := shopView(t).lessons[0]
	for _, message := range []string{
		"part1_test.go:5: wrong", "other.go:1", "greeting.go:99", "harness/pair/greeting.go:2",
		"solutions/01-greeting/greeting.go:2", "/usr/lib/go/src/greeting.go:3", "greeting.go", "",
	} {
		_, ok := findExcerpt(lesson, message)
		require.False(t, ok, message)
	}
	for _, message := range []string{"at greeting.go:2, waiting", filepath.FromSlash("lessons/01-greeting/greeting.go") + ":2:1: no"} {
		e, ok := findExcerpt(lesson, message)
		require.True(t, ok, message)
		require.Equal(t, 2, e.line)
	}
}

// Before the first run is over there is nothing to show, but that it takes longest.
func TestTheScreenBeforeTheFirstResult(t *testing.T) {
	v := shopView(t)
	require.Equal(t, "running the tests of all lessons …\nthis first build takes longest\n", v.screen(Update{Running: true}))
	require.Equal(t, "lesson 02-parting · Saying: what one says to somebody\nrunning … this first build takes longest\n",
		v.screen(Update{Running: true, Lesson: "02-parting"}))
}

// While a lesson runs, what is there is of the run before, and says so.
func TestTheScreenWhileALessonRuns(t *testing.T) {
	v := shopView(t)
	u := Update{N: 2, Running: true, Lesson: "01-greeting", Results: []progress.Result{red(v.lessons[0], "wrong, at greeting.go:4")}}
	require.True(t, strings.HasPrefix(v.screen(u), `lesson 01-greeting · Saying: what one says to somebody
0 of 1 steps · running …

the run before:
red   TestHello
`), v.screen(u))
	require.NotContains(t, v.screen(u), "code", "the lines that the message names are other ones now")

	v.lesson = "02-parting" // chosen, while another one runs
	require.Equal(t, "lesson 02-parting · Saying: what one says to somebody\nnot run yet\n", v.main(Update{Results: u.Results}))
}

// A lesson that is done says what was learned, and what is next.
func TestTheScreenOfALessonThatIsDone(t *testing.T) {
	v := shopView(t)
	u := Update{N: 1, Lesson: "01-greeting", Results: []progress.Result{green(v.lessons[0]), red(v.lessons[1], "")}}
	require.Equal(t, `lesson 01-greeting · Saying: what one says to somebody
1 of 1 steps · done

green You can now greet whoever comes through your door.
      Nobody feels left out.

      you have avoided what others have shipped:
      No name · one/hello#12
      Late · two/hi v1.2.0
      Low · two/hi#1
      Loud · two/hi#2
      and 1 more in lessons/01-greeting/README.md

diff  go run ./harness diff 1
try   Greet yourself:
          echo hello
next  lesson 02-parting · Saying: what one says to somebody
      lessons/02-parting/README.md
`, v.screen(u))
	require.Contains(t, DoneText(v.root, v.lessons[0]), "green You can now greet whoever comes through your door. Nobody feels left out.\n")

	last := v.screen(Update{N: 1, Lesson: "01-greeting", Results: []progress.Result{green(v.lessons[0]), green(v.lessons[1])}})
	require.Contains(t, last, "next  All lessons are done. See your own code at work: go\n      run ./harness demo -mine\n")
}

// The lesson that is next is the first open one behind this one, or else before it.
func TestWhatComesAfterALesson(t *testing.T) {
	v := shopView(t)
	results := []progress.Result{red(v.lessons[0], ""), green(v.lessons[1])}
	require.Contains(t, v.afterwards(v.lessons[1], results), "lesson 01-greeting")
}

// When all is done, nothing is to be shown but that.
func TestTheScreenWhenAllIsDone(t *testing.T) {
	v := shopView(t)
	require.Equal(t, `the lessons

  01-greeting      1 of 1 steps · done
  02-parting       1 of 1 steps · done

All lessons are done. See your own code at work: go run
./harness demo -mine
`, v.screen(Update{N: 1, Results: []progress.Result{green(v.lessons[0]), green(v.lessons[1])}}))
}

// What fails beside the steps, and what cannot be run, is told.
func TestTheScreenOfWhatIsNoStep(t *testing.T) {
	v := shopView(t)
	outside := green(v.lessons[0])
	outside.Done, outside.Outside = false, "found a goroutine\nthat stays"
	text := v.screen(Update{N: 1, Results: []progress.Result{outside}})
	require.Contains(t, text, "1 of 1 steps · something else failed\n\nred   all steps pass, but\n      found a goroutine\n      that stays\n")

	text = v.screen(Update{N: 1, Lesson: "01-greeting", Err: errors.New("there is no go command"), Results: []progress.Result{outside}})
	require.Equal(t, "lesson 01-greeting · Saying: what one says to somebody\n\nerror there is no go command\n", text)
	require.Equal(t, "error there is no go command\n", v.screen(Update{N: 1, Err: errors.New("there is no go command")}))
}

// Colours change nothing but the look.
func TestColours(t *testing.T) {
	v := shopView(t)
	u := Update{N: 1, Results: []progress.Result{red(v.lessons[0], "wrong, at greeting.go:4 (Hello)")}}
	plain := v.screen(u)
	v.style.colour = true
	coloured := v.screen(u)
	require.Contains(t, coloured, "\x1b[1;31mred")
	for _, code := range []string{"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[1;31m", "\x1b[1;32m"} {
		coloured = strings.ReplaceAll(coloured, code, "")
	}
	require.Equal(t, plain, coloured)
}

// Lines of code are not broken, and prose is.
func TestTextIsBrokenBetweenWords(t *testing.T) {
	require.Equal(t, "ä bb\nccccccc\nd", wrap("  ä  bb ccccccc d", 5))
	require.Equal(t, "a b\nc\n\n    x y  z\n\n- one two", reflow("a\nb c\n\n    x y  z\n\n- one two\n", 3))
	require.Equal(t, "abcd…", clip("abcdefg", 5))
	require.Equal(t, "red   a\n\n      b\n", beside("red   ", "a\n\nb"))
}
