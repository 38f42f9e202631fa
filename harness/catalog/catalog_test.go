package catalog_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
)

func TestTheRootIsFoundFromAnyFolderInIt(t *testing.T) {
	root := write(t, nil)
	for _, dir := range []string{".", "lessons/02-shouting", "harness"} {
		got, err := catalog.Root(filepath.Join(root, dir))
		require.NoError(t, err)
		require.Equal(t, root, got)
	}
}

func TestAnotherModuleIsNotTheRoot(t *testing.T) {
	root := write(t, map[string]string{"lessons/go.mod": "// mine\nmodule example.com/sseworkbook/fork\n"})
	got, err := catalog.Root(filepath.Join(root, "lessons"))
	require.NoError(t, err)
	require.Equal(t, root, got)

	_, err = catalog.Root(t.TempDir())
	require.ErrorIs(t, err, catalog.ErrNoWorkbook)
	require.ErrorContains(t, err, "change to the workbook's folder")
}

func TestLessonsAreReadOffTheFolders(t *testing.T) {
	root := write(t, nil)
	lessons := find(t, root)
	require.Len(t, lessons, 2)
	second := lessons[1]
	require.Equal(t, catalog.Lesson{
		Number:      2,
		Name:        "02-shouting",
		Topic:       "shouting",
		Title:       "Shouting: say it loud",
		Dir:         filepath.Join(root, "lessons/02-shouting"),
		SolutionDir: filepath.Join(root, "solutions/02-shouting"),
	}, second)
	require.Equal(t, filepath.Join(root, "lessons/02-shouting/shouting.go"), second.File())
}

// The list is the same whatever a learner has done under lessons/.
func TestLearnersCannotBreakTheList(t *testing.T) {
	root := write(t, map[string]string{
		"lessons/scratch/x.go":         "package main",
		"lessons/07-mine/mine.go":      "package mine",
		"lessons/01-greeting/extra.go": "package gree",
	})
	require.NoError(t, os.RemoveAll(filepath.Join(root, "lessons/02-shouting")))
	lessons := find(t, root)
	require.Len(t, lessons, 2)
	require.Equal(t, "shouting", lessons[1].Title, "without its README a lesson is called by its topic")

	files, err := lessons[0].LearnerFiles()
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(lessons[0].Dir, "extra.go"), lessons[0].File()}, files)
	files, err = lessons[1].LearnerFiles()
	require.NoError(t, err)
	require.Empty(t, files)
}

func TestNoLessonsAtAllIsAnError(t *testing.T) {
	root := write(t, nil)
	require.NoError(t, os.RemoveAll(filepath.Join(root, "solutions/01-greeting")))
	require.NoError(t, os.Remove(filepath.Join(root, "solutions/02-shouting/shouting.go")))
	_, err := catalog.Find(root)
	require.ErrorContains(t, err, "finding the lessons: none in")
}

func TestHintsAreTheFoldedTextsInTheirSection(t *testing.T) {
	hints, err := find(t, write(t, nil))[0].Hints()
	require.NoError(t, err)
	require.Equal(t, []string{"Think of <b>it</b>.", "Do it.", "Do it\ntwice."}, hints)

	_, err = find(t, write(t, map[string]string{"lessons/01-greeting/README.md": "# 01 · Greeting\n"}))[0].Hints()
	require.ErrorIs(t, err, catalog.ErrNoHints)
}

func TestStepsAreTheTestsInTheirOrder(t *testing.T) {
	lesson := find(t, write(t, nil))[0]
	file := filepath.Join(lesson.Dir, "part1_test.go")
	steps, err := lesson.Steps()
	require.NoError(t, err)
	require.Equal(t, []catalog.Step{{
		Name: "TestItNamesTheOneWhoIsGreeted",
		Doc:  "A greeting has a name in it: without one nobody feels greeted.",
		Hint: "do it",
		File: file,
		Line: 17,
	}, {
		Name: "TestNobodyWroteAComment",
		Hint: "do it",
		File: file,
		Line: 19,
	}, {
		Name: "FuzzAnyName",
		Doc:  "Nothing of a name is lost.",
		Hint: "do it",
		Fuzz: true,
		File: file,
		Line: 22,
	}}, steps)
}

// The steps of the parts follow each other; the hints stand in a table of their own,
// and a learner's own tests are no steps.
func TestStepsStandInAFileForEachPart(t *testing.T) {
	const head = "package greeting_test\n\nimport \"testing\"\n\n"
	lesson := find(t, write(t, map[string]string{
		"lessons/01-greeting/helpers_test.go": head + "func TestMain(m *testing.M) {}\n\nfunc add() {}\n",
		"lessons/01-greeting/part1_test.go":   head + "// Say it.\nfunc TestB(t *testing.T) {}\n\nfunc FuzzC(f *testing.F) {}\n",
		"lessons/01-greeting/part2_test.go":   head + "func TestA(t *testing.T) {}\n",
		"lessons/01-greeting/mine_test.go":    head + "func TestMine(t *testing.T) {}\n",
		"lessons/01-greeting/hints_test.go": "package greeting_test\n\nvar _ = step.Hints{\n" +
			"\t\"TestB\": \"one\" +\n\t\t(\" two  \" + `three\n`),\n\t\"TestA\": \"four\",\n}\n",
	}))[0]
	steps, err := lesson.Steps()
	require.NoError(t, err)
	one, two := filepath.Join(lesson.Dir, "part1_test.go"), filepath.Join(lesson.Dir, "part2_test.go")
	require.Equal(t, []catalog.Step{
		{Name: "TestB", Doc: "Say it.", Hint: "one two three", File: one, Line: 6},
		{Name: "FuzzC", Fuzz: true, File: one, Line: 8},
		{Name: "TestA", Hint: "four", File: two, Line: 5},
	}, steps)

	files, err := lesson.TestFiles()
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(lesson.Dir, "helpers_test.go"), filepath.Join(lesson.Dir, "hints_test.go"), one, two}, files)
}

