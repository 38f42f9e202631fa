package update

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	oldTest = "lessons/01-framing/framing_test.go"
	given   = "lessons/01-framing/given.go"
	gives   = "package framing\n\ntype Event struct{}\n\nfunc (e *Event) Is() {}\n\nfunc field() {}\n"
	whole   = "package framing // my answer\n\ntype Event struct{}\n\nfunc (e Event) Is() {}\n\nfunc answer() {}\n"
)

// newOld returns a workbook in which a lesson is one file of code and one of tests.
func newOld(t *testing.T) copy {
	authors := newAuthors(t)
	authors.remove(test1)
	authors.write(oldTest, "package framing // all tests\n")
	authors.commit("as it was")
	return authors
}

// split parts the lesson of newOld into what is given and what is to be written, and its tests by part.
func (c copy) split() {
	c.remove(oldTest)
	c.write(test1, "package framing // part 1\n")
	c.write("lessons/01-framing/hints_test.go", "package framing // hints\n")
	c.write(given, gives)
	c.write(framing, stub2)
	c.write("harness/stub/derived.sum", ledger("an earlier stub\n", stub1, stub2, gives, "package parsing // stub\n"))
	c.commit("split")
}

// A copy from before a lesson gave anything gets all of it; what the learner's code declares and the lesson gives now is
// named, with what to do about it, committed or not.
func TestACopyFromBeforeALessonGaveAnything(t *testing.T) {
	t.Parallel()
	for name, commits := range map[string]bool{"committed": true, "not committed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			authors := newOld(t)
			mine := authors.clone()
			mine.write(framing, whole)
			mine.write("lessons/01-framing/more.go", "package framing // my other file\n\nfunc field() {}\n")
			mine.write(oldTest, "package framing // my test\n")
			if commits {
				mine.commit("lesson 1")
			}
			authors.split()

			out := mine.update()
			require.Contains(t, out, "given   "+framing+" declares names that are now in "+given+", and Go allows each name only once: "+
				"delete from your file Event, Event.Is; or start over with go run ./harness reset 01-framing, which keeps your version\n"+
				"given   lessons/01-framing/more.go declares names that are now in "+given+", and Go allows each name only once: delete from your file field;")
			require.Contains(t, out, "tests   changed in 01-framing: run them again\n")
			require.Equal(t, whole, mine.read(framing))
			require.Equal(t, gives, mine.read(given))
			require.Equal(t, "package framing // part 1\n", mine.read(test1))
			require.Equal(t, "none", mine.read(oldTest), "it would declare its steps a second time")
			require.Equal(t, "package framing // my test\n", mine.files()[oldTest+".orig"])
		})
	}
}

// Where nothing was written, the folder is the newer one, and there is nothing to be done.
func TestACopyFromBeforeALessonGaveAnythingInWhichNothingWasWritten(t *testing.T) {
	t.Parallel()
	authors := newOld(t)
	mine := authors.clone()
	authors.split()
	out := mine.update()
	require.NotContains(t, out, "given ")
	require.Equal(t, authors.files(), mine.files())
	require.Empty(t, mine.status())
}

// What a lesson gives is the workbook's: an edit is kept beside it, and where it was deleted it comes back, also beside
// the learner's work.
func TestWhatALessonGivesIsTheWorkbooks(t *testing.T) {
	t.Parallel()
	authors := newOld(t)
	authors.split()
	mine, without := authors.clone(), authors.clone()
	mine.write(given, "package framing // my own\n")
	mine.write(framing, answer)
	without.remove(given)
	without.write(framing, answer)
	const newer = gives + "\nfunc more() {}\n"
	authors.write(given, newer)
	authors.commit("gives more")

	out := mine.update()
	require.Contains(t, out, "edited  "+given+" belongs to the workbook")
	require.Contains(t, out, "tests   changed in 01-framing")
	require.Equal(t, newer, mine.read(given))
	require.Equal(t, "package framing // my own\n", mine.files()[given+".orig"])

	require.Contains(t, without.update(), "such as "+given)
	require.Equal(t, newer, without.read(given))
}
