package stub

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var evening = time.Date(2026, 11, 24, 15, 30, 0, 0, time.Local)

// However often somebody starts anew, also twice within a moment: all that they wrote is still there.
func TestResetKeepsWhatWasWritten(t *testing.T) {
	h := newHouse(t)
	h.generate()
	for i, name := range []string{"topic.go.orig-20261124-1530", "topic.go.orig-20261124-1530-2", "topic.go.orig-20261124-1530-3"} {
		h.write(stubFile, "my try "+string(rune('1'+i)))
		kept, err := reset(h.root, h.lesson("01-topic"), evening)
		require.NoError(t, err)
		require.Equal(t, []string{"lessons/01-topic/" + name}, kept)
		require.Equal(t, stubOf("one"), h.read(stubFile))
	}
	require.Equal(t, "my try 1", h.read("lessons/01-topic/topic.go.orig-20261124-1530"))
	require.Equal(t, "my try 2", h.read("lessons/01-topic/topic.go.orig-20261124-1530-2"))
	require.Equal(t, "my try 3", h.read("lessons/01-topic/topic.go.orig-20261124-1530-3"))
}

// A stub has nothing that is worth a copy, and neither has a file that is gone.
func TestResetKeepsNothingWhereNothingWasWritten(t *testing.T) {
	h := newHouse(t)
	for range 2 {
		written, err := ModifiedFiles(h.root, h.lesson("01-topic"))
		require.NoError(t, err)
		require.Empty(t, written)
		kept, err := Reset(h.root, h.lesson("01-topic"))
		require.NoError(t, err)
		require.Empty(t, kept)
		require.Equal(t, stubOf("one"), h.read(stubFile))
	}
	h.write(solutionFile, solution("two"))
	kept, err := Reset(h.root, h.lesson("01-topic"))
	require.NoError(t, err)
	require.Empty(t, kept, "the stub of the earlier solution was ours")
	require.Equal(t, stubOf("two"), h.read(stubFile))
}

// A file of the learner's own that stayed would declare a second time what the stub declares.
func TestResetTakesTheLearnersOtherFilesOutOfTheWay(t *testing.T) {
	h := newHouse(t)
	h.write("lessons/01-topic/part1_test.go", "the workbook's")
	h.write("lessons/01-topic/README.md", "the workbook's")
	h.write("lessons/01-topic/mine.go", "mine")
	h.write("lessons/01-topic/mine_test.go", "mine too")
	h.write("lessons/01-topic/.#mine.go", "an editor's")
	h.write(stubFile, "answer")

	written, err := ModifiedFiles(h.root, h.lesson("01-topic"))
	require.NoError(t, err)
	require.Equal(t, []string{stubFile, "lessons/01-topic/mine.go", "lessons/01-topic/mine_test.go"}, written)

	kept, err := reset(h.root, h.lesson("01-topic"), evening)
	require.NoError(t, err)
	require.Equal(t, []string{
		"lessons/01-topic/topic.go.orig-20261124-1530",
		"lessons/01-topic/mine.go.orig-20261124-1530",
		"lessons/01-topic/mine_test.go.orig-20261124-1530",
	}, kept)
	require.Equal(t, "mine", h.read(kept[1]))
	require.Equal(t, "mine too", h.read(kept[2]))
	require.Equal(t, "none", h.read("lessons/01-topic/mine.go"))
	require.Equal(t, "none", h.read("lessons/01-topic/mine_test.go"))
	require.Equal(t, "the workbook's", h.read("lessons/01-topic/part1_test.go"))
	require.Equal(t, "the workbook's", h.read("lessons/01-topic/README.md"))
	require.Equal(t, "an editor's", h.read("lessons/01-topic/.#mine.go"))
}

// Where no copy can be made, nothing is overwritten.
func TestResetOverwritesNothingThatItCouldNotKeep(t *testing.T) {
	h := newHouse(t)
	h.generate()
	h.write(stubFile, "answer")
	require.NoError(t, os.Symlink(".", filepath.Join(h.root, "lessons/01-topic/mine.go"))) // cannot be read, nor copied

	_, err := Reset(h.root, h.lesson("01-topic"))
	require.ErrorContains(t, err, "keeping your work")
	require.Equal(t, "answer", h.read(stubFile))
}

// With a solution that gives no stub there is nothing to start from: the work stays where it is.
func TestResetWithABrokenSolutionTouchesNothing(t *testing.T) {
	h := newHouse(t)
	h.write(solutionFile, "package topic\n\nfunc F() {}\n")
	h.write(stubFile, "answer")
	_, err := Reset(h.root, h.lesson("01-topic"))
	require.ErrorContains(t, err, "F is exported")
	require.Equal(t, "answer", h.read(stubFile))
	files, err := os.ReadDir(filepath.Join(h.root, "lessons/01-topic"))
	require.NoError(t, err)
	require.Len(t, files, 1)
}