// A table that cannot be read without running it is said where it stands.
func TestHintsAreReadFromTheSource(t *testing.T) {
	for entry, want := range map[string]string{
		`"TestA": hint`:                "hints_test.go:4:2: names and hints are string literals",
		`"TestA": "a" + hint`:          "names and hints are string literals",
		`"TestA": 1`:                   "names and hints are string literals",
		`name: "a"`:                    "names and hints are string literals",
		`"TestA"`:                      "this is not a step's name, a colon and its hint",
		`"TestA": " "`:                 "the hint of TestA is empty",
		`"TestA": "a", "TestA": "b"`:   "hints_test.go:4:16: TestA has a second hint",
		`"TestA": "a", "TestB": "b" x`: "hints_test.go:4:",
	} {
		root := write(t, map[string]string{
			"lessons/01-greeting/hints_test.go": "package greeting_test\n\nvar _ = step.Hints{\n\t" + entry + ",\n}\n",
		})
		_, err := find(t, root)[0].Steps()
		require.ErrorContains(t, err, "reading the steps of lesson 01-greeting")
		require.ErrorContains(t, err, want, entry)
	}
}

// What a lesson gives is the workbook's, and no file of the learner's; where a
// lesson gives nothing, the name is free.
func TestWhatIsGivenIsNotTheLearners(t *testing.T) {
	lessons := find(t, write(t, map[string]string{
		"solutions/01-greeting/given.go": "package greeting\n",
		"lessons/01-greeting/given.go":   "package greeting\n",
		"lessons/02-shouting/given.go":   "package shouting\n",
	}))
	file, ok := lessons[0].Given()
	require.True(t, ok)
	require.Equal(t, filepath.Join(lessons[0].SolutionDir, "given.go"), file)
	files, err := lessons[0].LearnerFiles()
	require.NoError(t, err)
	require.Equal(t, []string{lessons[0].File()}, files)
	files, err = lessons[0].SolutionFiles()
	require.NoError(t, err)
	require.Equal(t, []string{lessons[0].SolutionFile()}, files)

	_, ok = lessons[1].Given()
	require.False(t, ok)
	files, err = lessons[1].LearnerFiles()
	require.NoError(t, err)
	require.Equal(t, []string{lessons[1].GivenFile(), lessons[1].File()}, files)
}

func TestStepsOfABrokenTestFileAreAnError(t *testing.T) {
	root := write(t, map[string]string{"lessons/01-greeting/part1_test.go": "package greeting_test\nfunc {"})
	_, err := find(t, root)[0].Steps()
	require.ErrorContains(t, err, "reading the steps of lesson 01-greeting")
	require.ErrorContains(t, err, "part1_test.go:2:6")
}

func TestALessonIsLookedUpAsPeopleNameIt(t *testing.T) {
	lessons := find(t, write(t, nil))
	for _, word := range []string{"2", "02", "02-shouting", "shouting", "lessons/02-shouting/", "./lessons/02-shouting/..."} {
		lesson, err := catalog.Lookup(lessons, word)
		require.NoError(t, err)
		require.Equal(t, "02-shouting", lesson.Name)
	}
}

func TestALessonThatIsNotWrittenYetIsNamed(t *testing.T) {
	lessons := find(t, write(t, map[string]string{"README.md": "| [02 Shouting](x) | now |\n\n| lesson | later |\n| --- | --- |\n| 08 Whispering | hush |\n"}))
	for _, word := range []string{"8", "08", "whispering", "08-whispering"} {
		_, err := catalog.Lookup(lessons, word)
		require.ErrorContains(t, err, "08 Whispering is not written yet; the last one is 02-shouting")
	}
	_, err := catalog.Lookup(lessons, "9")
	require.ErrorContains(t, err, "there are 01-greeting to 02-shouting")
}

func TestALessonThatIsNoneIsAnsweredWithTheClosest(t *testing.T) {
	lessons := find(t, write(t, nil))
	for word, answer := range map[string]string{
		"shoting":     `no such lesson: "shoting"; did you mean 02-shouting?`,
		"Greeting":    `no such lesson: "Greeting"; did you mean 01-greeting?`,
		"02-greeting": `no such lesson: "02-greeting"; did you mean 01-greeting?`,
		"shout":       `no such lesson: "shout"; did you mean 02-shouting?`,
		"9":           `no such lesson: "9"; there are 01-greeting to 02-shouting`,
		"cleanup":     `no such lesson: "cleanup"; there are 01-greeting to 02-shouting`,
		"":            `no such lesson: ""; there are 01-greeting to 02-shouting`,
	} {
		_, err := catalog.Lookup(lessons, word)
		require.ErrorIs(t, err, catalog.ErrNoLesson)
		require.EqualError(t, err, answer)
	}
}
