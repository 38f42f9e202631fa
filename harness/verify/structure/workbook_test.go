package structure_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/checksums"
)

// small is a workbook of two lessons in which nothing is wrong.
var small = map[string]string{
	"go.mod":                            "module example.com/sseworkbook\n\ngo 1.26\n",
	"harness/cli/cli.go":                "package cli\n\nimport _ \"example.com/sseworkbook/harness/verify\"\n",
	"harness/verify/verify.go":          "package verify\n",
	"harness/inspect/inspect.go":        "package inspect\n",
	"harness/step/step.go":              "package step\n\nimport _ \"go.uber.org/goleak\"\n\nimport _ \"example.com/sseworkbook/harness/inspect\"\n",
	"harness/pair/pair.go":              "package pair\n\nimport _ \"example.com/sseworkbook/harness/step\"\n",
	"solutions/01-greeting/greeting.go": "package greeting\n",
	"solutions/02-shouting/shouting.go": "package shouting\n\nimport _ \"example.com/sseworkbook/solutions/01-greeting\"\n",
	"lessons/01-greeting/README.md":     readme("01 · Greeting: say it"),
	"lessons/01-greeting/greeting.go":   "package greeting\n",
	"lessons/01-greeting/part1_test.go": greetingTest,
	"lessons/01-greeting/hints_test.go": table("greeting", "TestItNamesTheOneWhoIsGreeted", "FuzzAnyName"),
	"lessons/02-shouting/README.md":     readme("02 · Shouting: say it loud") + "go test -race ./lessons/02-shouting\n",
	"lessons/02-shouting/shouting.go":   "package shouting\n",
	"lessons/02-shouting/hints_test.go": table("shouting", "TestItIsLoud"),
	"lessons/02-shouting/part1_test.go": "package shouting_test\n\nimport \"testing\"\n\n// Hear.\nfunc TestItIsLoud(t *testing.T) {}\n",
}

// greetingTest has steps, and imports what a lesson's test may.
const greetingTest = `package greeting_test

import (
	"testing"

	_ "example.com/sseworkbook/harness/step"
	_ "example.com/sseworkbook/lessons/01-greeting"
	_ "example.com/sseworkbook/solutions/02-shouting"
	_ "github.com/stretchr/testify/require"
)

// A greeting has a name in it.
func TestItNamesTheOneWhoIsGreeted(t *testing.T) {}

// Nothing of a name is lost.
func FuzzAnyName(f *testing.F) {}
`

// table returns a lesson's file of hints for these steps.
func table(topic string, steps ...string) string {
	text := "package " + topic + "_test\n\nvar _ = step.Hints{\n"
	for _, step := range steps {
		text += fmt.Sprintf("\t%q: \"do \" + `it`,\n", step)
	}
	return text + "}\n"
}

// readme returns a lesson's text with this title.
func readme(title string) string {
	return "# " + title + `

## The problem
## On the wire
## Your task
## Run it
## Hints

<details><summary>A nudge</summary>Think of it.</details>
<details><summary>A push</summary>Do it.</details>
<details><summary>Nearly there</summary>Do it twice.</details>

## When it is green

**An experiment.** Say it backwards.

You can now greet anybody. Nobody feels left out.

## What people get wrong

- **No name.** The greeting is for nobody (one/hello#12).

## Go deeper
`
}

// write puts a workbook with these changes to the small one into a new folder;
// "" takes a file away.
func write(t *testing.T, changes map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	files := maps.Clone(small)
	maps.Copy(files, changes)
	for name, text := range files {
		if text == "" {
			continue
		}
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(root, "harness/checksums"), 0o755))
	require.NoError(t, checksums.Write(root))
	return root
}
