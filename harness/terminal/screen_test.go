package terminal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/hints"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/watch"
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
			"- **No name.** Nobody is meant (one/hello#12). (Step 1)\n- **Late.** two/hi v1.2.0\n- **Low.** two/hi#1\n- **Loud.** two/hi#2\n- **Long.** two/hi#3\n- **Lost.** three/hi#4\n- **Last.** three/hi#5\n",
		filepath.Join(root, mistakes.Dir, first.Name, "all.txtar"):  "title: all\nsource: one/hello#12, two/hi v1.2.0, two/hi#1, two/hi#2, two/hi#3\n-- a.go --\n",
		filepath.Join(root, mistakes.Dir, first.Name, "race.txtar"): "title: a race\nsource: three/hi#5\nrace: only\n-- a.go --\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return v
}

// of returns the view after a snapshot.
func (v view) of(now watch.Snapshot) view {
	v.now = now
	return v
}

// results returns what is known after a run that has shown these.
func results(these ...progress.Result) map[string]progress.Result {
	all := map[string]progress.Result{}
	for _, r := range these {
		all[r.Lesson.Name] = r
	}
	return all
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
	u := watch.Snapshot{N: 1, Lesson: "01-greeting", Results: results(again)}
	require.Contains(t, v.of(u).screen(), "\noften the name is misspelt · more: go run ./harness mistakes\n      1\n")

	u.Running = true
	require.NotContains(t, v.of(u).screen(), "often", "what runs now may be red for something else")
}

// green is a result of a lesson that is done.
func green(l catalog.Lesson) progress.Result {
	return progress.Result{Lesson: l, Done: true, Steps: []progress.StepResult{{Name: "TestHello", Status: progress.Passed}}}
}

// The lesson is named first. Then there is the one thing that is red, the lines of
// the learner's that it names, and what to do.
func TestTheScreenOfAStepThatIsRed(t *testing.T) {
	v := shopView(t)
	u := watch.Snapshot{N: 1, Lesson: "01-greeting", Results: results(
		red(v.lessons[0], "this step hangs at greeting.go:4 (Hello), after 5s of real time, and nobody is greeted\ngot  \"\"\nwant \"hello\""),
		red(v.lessons[1], "nobody says goodbye"),
	)}
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

next  edit lessons/01-greeting/greeting.go; the lesson runs
      when you save it
hint  go run ./harness hint 1
`, v.of(u).screen())

	v.keys, v.page = true, "home page http://localhost:8090"
	keyed := v.of(u).screen()
	require.NotContains(t, keyed, "go run ./harness hint")
	require.True(t, strings.HasSuffix(keyed, `
h hint · e edit · d diff · r run again · n next · l list · ?
help · q quit
home page http://localhost:8090
`), keyed)
}

// Where there are few lines, nothing that matters is left out.
func TestATightScreen(t *testing.T) {
	v := shopView(t)
	v.keys = true
	u := watch.Snapshot{N: 1, Lesson: "01-greeting", Results: results(red(v.lessons[0], "wrong, at greeting.go:4 (Hello)"))}
	screen, _ := v.of(u).fit(60, 13)
	require.Equal(t, `lesson 01-greeting · Saying: what one says to somebody
0 of 1 steps
red   TestHello
      lessons/01-greeting/part1_test.go:5
      wrong, at greeting.go:4 (Hello)
code  lessons/01-greeting/greeting.go:4
        3 │ // Hello greets.
      ▸ 4 │ func Hello(name string) string {
        5 │     return nmae
next  edit lessons/01-greeting/greeting.go; the lesson runs
      when you save it
? keys · q quit
`, screen)
	u.Results = results(green(v.lessons[0]))
	screen, _ = v.of(u).fit(60, 16)
	require.Contains(t, screen, "      No name · one/hello#12\n      and 4 more in lessons/01-greeting/README.md\ndiff ")
}

// What is red stays on the screen, and the hint scrolls under it.
func TestWhatIsRedStaysOnTheScreen(t *testing.T) {
	v := shopView(t)
	v.keys = true
	result := red(v.lessons[0], "wrong, at greeting.go:4 (Hello), and here it is told at some length what a client has seen\ngot  \"one line that is longer than forty columns, in words\"\nwant \"hello\"")
	v.hint = stepHint{"01-greeting", "TestHello", hints.Hint{N: 5, Of: 5, Title: "the answer", Text: strings.Repeat("a line of the hint\n\n", 30)}}
	v = v.of(watch.Snapshot{N: 1, Lesson: "01-greeting", Results: results(result)})
	for _, size := range [][2]int{{40, 15}, {80, 24}, {120, 40}} {
		for _, v.scroll = range []int{0, 7, 1000} {
			screen, _ := v.fit(size[0], size[1])
			if size[1] > 15 || v.scroll == 0 {
				require.Contains(t, screen, "red   TestHello\n", "%v %d", size, v.scroll)
				require.Contains(t, screen, "want \"hello\"\n", "%v %d", size, v.scroll)
			}
			require.Contains(t, screen, "more lines\n")
			require.LessOrEqual(t, lines(screen), size[1])
			for line := range strings.Lines(screen) {
				require.LessOrEqual(t, utf8.RuneCountInString(line), size[0]+1, "%q", line)
			}
		}
		_, scrolled := v.fit(size[0], size[1])
		v.scroll = scrolled - 1
		screen, _ := v.fit(size[0], size[1])
		require.Contains(t, screen, "↓ 1 more lines")
	}

	// A path is one word, and has no folder where that is too long.
	v.scroll = 0
	narrow, _ := v.fit(36, 15)
	require.Contains(t, narrow, "red   TestHello\n      part1_test.go:")

	// A hint goes when the code does not compile.
	result.BuildError = "lessons/01-greeting/greeting.go:5:9: undefined: nmae"
	screen, _ := v.of(watch.Snapshot{N: 2, Lesson: "01-greeting", Results: results(result)}).fit(80, 24)
	require.Contains(t, screen, "undefined: nmae")
	require.NotContains(t, screen, "hint  ")
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

next  edit lessons/01-greeting/greeting.go; the lesson runs
      when you save it
hint  go run ./harness hint 1
`, v.of(watch.Snapshot{N: 1, Results: results(result)}).screen())
}

