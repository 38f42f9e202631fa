package stub

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a learner has of the time before given.go is named, also in a file that does not parse to its end.
func TestWhatALearnerHasThatIsGivenAlready(t *testing.T) {
	given := []byte("package topic\n\ntype A int\n\nfunc (A) String() string { return \"\" }\n\nvar b, c = 1, 2\n")
	names, err := GivenAlready(given, []byte("package topic\n\nfunc (a *A) String() string { return \"a\" }\n\nfunc c() {}\n\nfunc d() {}\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"A.String", "c"}, names)
	names, err = GivenAlready(given, []byte("package topic\n\ntype A int\n\nfunc d() {\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"A"}, names)
	_, err = GivenAlready([]byte("package"), nil)
	require.ErrorContains(t, err, "reading what is given")
}

// The copy of what is given is the workbook's: it follows the solution's, and where somebody has edited it, generate
// says so, and reset keeps the edit and brings the copy back.
func TestWhatIsGivenIsCopied(t *testing.T) {
	const given = "package topic\n\ntype T int\n"
	h := newHouse(t)
	h.write(solutionGiven, given)
	require.Equal(t, stubFile+": written\n"+givenFile+": written\n", h.generate())
	require.Equal(t, given, h.read(givenFile))

	newer := given + "\ntype U int\n"
	h.write(solutionGiven, newer)
	require.ErrorContains(t, Check(h.root, h.lessons())[0], "solutions/01-topic/given.go has changed")
	require.Equal(t, "lessons/01-topic/given.go: written\n", h.generate(), "an earlier one is ours")
	require.Equal(t, newer, h.read(givenFile))

	h.write(givenFile, given)
	require.ErrorContains(t, Check(h.root, h.lessons())[0], "lessons/01-topic/given.go is an earlier stub of solutions/01-topic/given.go")
	h.write(givenFile, "mine")
	require.Empty(t, Check(h.root, h.lessons()))
	require.Contains(t, h.generate(), "left as it is, it was edited")

	written, err := ModifiedFiles(h.root, h.lesson("01-topic"))
	require.NoError(t, err)
	require.Equal(t, []string{givenFile}, written)
	kept, err := reset(h.root, h.lesson("01-topic"), evening)
	require.NoError(t, err)
	require.Equal(t, []string{givenFile + ".orig-20261124-1530"}, kept)
	require.Equal(t, "mine", h.read(kept[0]))
	require.Equal(t, newer, h.read(givenFile))
}

// Where a learner has deleted it, reset and generate bring it back, whatever else they have there.
func TestWhatIsGivenComesBack(t *testing.T) {
	h := newHouse(t)
	h.write(solutionGiven, "package topic\n")
	h.write("lessons/01-topic/mine.go", "mine")
	require.Equal(t, stubFile+": left away, since the folder has mine.go\n"+givenFile+": written\n", h.generate())
	require.Equal(t, "package topic\n", h.read(givenFile))
}

// What is given is copied as it is, so a directive in it would do nothing.
func TestADirectiveInWhatIsGivenIsAnError(t *testing.T) {
	h := newHouse(t)
	h.write(solutionGiven, "package topic\n\n//lesson:keep\nfunc b() {}\n")
	err := Generate(h.root, h.lessons(), &strings.Builder{})
	require.ErrorContains(t, err, "solutions/01-topic/given.go: a directive does nothing here")
	require.Equal(t, "none", h.read(stubFile))
}
