package stub

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
)

const (
	solutionFile  = "solutions/01-topic/topic.go"
	stubFile      = "lessons/01-topic/topic.go"
	solutionGiven = "solutions/01-topic/given.go"
	givenFile     = "lessons/01-topic/given.go"
)

// solution is a version of the solution: what it says to do becomes part of the stub.
func solution(version string) string {
	return "package topic\n\n//lesson:todo " + version + "\nfunc F() int { return 1 }\n"
}

// stubOf is the stub of a version of the solution.
func stubOf(version string) string {
	return "package topic\n\nfunc F() int {\n\t// TODO: " + version + "\n\treturn 0\n}\n"
}

// A house is a workbook of one lesson in a folder of its own.
type house struct {
	*testing.T
	root string
}

// newHouse has the first version of the solution, and no stub.
func newHouse(t *testing.T) house {
	h := house{t, t.TempDir()}
	h.write("harness/stub/keep", "")
	h.write(solutionFile, solution("one"))
	return h
}

func (h house) write(file, text string) {
	h.Helper()
	path := filepath.Join(h.root, file)
	require.NoError(h, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(h, os.WriteFile(path, []byte(text), 0o644))
}

// lesson is the lesson whose folder is called NN-topic.
func (h house) lesson(name string) catalog.Lesson {
	return catalog.Lesson{
		Name: name, Topic: name[3:],
		Dir: filepath.Join(h.root, "lessons", name), SolutionDir: filepath.Join(h.root, "solutions", name),
	}
}

// lessons are those of the workbook: the one.
func (h house) lessons() []catalog.Lesson { return []catalog.Lesson{h.lesson("01-topic")} }

// read returns what is in a file; one that is not there reads as "none".
func (h house) read(file string) string {
	h.Helper()
	text, err := os.ReadFile(filepath.Join(h.root, file))
	if os.IsNotExist(err) {
		return "none"
	}
	require.NoError(h, err)
	return string(text)
}

// generate returns what Generate logged.
func (h house) generate() string {
	h.Helper()
	var log strings.Builder
	require.NoError(h, Generate(h.root, h.lessons(), &log))
	return log.String()
}

func TestAStubIsWrittenWhereNothingIs(t *testing.T) {
	h := newHouse(t)
	require.Equal(t, stubFile+": written\n", h.generate())
	require.Equal(t, stubOf("one"), h.read(stubFile))
	require.Empty(t, h.generate(), "nothing has changed, and there is something to say about it")
	require.Equal(t, 1, strings.Count(h.read(LedgerFile), "\n"), "one stub is to be written down once")
}

func TestAStubOfOursFollowsItsSolution(t *testing.T) {
	h := newHouse(t)
	h.generate()
	h.write(solutionFile, solution("two"))
	require.Equal(t, stubFile+": written\n", h.generate())
	require.Equal(t, stubOf("two"), h.read(stubFile))
}

// Somebody comes back after a year: their stub is none that we derive now, but it is none of their work either.
func TestAStubOfLongAgoIsOurs(t *testing.T) {
	h := newHouse(t)
	for _, version := range []string{"one", "two", "three"} {
		h.write(solutionFile, solution(version))
		h.generate()
	}
	h.write(stubFile, strings.ReplaceAll(stubOf("one"), "\n", "\r\n")) // as git on Windows checks it out
	require.Equal(t, stubFile+": written\n", h.generate())
	require.Equal(t, stubOf("three"), h.read(stubFile))
}

// One byte is enough: a space, a line of one's own, or everything gone.
func TestWhatALearnerHasWrittenIsLeft(t *testing.T) {
	for name, work := range map[string]string{
		"a space": stubOf("one") + " ", "an answer": "package topic\n\nfunc F() int { return 1 }\n", "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.generate()
			h.write(stubFile, work)
			for _, version := range []string{"one", "two"} {
				h.write(solutionFile, solution(version))
				require.Equal(t, stubFile+": left as it is, it has your work in it\n", h.generate())
				require.Equal(t, work, h.read(stubFile))
				require.Empty(t, Check(h.root, h.lessons()), "a learner's work is no drift")
			}
		})
	}
}

// Who has moved the lesson's code into files of their own does not want the stub beside them: it would declare
// everything twice.
func TestALessonThatWasSplitGetsNoStubBesideIt(t *testing.T) {
	h := newHouse(t)
	h.generate()
	h.write("lessons/01-topic/part1_test.go", "package topic\n")
	h.write("lessons/01-topic/mine.go", "package topic\n")
	require.NoError(t, os.Remove(filepath.Join(h.root, stubFile)))

	require.Equal(t, stubFile+": left away, since the folder has mine.go\n", h.generate())
	require.Equal(t, "none", h.read(stubFile))

	require.NoError(t, os.Remove(filepath.Join(h.root, "lessons/01-topic/mine.go")))
	require.Equal(t, stubFile+": written\n", h.generate(), "the lesson's own test is no reason to leave it away")
}

func TestOneBrokenSolutionDoesNotHoldUpTheOthers(t *testing.T) {
	h := newHouse(t)
	h.write("solutions/00-broken/broken.go", "package broken\n\nfunc F() {}\n")
	lessons := append([]catalog.Lesson{h.lesson("00-broken"), h.lesson("02-missing")}, h.lessons()...)

	var log strings.Builder
	err := Generate(h.root, lessons, &log)
	require.ErrorContains(t, err, "solutions/00-broken/broken.go:3: F is exported")
	require.ErrorContains(t, err, "reading the solution of 02-missing")
	require.Equal(t, "none", h.read("lessons/00-broken/broken.go"))
	require.Equal(t, stubOf("one"), h.read(stubFile))
}

func TestCheckNamesAStubThatIsBehindItsSolution(t *testing.T) {
	h := newHouse(t)
	h.generate()
	require.Empty(t, Check(h.root, h.lessons()))

	h.write(solutionFile, solution("two"))
	errs := Check(h.root, h.lessons())
	require.Len(t, errs, 1)
	require.ErrorContains(t, errs[0], "its stub is not in harness/stub/derived.sum: run go generate")

	h.generate()
	h.write(stubFile, stubOf("one"))
	errs = Check(h.root, h.lessons())
	require.Len(t, errs, 1)
	require.ErrorContains(t, errs[0], "lessons/01-topic/topic.go is an earlier stub of solutions/01-topic/topic.go: run go generate")

	require.NoError(t, os.Remove(filepath.Join(h.root, stubFile)))
	require.Empty(t, Check(h.root, h.lessons()), "a learner may take the file away")
}

// A ledger that cannot be read must not turn everybody's stubs into "your work", nor the other way round.
func TestALedgerThatIsDamagedIsAnError(t *testing.T) {
	h := newHouse(t)
	h.generate()
	h.write(LedgerFile, h.read(LedgerFile)+"<<<<<<< mine\n")
	require.ErrorContains(t, Generate(h.root, h.lessons(), &strings.Builder{}), "harness/stub/derived.sum:2:")
	require.Len(t, Check(h.root, h.lessons()), 1)
	_, err := Reset(h.root, h.lesson("01-topic"))
	require.ErrorContains(t, err, "harness/stub/derived.sum:2:")
}
