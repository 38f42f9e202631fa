package overlay_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/overlay"
)

func TestAnOverlayIsWrittenAsTheGoCommandReadsIt(t *testing.T) {
	dir := t.TempDir()
	o := overlay.Overlay{"/a.go": "/b.go", "/c.go": ""}
	first, err := o.Write(dir)
	require.NoError(t, err)
	second, err := o.Write(dir)
	require.NoError(t, err)
	require.NotEqual(t, first, second, "two runs at once must not share a file")

	text, err := os.ReadFile(first)
	require.NoError(t, err)
	var got map[string]map[string]string
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, map[string]map[string]string{"Replace": {"/a.go": "/b.go", "/c.go": ""}}, got)

	_, err = o.Write(filepath.Join(dir, "gone"))
	require.ErrorContains(t, err, "writing an overlay")
}

func TestTheLaterOverlayHasItsWay(t *testing.T) {
	merged := overlay.Merge(overlay.Overlay{"a": "1", "b": "1"}, nil, overlay.Overlay{"b": "2"})
	require.Equal(t, overlay.Overlay{"a": "1", "b": "2"}, merged)
}

// The lesson's folder holds the solution's files and its own tests, and nothing
// of what a learner has there.
func TestALessonIsFilledWithItsSolution(t *testing.T) {
	root := write(t, halfway)
	l := lesson(t, root, "01-greeting")
	o, err := overlay.LessonFromSolution(l)
	require.NoError(t, err)
	require.Equal(t, overlay.Overlay{
		l.File():                             filepath.Join(l.SolutionDir, "greeting.go"),
		filepath.Join(l.Dir, "hello.go"):     "",
		filepath.Join(l.Dir, "mine_test.go"): "",
	}, o)

	require.NoError(t, os.RemoveAll(l.Dir))
	o, err = overlay.LessonFromSolution(l)
	require.NoError(t, err, "the go command takes files in a folder that is not there")
	require.Equal(t, overlay.Overlay{l.File(): filepath.Join(l.SolutionDir, "greeting.go")}, o)
}

// What a lesson gives is the solution's, whatever a learner has made of the copy;
// with -mine, too.
func TestWhatIsGivenIsTheSolutions(t *testing.T) {
	root := write(t, halfway, map[string]string{
		"solutions/01-greeting/given.go":    "package greeting\n\nconst hello = \"hello, \"\n",
		"lessons/01-greeting/given.go":      "package greeting\n\nconst hello = \"moo, \"\n",
		"lessons/01-greeting/part1_test.go": "package greeting_test\n",
	})
	require.NoError(t, os.Remove(filepath.Join(root, "lessons/01-greeting/hello.go")))
	l := lesson(t, root, "01-greeting")
	given := filepath.Join(l.SolutionDir, "given.go")
	o, err := overlay.LessonFromSolution(l)
	require.NoError(t, err)
	require.Equal(t, overlay.Overlay{
		l.File():                             l.SolutionFile(),
		l.GivenFile():                        given,
		filepath.Join(l.Dir, "mine_test.go"): "",
	}, o)

	o, err = overlay.LessonFromTexts(l, map[string]string{"greeting.go": "package greeting\n"}, t.TempDir())
	require.NoError(t, err)
	require.Equal(t, given, o[l.GivenFile()])
	o, err = overlay.LessonFromTexts(l, map[string]string{"given.go": "package greeting\n"}, t.TempDir())
	require.NoError(t, err)
	require.NotEqual(t, given, o[l.GivenFile()], "a text of that name takes its place")

	o, err = overlay.SolutionFromLesson(l)
	require.NoError(t, err)
	require.Equal(t, overlay.Overlay{l.SolutionFile(): l.File()}, o)
}

// The lesson's tests run on the solution whatever a learner has in the folder:
// as they stand they fail on it.
func TestTheGoCommandRunsALessonsTestsOnItsSolution(t *testing.T) {
	root := write(t, halfway)
	for _, name := range []string{"02-shouting", "03-counting"} {
		output, err := golang(t, root, "test", "./lessons/"+name)
		require.Error(t, err, output)

		o, err := overlay.LessonFromSolution(lesson(t, root, name))
		require.NoError(t, err)
		output, err = testWith(t, root, "./lessons/"+name, o)
		require.NoError(t, err, output)
	}
}