// Before the first run is over there is nothing to show, but that it takes longest.
func TestTheScreenBeforeTheFirstResult(t *testing.T) {
	v := shopView(t)
	require.Equal(t, "running the tests of all lessons …\nthe first build takes longest\n", v.of(watch.Snapshot{Running: true}).screen())
	require.Equal(t, "lesson 02-parting · Saying: what one says to somebody\nrunning … the first build takes longest\n",
		v.of(watch.Snapshot{Running: true, Lesson: "02-parting"}).screen())
}

// While a lesson runs, what is there is of the run before, and says so.
func TestTheScreenWhileALessonRuns(t *testing.T) {
	v := shopView(t)
	u := watch.Snapshot{N: 2, Running: true, Lesson: "01-greeting", Results: results(red(v.lessons[0], "wrong, at greeting.go:4"))}
	require.True(t, strings.HasPrefix(v.of(u).screen(), `lesson 01-greeting · Saying: what one says to somebody
0 of 1 steps · running …

the previous run:
red   TestHello
`), v.of(u).screen())
	require.NotContains(t, v.of(u).screen(), "code", "the lines that the message names are other ones now")

	v.lesson = "02-parting" // chosen, while another one runs
	require.Equal(t, "lesson 02-parting · Saying: what one says to somebody\nnot run yet\n", v.of(watch.Snapshot{Results: u.Results}).screen())
}

// A lesson that is done says what was learned, and what is next.
func TestTheScreenOfALessonThatIsDone(t *testing.T) {
	v := shopView(t)
	u := watch.Snapshot{N: 1, Lesson: "01-greeting", Results: results(green(v.lessons[0]), red(v.lessons[1], ""))}
	require.Equal(t, `lesson 01-greeting · Saying: what one says to somebody
1 of 1 steps · done

green You can now greet whoever comes through your door.
      Nobody feels left out.

      your code avoids these mistakes, which others have shipped:
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
`, v.of(u).screen())
	require.Contains(t, DoneText(v.root, green(v.lessons[0])), "green You can now greet whoever comes through your door. Nobody feels left out.\n")

	raced := green(v.lessons[0])
	raced.Race = progress.Raced
	require.Contains(t, DoneText(v.root, raced), "and 2 more in", "what only the race detector sees")

	last := v.of(watch.Snapshot{N: 1, Lesson: "01-greeting", Results: results(green(v.lessons[0]), green(v.lessons[1]))}).screen()
	require.Contains(t, last, "next  All lessons are done.\n      go run ./harness demo -mine\n          see your own code at work, message by message\n")
}

// The lesson that is next is the first open one behind this one, or else before it.
func TestWhatComesAfterALesson(t *testing.T) {
	v := shopView(t)
	v.now.Results = results(red(v.lessons[0], ""), green(v.lessons[1]))
	require.Contains(t, v.afterwards(v.lessons[1]), "lesson 01-greeting")
}

