package catalog_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
)

// small is a workbook of two lessons.
var small = map[string]string{
	"go.mod":                            "module example.com/sseworkbook\n\ngo 1.26\n",
	"solutions/01-greeting/greeting.go": "package greeting\n",
	"solutions/02-shouting/shouting.go": "package shouting\n\nimport _ \"example.com/sseworkbook/solutions/01-greeting\"\n",
	"lessons/01-greeting/README.md":     readme("01 · Greeting: say it"),
	"lessons/01-greeting/greeting.go":   "package greeting\n",
	"lessons/01-greeting/part1_test.go": greetingTest,
	"lessons/01-greeting/hints_test.go": table("greeting", "TestItNamesTheOneWhoIsGreeted", "TestNobodyWroteAComment", "FuzzAnyName"),
	"lessons/02-shouting/README.md":     readme("02 · Shouting: say it loud"),
	"lessons/02-shouting/shouting.go":   "package shouting\n",
	"lessons/02-shouting/hints_test.go": table("shouting", "TestItIsLoud"),
	"lessons/02-shouting/part1_test.go": "package shouting_test\n\nimport \"testing\"\n\nfunc TestItIsLoud(t *testing.T) {}\n",
}

// greetingTest has steps, and functions that look like some.
const greetingTest = `package greeting_test

import (
	"fmt"
	"testing"

	_ "example.com/sseworkbook/harness/step"
	_ "example.com/sseworkbook/lessons/01-greeting"
	_ "example.com/sseworkbook/solutions/02-shouting"
	_ "github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { m.Run() }

// A greeting has a name in it: without one
// nobody feels greeted.
func TestItNamesTheOneWhoIsGreeted(t *testing.T) {}

func TestNobodyWroteAComment(t *testing.T) {}

// Nothing of a name is lost.
func FuzzAnyName(f *testing.F) {}

func Testing(t *testing.T)       {}
func TestHelper(t testing.TB)    {}
func TestTwo(t *testing.T, n int) {}
func (g group) TestMethod(t *testing.T) {}

type group struct{}
`

// table returns a lesson's file of hints for these steps.
func table(topic string, steps ...string) string {
	text := "package " + topic + "_test\n\nvar _ = step.Hints{\n"
	for _, step := range steps {
		text += fmt.Sprintf("\t%q: \"do \" + `it`,\n", step)
	}
	return text + "}\n"
}

// readme returns a lesson's text with this title and three hints, a folded block
// that is none, and what it says to who is done.
func readme(title string) string {
	return "# " + title + `

## Hints

<details><summary>A nudge</summary>

Think of <b>it</b>.

</details>
<details>
<summary>A push</summary>
Do it.
</details>
<details><summary>Nearly there</summary>

Do it
twice.

</details>
` + done + `
## Go deeper

<details><summary>More</summary>

Not a hint.

</details>
`
}

// done is what a lesson's text says to who is done.
const done = `
## When it is green

    go run ./harness diff 01

**An experiment.** Say it backwards, and
see who minds:

    echo olleh

Here we go on.

You can now greet anybody. Nobody
feels left out.

## What people get wrong

- **No name.** The greeting is for
  nobody (one/hello#12, two/hi v1.2.0). (Step 1)
- **A name with spaces,
  cut.** Half a name: three/hey 0a8fe40, and
  text/plain (one/hello#7). (Step 2)
- **Too loud.** It happens.
`

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
	return root
}

// find returns the lessons of the workbook in root.
func find(t *testing.T, root string) []catalog.Lesson {
	t.Helper()
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	return lessons
}