// A fuzz corpus that a learner has left is read past any overlay, so the tests
// are run from the solution's folder, where none can lie.
func TestAFuzzCorpusIsNoPartOfARunInTheSolutionsFolder(t *testing.T) {
	root := write(t, halfway)
	l := lesson(t, root, "greeting")
	o, err := overlay.LessonFromSolution(l)
	require.NoError(t, err)
	output, err := testWith(t, root, "./lessons/01-greeting", o)
	require.Error(t, err, "if this passes, TestsInSolution is no longer needed")
	require.Contains(t, output, "FuzzAnyNameIsGreeted")

	output, err = testWith(t, root, "./solutions/01-greeting", overlay.Merge(o, must(overlay.TestsInSolution(l))))
	require.NoError(t, err, output)
}

// Any texts are tested in the lesson's place, and nothing but these: this is how
// known mistakes are proven to turn a step red.
func TestTextsAreWhatIsTested(t *testing.T) {
	root := write(t, halfway)
	l := lesson(t, root, "02")
	texts := map[string]string{
		"shouting.go": small["solutions/02-shouting/shouting.go"],
		"quiet.go":    "package shouting\n\nconst mark = \".\"\n",
	}
	o, err := overlay.LessonFromTexts(l, texts, t.TempDir())
	require.NoError(t, err)
	output, err := testWith(t, root, "./lessons/02-shouting", o)
	require.Error(t, err)
	require.Contains(t, output, "nobody heard it\n        got  \"hello, Ann.\"")

	texts["quiet.go"] = small["solutions/02-shouting/mark.go"]
	output, err = testWith(t, root, "./lessons/02-shouting", must(overlay.LessonFromTexts(l, texts, t.TempDir())))
	require.NoError(t, err, output)
}

// A program on the solutions runs on the learner's code instead, all its files.
func TestALearnersCodeTakesTheSolutionsPlace(t *testing.T) {
	const program = `package main

import (
	"fmt"

	shouting "example.com/sseworkbook/solutions/02-shouting"
)

func main() { fmt.Println(shouting.Shout("Ann")) }
`
	root := write(t, halfway, map[string]string{
		"harness/demo/main.go":            program,
		"lessons/01-greeting/hello.go":    "package greeting\n\nconst hello = \"good day, \"\n",
		"lessons/02-shouting/mark.go":     "",
		"lessons/02-shouting/shouting.go": "package shouting\n\nfunc Shout(name string) string { return name + \", HEAR\" }\n",
	})
	require.NoError(t, os.Remove(filepath.Join(root, "lessons/02-shouting/mark.go")))
	first, err := overlay.SolutionFromLesson(lesson(t, root, "01"))
	require.NoError(t, err)
	second, err := overlay.SolutionFromLesson(lesson(t, root, "02"))
	require.NoError(t, err)

	for want, o := range map[string]overlay.Overlay{
		"hello, Ann!":    nil,
		"good day, Ann!": first,
		"Ann, HEAR":      overlay.Merge(first, second),
	} {
		output, err := golang(t, root, "run", "-overlay", must(overlay.Merge(o).Write(t.TempDir())), "./harness/demo")
		require.NoError(t, err, output)
		require.Equal(t, want, output)
	}
}

func TestALessonWithoutCodeCannotTakeItsSolutionsPlace(t *testing.T) {
	root := write(t, nil)
	l := lesson(t, root, "03")
	require.NoError(t, os.Remove(l.File()))
	_, err := overlay.SolutionFromLesson(l)
	require.ErrorContains(t, err, "there is no Go file in "+l.Dir)
}

// testWith runs the tests of a package with an overlay.
func testWith(t *testing.T, root, pkg string, o overlay.Overlay) (output string, err error) {
	t.Helper()
	file, err := o.Write(t.TempDir())
	require.NoError(t, err)
	return golang(t, root, "test", "-overlay", file, pkg)
}

// must is for what cannot fail here.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
