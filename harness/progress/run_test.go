package progress_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/overlay"
	"example.com/sseworkbook/harness/progress"
)

// One run tells of each lesson where it is, whatever the others are like.
func TestARunTellsWhereEachLessonIs(t *testing.T) {
	root, lessons := write(t)
	results, err := progress.Run(t.Context(), root, lessons, progress.Options{})
	require.NoError(t, err)
	require.Len(t, results, len(lessons))
	for i, want := range []progress.Result{{
		Done:  true,
		Steps: []progress.StepResult{{Name: "TestA", Status: "passed"}, {Name: "FuzzB", Status: "passed"}},
	}, {
		Steps: []progress.StepResult{
			{Name: "TestA", Status: "passed"},
			{
				Name: "TestB", Status: "failed", At: "part1_test.go:6",
				Message: "a line break ends the field\ngot  a\nwant a b\n      ^\npart1_test.go:7: in a sub-test",
			},
			{Name: "TestC", Status: "waiting", At: "part1_test.go:9", Message: "waits for TestB"},
		},
	}, {
		BuildError: "lessons/03-broken/broken.go:3:19: undefined: x\nlessons/03-broken/broken.go:4:19: undefined: y",
		Steps:      []progress.StepResult{{Name: "TestA", Status: "unknown"}},
	}, {
		Outside: "a goroutine is left",
		Steps:   []progress.StepResult{{Name: "TestA", Status: "passed"}},
	}, {
		Outside: "TestMine: not yet",
		Steps:   []progress.StepResult{{Name: "TestA", Status: "passed"}},
	}, {
		BuildError: "there are no tests in " + lessons[5].Dir,
	}} {
		want.Lesson = lessons[i]
		require.Equal(t, want, results[i], lessons[i].Name)
	}
}

func TestNoLessonsAreNoRun(t *testing.T) {
	root, _ := write(t)
	results, err := progress.Run(t.Context(), root, nil, progress.Options{})
	require.NoError(t, err)
	require.Empty(t, results)
}

// A step that the flags leave out is unknown, and the lesson is not done by it.
func TestAStepThatIsNotSelectedIsUnknown(t *testing.T) {
	root, lessons := write(t)
	results, err := progress.Run(t.Context(), root, lessons[:1], progress.Options{Args: []string{"-run=^TestA$"}})
	require.NoError(t, err)
	require.Equal(t, []progress.StepResult{{Name: "TestA", Status: "passed"}, {Name: "FuzzB", Status: "unknown"}}, results[0].Steps)
	require.False(t, results[0].Done)
}

// Run in the solutions' tree, the tests are the lesson's all the same: what does
// not compile is named where it stands.
func TestARunInTheSolutionsTreeNamesTheLessonsTests(t *testing.T) {
	root, lessons := write(t)
	half := lessons[1]
	put(t, filepath.Join(half.Dir, "part1_test.go"), "package half_test\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { x() }\n")
	file, err := must(overlay.TestsInSolution(half)).Write(t.TempDir())
	require.NoError(t, err)
	results, err := progress.Run(t.Context(), root, []catalog.Lesson{half}, progress.Options{Tree: "solutions", Overlay: file})
	require.NoError(t, err)
	require.Equal(t, "lessons/02-half/part1_test.go:5:28: undefined: x", results[0].BuildError)
}

// What a learner declares and the lesson gives is named at the learner's line, by
// whatever name their file comes before given.go, or after it.
func TestWhatIsGivenAlreadyIsNamedAtTheLearnersLine(t *testing.T) {
	root, lessons := write(t)
	broken := lessons[2]
	for _, dir := range []string{broken.Dir, broken.SolutionDir} {
		put(t, filepath.Join(dir, "given.go"), "package broken\n\ntype T int\n\nfunc (T) M() {}\n\nfunc X() {}\n")
	}
	put(t, broken.File(), "package broken\n\nfunc X() {}\n\nfunc (T) M() {}\n")
	put(t, filepath.Join(broken.Dir, "mine.go"), "package broken\n\nfunc Y() {}\n\ntype T int\n")
	put(t, filepath.Join(broken.Dir, "other.go"), "package broken\n\nfunc Y() {}\n")
	results, err := progress.Run(t.Context(), root, []catalog.Lesson{broken}, progress.Options{})
	require.NoError(t, err)
	const mend = " is already in given.go, which belongs to the workbook: delete it here"
	require.ElementsMatch(t, []string{
		"lessons/03-broken/broken.go:3:6: X" + mend,
		"lessons/03-broken/broken.go:5:10: T.M" + mend,
		"lessons/03-broken/mine.go:5:6: T" + mend,
		"lessons/03-broken/other.go:3:6: Y redeclared in this block",
		"\tlessons/03-broken/mine.go:3:6: other declaration of Y",
	}, strings.Split(results[0].BuildError, "\n"))
}

// A learner's file that is gone is named, with the command that brings it back, before
// all that the tests miss.
func TestAFileThatIsGoneIsNamed(t *testing.T) {
	root, lessons := write(t)
	broken := lessons[2]
	put(t, filepath.Join(broken.Dir, "given.go"), "package broken\n\nfunc X() int { return Missing }\n")
	require.NoError(t, os.Remove(broken.File()))
	results, err := progress.Run(t.Context(), root, []catalog.Lesson{broken}, progress.Options{})
	require.NoError(t, err)
	require.Equal(t, "there is no lessons/03-broken/broken.go\nto start the lesson again: go run ./harness reset 3\n"+
		"lessons/03-broken/given.go:3:23: undefined: Missing", results[0].BuildError)
}

