package structure_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/verify/structure"
)

// The workbook itself is sound. A learner's need not be, so this is for .ci/run.
func TestTheWorkbookIsSound(t *testing.T) {
	if os.Getenv("CI") == "" {
		t.Skip("this is the authors' check; CI=true asks for it")
	}
	root, err := catalog.Root(".")
	require.NoError(t, err)
	require.Empty(t, check(t, root))
}

func TestASoundWorkbookPasses(t *testing.T) {
	require.Empty(t, check(t, write(t, map[string]string{"lessons/scratch/x.go": "package main"})))
}

// check returns what is wrong with the workbook in root.
func check(t *testing.T, root string) string {
	t.Helper()
	problems := structure.Workbook(root)
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	for _, lesson := range lessons {
		problems = slices.Concat(problems, structure.Readme(lesson), structure.Tests(lesson))
	}
	return strings.Join(problems, "\n")
}

// Each thing that authors get wrong is said in words, with the folder's name.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		changes map[string]string
		want    string
	}{
		"a gap": {
			map[string]string{"solutions/04-late/late.go": "package late"},
			"solutions/04-late: lessons are numbered from 01 without a gap; this should be 03-late",
		},
		"a number twice": {
			map[string]string{"solutions/02-again/again.go": "package again"},
			"solutions/02-shouting: lessons are numbered from 01 without a gap; this should be 03-shouting",
		},
		"a lesson without its solution": {
			map[string]string{"lessons/03-new/new.go": "package new"},
			"lessons/03-new: there is no solutions/03-new/new.go",
		},
		"a solution without its lesson": {
			map[string]string{"solutions/03-new/new.go": "package new"},
			"solutions/03-new: there is no lessons/03-new",
		},
		"a solution in a file of another name": {
			map[string]string{"solutions/03-new/code.go": "package new"},
			"solutions/03-new: there is no solutions/03-new/new.go",
		},
		"a folder of another name": {
			map[string]string{"solutions/3-New/new.go": "package new"},
			`solutions/3-New: a lesson's folder is named like "05-correlation"`,
		},
		"a title without the number": {
			map[string]string{"lessons/01-greeting/README.md": readme("Greeting")},
			`the first line is "# Greeting"; it should be "# 01 · Title: what it is about"`,
		},
		"no section": {
			map[string]string{"lessons/01-greeting/README.md": strings.Replace(readme("01 · Hi: hi"), "## Run it\n", "", 1)},
			"its sections are The problem, On the wire, Your task, Hints, ",
		},
		"no README": {map[string]string{"lessons/01-greeting/README.md": ""}, "01-greeting/README.md"},
		"no hints":  {map[string]string{"lessons/01-greeting/README.md": "# 01 · Hi\n"}, "no folded hints"},
		"no experiment": {
			map[string]string{"lessons/01-greeting/README.md": strings.Replace(readme("01 · Hi: hi"), "**An experiment.**", "An experiment.", 1)},
			`there is no paragraph "**An experiment.** …" under "## When it is green"`,
		},
		"one sentence about what one can do": {
			map[string]string{"lessons/01-greeting/README.md": strings.Replace(readme("01 · Hi: hi"), "anybody. ", "anybody, and ", 1)},
			`there is no paragraph "You can now …" of two sentences under "## When it is green"`,
		},
		"nobody has got it wrong": {
			map[string]string{"lessons/01-greeting/README.md": strings.Replace(readme("01 · Hi: hi"), "## What people", "## What we", 1)},
			`no mistake under "## What people get wrong" says who shipped it, such as owner/name#12`,
		},
		"no race detector": {
			map[string]string{"lessons/02-shouting/README.md": readme("02 · Shouting: say it loud")},
			"it names go test -race ./lessons/02-shouting 0 times; it should say once that a lesson is done when this passes too",
		},
		"no tests": {map[string]string{"lessons/01-greeting/part1_test.go": ""}, "lessons/01-greeting: there is no step in its tests"},
		"no steps": {map[string]string{"lessons/01-greeting/part1_test.go": "package greeting_test"}, "lessons/01-greeting: there is no step in its tests"},
		"given to another package": {
			map[string]string{"solutions/01-greeting/given.go": "package greet", "lessons/01-greeting/given.go": "package greet"},
			"given.go: the package is greet; it should be greeting",
		},
		"a part left out": {
			map[string]string{"lessons/01-greeting/part3_test.go": "package greeting_test\n"},
			"part3_test.go: the parts are numbered from 1 without a gap; this should be part2_test.go",
		},
		"a step outside the parts": {
			map[string]string{"lessons/01-greeting/helpers_test.go": "package greeting_test\n\nfunc TestX(t *testing.T) {}\n"},
			"helpers_test.go:3: the step TestX stands outside the parts",
		},
		"a file that is too long": {
			map[string]string{"lessons/01-greeting/helpers_test.go": "package greeting_test\n" + strings.Repeat("\n", 399)},
			"helpers_test.go: it has 400 lines; it should have fewer than 400",
		},
		"no hint": {
			map[string]string{"lessons/02-shouting/hints_test.go": table("shouting")},
			"hints_test.go: there is no hint for TestItIsLoud",
		},
		"a hint for no step": {
			map[string]string{"lessons/02-shouting/hints_test.go": table("shouting", "TestItIsLoud", "TestItWasLoud")},
			"hints_test.go: there is no step TestItWasLoud",
		},
		"a hint that is read unasked": {
			map[string]string{"lessons/02-shouting/part1_test.go": "package shouting_test\n\n// Hear.\n// Hint: shout.\nfunc TestItIsLoud(t *testing.T) {}\n"},
			"part1_test.go:5: the comment above TestItIsLoud gives its hint away",
		},
		"inner tests":   {map[string]string{"lessons/02-shouting/part1_test.go": "package shouting\nimport \"testing\"\nfunc TestX(t *testing.T) {}"}, "the package is shouting; it should be shouting_test"},
		"wrong package": {map[string]string{"solutions/01-greeting/greeting.go": "package greet"}, "the package is greet; it should be greeting"},
		"not Go at all": {map[string]string{"solutions/01-greeting/greeting.go": "hello"}, "greeting.go:1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, check(t, write(t, test.changes)), test.want)
		})
	}
}
