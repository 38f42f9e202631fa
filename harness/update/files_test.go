package update

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A file of the workbook's that somebody has edited, or deleted, is the newer one afterwards; what they wrote is beside it.
func TestAnEditedFileOfTheWorkbookIsKeptBesideTheNewerOne(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	mine.write(test1, "package framing // my test\n")
	mine.write("harness/main.go", "package main // my harness\n")
	mine.write("harness/old/old.go", "package old // my old one\n")
	mine.write("lessons/01-framing/README.md", "my notes in the text\n") // which has not changed since
	mine.remove("lessons/03-parsing/part1_test.go")
	authors.goOn()

	out := mine.update()
	for path, kept := range map[string]string{
		test1:                          "package framing // my test\n",
		"harness/main.go":              "package main // my harness\n",
		"harness/old/old.go":           "package old // my old one\n",
		"lessons/01-framing/README.md": "my notes in the text\n",
	} {
		require.Contains(t, out, "edited  "+path+" belongs to the workbook and is updated; your version is kept as "+path+".orig\n")
		require.Equal(t, kept, mine.files()[path+".orig"])
		require.Equal(t, authors.read(path), mine.read(path))
	}
	require.Contains(t, out, "back    1 of them was missing, such as lessons/03-parsing/part1_test.go\n")
	require.NotContains(t, out, "yours ", "nothing of theirs stays in its place")
	require.Empty(t, mine.status())
}

// Two copies of one minute have two names.
func TestACopyOverwritesNoOther(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	for i, text := range []string{"my first\n", "my second\n"} {
		mine.write(test1, text)
		authors.write("harness/main.go", strings.Repeat("newer\n", i+1))
		authors.commit("more")
		mine.update()
	}
	copies, err := filepath.Glob(filepath.Join(mine.dir, test1+".orig-*"))
	require.NoError(t, err)
	require.Len(t, copies, 2)
}

// A stub of any time is ours, also with the line ends of another system.
func TestAStubOfOursBecomesTheNewerOne(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"as cloned": stub1, "earlier": "an earlier stub\n", "CRLF": strings.ReplaceAll(stub1, "\n", "\r\n")} {
		authors := newAuthors(t)
		mine := authors.clone()
		mine.write(framing, text)
		authors.goOn()
		out := mine.update()
		require.Equal(t, stub2, mine.read(framing), name)
		require.NotContains(t, out, "yours ", name)
		require.Empty(t, mine.status(), name)
	}
}

// Whoever has split the file does not get the stub again, which would declare all a second time; but sees what is new.
func TestASplitFileStaysSplit(t *testing.T) {
	t.Parallel()
	for name, committed := range map[string]bool{"committed": true, "not committed": false} {
		authors := newAuthors(t)
		mine := authors.clone()
		mine.remove(framing)
		mine.write("lessons/01-framing/encode.go", "package framing // my encoder\n")
		mine.write("lessons/01-framing/event.go", "package framing // my event\n")
		if committed {
			mine.commit("split")
		}
		before := mine.status()
		authors.goOn()
		out := mine.update()
		require.Contains(t, out, "+package framing // stub 2\n", name)
		require.Equal(t, "none", mine.read(framing), name)
		require.Equal(t, before, mine.status(), name)
	}
}

// With the line ends of Windows, all is as with those of Unix.
func TestLineEndsOfWindows(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone("-c", "core.autocrlf=true")
	require.Equal(t, "package framing // stub 1\r\n", mine.read(framing), "that is what this test is about")
	mine.write(reads, "package parsing // my answer\r\n")
	mine.write(test1, "package framing // my test\r\n")
	authors.goOn()
	out := mine.update()
	require.Equal(t, 1, strings.Count(out, "edited "))
	require.Equal(t, "package framing // stub 2\r\n", mine.read(framing))
	require.Equal(t, "package parsing // my answer\r\n", mine.read(reads))
	require.Equal(t, " M "+reads, mine.status())

	authors = newAuthors(t) // an editor's line ends, in a copy that has others
	mine = authors.clone()
	mine.write(test1, "package framing // test 1\r\n")
	authors.goOn()
	require.NotContains(t, mine.update(), "edited ")
	require.Empty(t, mine.status())
}

// Both sides have changed go.mod: the newer one is in place, and what only the learner's asks for is named.
func TestWhatTheLearnersGoModAsksForIsNamed(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	mine.write("go.mod", module+"require (\n\texample.com/my v1.2.3\n\texample.com/deep v0.1.0 // indirect\n)\n")
	mine.commit("a module of mine")
	authors.goOn()
	out := mine.update()
	require.Contains(t, out, "edited  go.mod ")
	require.Contains(t, out, "again   go get example.com/my@v1.2.3   (your go.mod required it)\n")
	require.NotContains(t, out, "deep")
	require.NotContains(t, out, "example.com/a@")
	require.Equal(t, authors.read("go.mod"), mine.read("go.mod"))
	require.Empty(t, mine.status())
}

