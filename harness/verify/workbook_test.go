package verify_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/checksums"
	"example.com/sseworkbook/harness/stub"
	"example.com/sseworkbook/harness/verify"
)

// small is a workbook of one lesson in which all is well.
var small = map[string]string{
	"solutions/01-greeting/greeting.go": `// Package greeting greets.
package greeting

// Greet returns a greeting.
//
//lesson:todo say hello to the one who has this name
func Greet(name string) string {
	return "hello, " + name
}

// Count returns how many letters a name has.
//
//lesson:todo count
func Count(name string) int {
	letters := make(chan int)
	go func() {
		letters <- len(name)
	}()
	return <-letters
}
`,
	"lessons/01-greeting/part1_test.go": `package greeting_test

import (
	"testing"

	"example.com/sseworkbook/harness/step"
	greeting "example.com/sseworkbook/lessons/01-greeting"
)

func TestMain(m *testing.M) { step.Main(m) }

// Nobody feels greeted without their name.
func TestAGreetingHasTheName(t *testing.T) {
	defer step.Begin(t)()
	step.Equal(t, "Ann was not greeted by her name", "hello, Ann", greeting.Greet("Ann"))
}

// A name of no letters could not be called.
func TestANameHasLetters(t *testing.T) {
	defer step.Begin(t)()
	step.Equal(t, "somebody cannot count", 3, greeting.Count("Ann"))
}
`,
	"lessons/01-greeting/hints_test.go": `package greeting_test

import "example.com/sseworkbook/harness/step"

var _ = step.Hints{
	"TestAGreetingHasTheName": "put it after the comma.",
	"TestANameHasLetters":     "len.",
}
`,
	"solutions/01-greeting/given.go": `package greeting

// comma parts the words.
const comma = ", "
`,
	"lessons/01-greeting/README.md": `# 01 · Greeting: say it

## The problem
## On the wire
## Your task
## Run it
## Hints

<details><summary>A nudge</summary>one</details>
<details><summary>A push</summary>two</details>
<details><summary>Nearly there</summary>three</details>

## When it is green
## What people get wrong
## Go deeper
`,
	"harness/mistakes/01-greeting/impolite.txtar": `title: the name is left away
symptom: nobody turns round
step: TestAGreetingHasTheName
message: not greeted by her name
` + edit(`	return "hello, " + name`, `	return "hello"`),
	"harness/verify/alternatives/01-greeting/joined.txtar": `title: made by a join
` + edit("package greeting", "package greeting\n\nimport \"strings\"") +
		edit(`	return "hello, " + name`, `	return strings.Join([]string{"hello", name}, comma)`),
}

// edit returns the part of a record that replaces a text.
func edit(old, new string) string {
	return "-- old --\n" + old + "\n-- new --\n" + new + "\n"
}

// folder is where the small workbook stands. It is the same one for each test in
// turn, since what the go command has built in it serves for the next.
var folder string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "workbook-*")
	if err != nil {
		panic(err)
	}
	folder = filepath.Join(dir, "workbook")
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// write puts the small workbook, with these changes, into its folder.
func write(t *testing.T, changes map[string]string) (root string) {
	t.Helper()
	require.NoError(t, os.RemoveAll(folder))
	here, err := catalog.Root(".")
	require.NoError(t, err)
	files := maps.Clone(small)
	for _, pattern := range []string{"go.mod", "go.sum", "harness/step/*.go", "harness/step/*.txt", "harness/inspect/*.go"} {
		matches, err := fs.Glob(os.DirFS(here), pattern)
		require.NoError(t, err)
		for _, name := range matches {
			if text, err := os.ReadFile(filepath.Join(here, name)); err == nil && !strings.HasSuffix(name, "_test.go") {
				files[name] = string(text)
			}
		}
	}
	maps.Copy(files, changes)
	for name, text := range files {
		put(t, name, text)
	}
	for _, name := range []string{"harness/checksums/tests.sum", "harness/stub/derived.sum"} {
		put(t, name, "")
	}
	require.NoError(t, checksums.Write(folder))
	generate(t)
	return folder
}

// put writes a file of the workbook.
func put(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(folder, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

// generate derives the stub.
func generate(t *testing.T) {
	t.Helper()
	lessons, err := catalog.Find(folder)
	require.NoError(t, err)
	require.NoError(t, stub.Generate(folder, lessons, &bytes.Buffer{}))
}

// run verifies the workbook and returns what is wrong, by file, and what was
// printed.
func run(t *testing.T, root string, o verify.Options) (wrong map[string][]string, output string) {
	t.Helper()
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	var log bytes.Buffer
	o.Log = &log
	report, err := verify.Run(t.Context(), root, lessons, o)
	require.NoError(t, err)
	report.Print(&log)
	wrong = map[string][]string{}
	for _, w := range report.Wrong {
		wrong[w.File] = append(wrong[w.File], w.Text)
	}
	require.Equal(t, len(wrong) == 0, report.OK())
	return wrong, log.String()
}