// What a run says of a step that is red again is kept.
func TestWhatAStepOftenIsIsKept(t *testing.T) {
	root, lessons := write(t)
	half := lessons[1]
	put(t, filepath.Join(half.Dir, "part1_test.go"), `package half_test

import (
	"fmt"
	"testing"
)

func TestMain(m *testing.M) {
	m.Run()
	fmt.Println("often: the cart is before the horse")
	fmt.Println("lesson 02 half: 0 of 1 steps")
}

func TestA(t *testing.T) { t.Fatal("nothing moves") }
`)
	results, err := progress.Run(t.Context(), root, lessons, progress.Options{})
	require.NoError(t, err)
	require.Equal(t, "the cart is before the horse", results[1].Mistakes)
	require.Empty(t, results[0].Mistakes)
}

// Without a result there is an error, with what the go command said.
func TestARunThatCannotBeIsAnError(t *testing.T) {
	root, lessons := write(t)
	_, err := progress.Run(t.Context(), root, lessons, progress.Options{Args: []string{"-count=many"}})
	require.ErrorContains(t, err, `invalid value "many" for flag -count`)

	put(t, filepath.Join(root, "go.mod"), "module <<<\n")
	_, err = progress.Run(t.Context(), root, lessons, progress.Options{})
	require.ErrorContains(t, err, "malformed module path")

	t.Setenv("PATH", t.TempDir())
	_, err = progress.Run(t.Context(), root, lessons, progress.Options{})
	require.ErrorContains(t, err, "running the tests")
	require.ErrorContains(t, err, `"go"`)
}

// When the context ends, so does all that the run started: the test that hangs
// holds a connection to us, and its end shows that of its process.
func TestTheEndOfTheContextEndsAHangingTest(t *testing.T) {
	root, lessons := write(t)
	hanging := lessons[:1]
	put(t, filepath.Join(hanging[0].Dir, "part1_test.go"), `package done_test

import (
	"net"
	"os"
	"testing"
)

func TestA(t *testing.T) {
	if _, err := net.Dial("tcp", os.Getenv("PROGRESS_TEST")); err == nil {
		select {}
	}
}
`)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	ended := make(chan error, 1)
	go func() { // ends with Run, which ends with ctx
		_, err := progress.Run(ctx, root, hanging, progress.Options{
			Env: []string{"PROGRESS_TEST=" + listener.Addr().String()},
		})
		ended <- err
	}()

	conn, err := listener.Accept()
	require.NoError(t, err)
	defer conn.Close()
	enough := errors.New("enough of it")
	cancel(enough)
	_, err = io.ReadAll(conn)
	require.NoError(t, err, "the test's process has ended")
	require.ErrorIs(t, <-ended, enough)
}

// write puts a workbook of lessons in all states into a new folder.
func write(t *testing.T) (root string, lessons []catalog.Lesson) {
	t.Helper()
	root = t.TempDir()
	const passing = "import \"testing\"\n\nfunc TestA(t *testing.T) {}\n"
	for file, text := range map[string]string{
		"go.mod":                        "module example.com/sseworkbook\n\ngo 1.26\n",
		"lessons/01-done/part1_test.go": "package done_test\n\n" + passing + "\nfunc FuzzB(f *testing.F) { f.Add(1); f.Fuzz(func(t *testing.T, n int) {}) }\n",
		"lessons/02-half/part1_test.go": half,
		"lessons/03-broken/broken.go":   "package broken\n\nfunc X() { return x }\nfunc Y() { return y }\n",

		"lessons/03-broken/part1_test.go": "package broken_test\n\nimport _ \"example.com/sseworkbook/lessons/03-broken\"\n" + passing,
		"lessons/04-leaky/part1_test.go":  "package leaky_test\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\n" + passing + leak,
		"lessons/05-own/part1_test.go":    "package own_test\n\n" + passing,
		"lessons/05-own/mine_test.go":     "package own_test\n\nimport \"testing\"\n\nfunc TestMine(t *testing.T) { t.Error(\"not yet\") }\n",
		"lessons/06-empty/empty.go":       "package empty\n",
	} {
		put(t, filepath.Join(root, file), text)
	}
	for name, topic := range map[string]string{
		"01-done": "done", "02-half": "half", "03-broken": "broken", "04-leaky": "leaky", "05-own": "own", "06-empty": "empty",
	} {
		put(t, filepath.Join(root, "solutions", name, topic+".go"), "package "+topic+"\n")
	}
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	return root, lessons
}

// half has a step that fails as lessons' steps do, and one that waits.
const half = `package half_test

import "testing"

func TestA(t *testing.T) { t.Log("a word on the way") }
func TestB(t *testing.T) { t.Error("a line break ends the field\ngot  a\nwant a b\n      ^")
	t.Run("sub", func(t *testing.T) { t.Fatal("in a sub-test") })
}
func TestC(t *testing.T) { t.Skip("waits for TestB") }
`

// leak fails after the last step, outside any.
const leak = `
func TestMain(m *testing.M) {
	m.Run()
	fmt.Println("a goroutine is left")
	os.Exit(1)
}
`

// put writes a file, and the folders that it needs.
func put(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

// must is for what cannot fail here.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