// A lesson that has got another number: the learner's folder stays whole where something is written in it, and one in
// which nothing is goes.
func TestARenamedLessonKeepsTheLearnersFolder(t *testing.T) {
	t.Parallel()
	for name, committed := range map[string]bool{"committed": true, "not committed": false} {
		authors := newAuthors(t)
		mine := authors.clone()
		mine.write(framing, answer)
		mine.write("lessons/03-parsing/.DS_Store", "the system's")
		mine.write(".git/info/exclude", ".DS_Store\n")
		if committed {
			mine.commit("lesson 1")
		}
		authors.git("mv", "lessons/01-framing", "lessons/02-framing")
		authors.git("mv", "lessons/03-parsing", "lessons/04-parsing")
		authors.commit("other numbers")

		out := mine.update()
		require.Contains(t, out, "moved   01-framing is now called 02-framing; your folder lessons/01-framing stays unchanged: ")
		require.Contains(t, out, "moved   03-parsing is now called 04-parsing\n")
		require.Equal(t, answer, mine.read(framing))
		require.Equal(t, "package framing // test 1\n", mine.read(test1))
		require.Equal(t, stub1, mine.read("lessons/02-framing/framing.go"))
		require.Equal(t, "none", mine.read(reads))
		require.Equal(t, "the system's", mine.read("lessons/03-parsing/.DS_Store"))
		if committed {
			require.Empty(t, mine.status(), name)
		} else {
			require.Equal(t, "?? lessons/01-framing/README.md\n?? "+framing+"\n?? "+test1, mine.status(), name)
		}
		require.Contains(t, mine.update(), "nothing to do")
	}
}

// What is in the way of a new file or folder gets another name.
func TestWhatIsInTheWayGoesAside(t *testing.T) {
	t.Parallel()
	for name, committed := range map[string]bool{"committed": true, "not committed": false} {
		authors := newAuthors(t)
		mine := authors.clone()
		mine.write("harness/new", "my file where a folder belongs\n")
		mine.write("web/page.html/text", "my file in a folder where a file belongs\n")
		mine.write("lessons/08-reconnection/reconnection.go", "package reconnection // my guess\n")
		mine.write("lessons/08-reconnection/README.md", "my text\n")
		require.NoError(t, os.Mkdir(filepath.Join(mine.dir, "LICENSE"), 0o755)) // empty
		mine.write("CONTRIBUTING.md/text.orig-20261124-1530", "my copy in a folder where a file belongs\n")
		if committed {
			mine.commit("in the way")
		} else {
			mine.git("add", "harness/new")
		}
		authors.write("web/page.html", "a page\n")
		authors.write("LICENSE", "free\n")
		authors.write("CONTRIBUTING.md", "how to\n")
		authors.goOn()

		mine.update()
		files := mine.files()
		require.Equal(t, "my file where a folder belongs\n", files["harness/new.orig"], name)
		require.Equal(t, "my file in a folder where a file belongs\n", files["web/page.html.orig/text"], name)
		require.Equal(t, "my text\n", files["lessons/08-reconnection/README.md.orig"], name)
		require.Equal(t, "package reconnection // my guess\n", files["lessons/08-reconnection/reconnection.go"], name)
		require.Equal(t, "package new\n", files["harness/new/new.go"], name)
		require.Equal(t, "a page\n", files["web/page.html"], name)
		require.Equal(t, "free\n", files["LICENSE"], name)
		require.Equal(t, "how to\n", files["CONTRIBUTING.md"], name)
		if committed {
			require.Empty(t, mine.status())
		} else {
			require.Equal(t, " M lessons/08-reconnection/reconnection.go", mine.status())
		}
	}
}

// What is staged of the learner's stays staged; what is staged of the workbook's does not get lost.
func TestStagedWorkStaysStaged(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	mine.write(framing, answer)
	mine.write("lessons/01-framing/helper.go", "package framing // my helper\n")
	mine.write(test1, "package framing // my staged test\n")
	mine.git("add", "-A")
	mine.git("rm", "-q", "--cached", reads)
	mine.write(test1, "package framing // my later test\n")
	authors.goOn()

	out := mine.update()
	require.Contains(t, out, "staged  "+test1)
	require.Equal(t, "M  "+framing+"\nA  lessons/01-framing/helper.go\nD  "+reads+"\n?? "+reads, mine.status())
	require.Equal(t, "package framing // my later test\n", mine.files()[test1+".orig"])
	require.Equal(t, "package framing // my staged test\n", mine.files()[test1+".orig-2"])
}

// A file that can be run can be run afterwards.
func TestTheModeOfAFileComesAlong(t *testing.T) {
	t.Parallel()
	authors := newAuthors(t)
	mine := authors.clone()
	authors.write(".ci/run", "#!/bin/sh\n")
	require.NoError(t, os.Chmod(filepath.Join(authors.dir, ".ci/run"), 0o755))
	authors.commit("a script")
	mine.update()
	require.Empty(t, mine.status())
}