// What is green waits for the race detector, and the plain verdict is there meanwhile.
// A step that only that finds red is shown with the command that shows it.
func TestTheScreenWhileTheRaceDetectorRuns(t *testing.T) {
	v := shopView(t)
	due := green(v.lessons[0])
	due.Done, due.Race = false, progress.RaceDue
	u := watch.Snapshot{N: 1, Lesson: "01-greeting", Results: results(due)}
	require.Equal(t, `lesson 01-greeting · Saying: what one says to somebody
1 of 1 steps · -race to come

green all steps pass; now with the race detector (the first
      run compiles everything again) …
`, v.of(u).screen())
	u.Running = true
	require.Contains(t, v.of(u).screen(), "1 of 1 steps · -race to come · running …\n\nthe previous run:\ngreen all steps pass\n")

	raced := red(v.lessons[0], "data race: greeting.go:4 (Hello)")
	raced.Race = progress.Raced
	text := v.of(watch.Snapshot{N: 2, Lesson: "01-greeting", Results: results(raced)}).screen()
	require.Contains(t, text, "\n0 of 1 steps with -race\n\nred   TestHello\n")
	require.Contains(t, text, "\n      ▸ 4 │ func Hello(")
	require.Contains(t, text, "\nrun   go test -race ./lessons/01-greeting\n")
}

// Where nothing was saved yet, a lesson that is red comes before one that waits for the
// race detector.
func TestWhatIsRedComesBeforeWhatWaits(t *testing.T) {
	v := shopView(t)
	due := green(v.lessons[0])
	due.Done, due.Race = false, progress.RaceDue
	u := watch.Snapshot{N: 1, Results: results(due, red(v.lessons[1], "wrong"))}
	require.Contains(t, v.of(u).screen(), "lesson 02-parting")
	u.Results = results(due, green(v.lessons[1]))
	require.Contains(t, v.of(u).screen(), "lesson 01-greeting")
}

// What the race detector has not seen is said.
func TestTheScreenOfALessonThatWasNotRaced(t *testing.T) {
	v := shopView(t)
	untried := green(v.lessons[0])
	untried.Race = progress.RaceUntried
	text := v.of(watch.Snapshot{N: 1, Lesson: "01-greeting", Results: results(untried)}).screen()
	require.Contains(t, text, "1 of 1 steps · done\n")
	require.Contains(t, text, "\nnote  not tried with -race: 01-greeting; the race detector\n      needs cgo and a C compiler\n")
}

// When all is done, nothing is to be shown but that.
func TestTheScreenWhenAllIsDone(t *testing.T) {
	v := shopView(t)
	require.Equal(t, `the lessons

  01-greeting      1 of 1 steps · done
  02-parting       1 of 1 steps · done

All lessons are done.
go run ./harness demo -mine
    see your own code at work, message by message
go run ./harness load -mine
    put it under load: a thousand clients
go run ./harness bench -mine 3
    measure a lesson of yours next to ours
go run ./harness update
    get the lessons that are new
`, v.of(watch.Snapshot{N: 1, Results: results(green(v.lessons[0]), green(v.lessons[1]))}).screen())
	v.width = 80
	require.Contains(t, v.of(watch.Snapshot{N: 1, Results: results(green(v.lessons[0]), green(v.lessons[1]))}).screen(), `
All lessons are done.
go run ./harness demo -mine     see your own code at work, message by message
go run ./harness load -mine     put it under load: a thousand clients
`)
}

// What fails beside the steps, and what cannot be run, is told.
func TestTheScreenOfWhatIsNoStep(t *testing.T) {
	v := shopView(t)
	outside := green(v.lessons[0])
	outside.Done, outside.Outside = false, "found a goroutine\nthat stays"
	text := v.of(watch.Snapshot{N: 1, Results: results(outside)}).screen()
	require.Contains(t, text, "1 of 1 steps · something else failed\n\nred   all steps pass, but\n      found a goroutine\n      that stays\n")

	text = v.of(watch.Snapshot{N: 1, Lesson: "01-greeting", Err: errors.New("there is no go command"), Results: results(outside)}).screen()
	require.Equal(t, "lesson 01-greeting · Saying: what one says to somebody\n\nerror there is no go command\n", text)
	require.Equal(t, "error there is no go command\n", v.of(watch.Snapshot{N: 1, Err: errors.New("there is no go command")}).screen())
}

// Colours change nothing but the look.
func TestColours(t *testing.T) {
	v := shopView(t)
	u := watch.Snapshot{N: 1, Results: results(red(v.lessons[0], "wrong, at greeting.go:4 (Hello)"))}
	plain := v.of(u).screen()
	v.style.colour = true
	coloured := v.of(u).screen()
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
	require.Equal(t, "  ab cd\n  ef\n  gh\x1b[1mij\x1b[0mkl\n  mn\n", view{columns: 8}.broken("  ab cd ef\n  gh\x1b[1mij\x1b[0mklmn\n"))
	require.Equal(t, "red   a\n\n      b\n", view{}.part(style{}.bold, "red", "a\n\nb"))
}
