package overlay_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/checksums"
	"example.com/sseworkbook/harness/toolchain"
)

// small is a workbook of three tiny lessons, with instruments that do nothing,
// so that the go command is done with it in no time.
var small = map[string]string{
	"go.mod":                            "module example.com/sseworkbook\n\ngo 1.26\n",
	"go.sum":                            "",
	"harness/step/step.go":              "package step\n\n// Loud is what lesson 02 is about.\nconst Loud = \"!\"\n",
	"harness/inspect/inspect.go":        "package inspect\n",
	"harness/pair/pair.go":              "package pair\n",
	"solutions/01-greeting/greeting.go": "package greeting\n\nfunc Greet(name string) string { return \"hello, \" + name }\n",
	"solutions/02-shouting/shouting.go": `package shouting

import greeting "example.com/sseworkbook/solutions/01-greeting"

func Shout(name string) string { return greeting.Greet(name) + mark }
`,
	"solutions/02-shouting/mark.go":     "package shouting\n\nconst mark = \"!\"\n",
	"solutions/03-counting/counting.go": "package counting\n\nfunc Next(n int) int { return n + 1 }\n",

	"lessons/01-greeting/greeting.go": "package greeting\n\nfunc Greet(name string) string { return \"\" }\n",
	"lessons/01-greeting/part1_test.go": `package greeting_test

import (
	"testing"

	greeting "example.com/sseworkbook/lessons/01-greeting"
)

func TestAGreetingHasTheName(t *testing.T) {
	if got := greeting.Greet("Ann"); got != "hello, Ann" {
		t.Fatalf("Ann was not greeted\ngot  %q", got)
	}
}

func FuzzAnyNameIsGreeted(f *testing.F) {
	f.Add("Ann")
	f.Fuzz(func(t *testing.T, name string) { greeting.Greet(name) })
}
`,
	"lessons/02-shouting/shouting.go": "package shouting\n\nfunc Shout(name string) string { return \"\" }\n",
	"lessons/02-shouting/part1_test.go": `package shouting_test

import (
	"testing"

	"example.com/sseworkbook/harness/step"
	shouting "example.com/sseworkbook/lessons/02-shouting"
)

func TestItIsLoud(t *testing.T) {
	if got := shouting.Shout("Ann"); got != "hello, Ann"+step.Loud {
		t.Fatalf("nobody heard it\ngot  %q", got)
	}
}
`,
	"lessons/03-counting/counting.go": "package counting\n\nfunc Next(n int) int { return 0 }\n",
	"lessons/03-counting/part1_test.go": `package counting_test

import (
	"testing"

	counting "example.com/sseworkbook/lessons/03-counting"
)

func TestTwoComesAfterOne(t *testing.T) {
	if got := counting.Next(1); got != 2 {
		t.Fatalf("one was followed by %d", got)
	}
}
`,
}

// halfway is what a learner has made of it: lesson 01 done in two files, with
// tests of their own; 02 in parts and with a helper in a name that the solution
// has too; 03 broken, made a module, and with a fuzz corpus that is none.
var halfway = map[string]string{
	"lessons/01-greeting/greeting.go":                             "package greeting\n\nfunc Greet(name string) string { return hello + name }\n",
	"lessons/01-greeting/hello.go":                                "package greeting\n\nconst hello = \"hello, \"\n",
	"lessons/01-greeting/mine_test.go":                            "package greeting\n\nimport \"testing\"\n\nfunc TestMine(t *testing.T) { t.Fatal(hello) }\n",
	"lessons/02-shouting/mark.go":                                 "package shouting\n\nvar mark = 0\n",
	"lessons/03-counting/counting.go":                             "package counting\n\nfunc Next(n int) int { return n +\n",
	"lessons/03-counting/counting.c":                              "int next;\n",
	"lessons/03-counting/main.go":                                 "package main\n",
	"lessons/03-counting/go.mod":                                  "module mine\n",
	"lessons/scratch/try.go":                                      "package main\n\nfunc main() { x }\n",
	"lessons/01-greeting/testdata/fuzz/FuzzAnyNameIsGreeted/d0d0": "no corpus\n",
}

// folder is where the small workbook stands. It is the same one for each test
// in turn, since what the go command has built in it serves for the next.
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

// write puts the small workbook, with these changes, into its folder, which is
// emptied first, as if it had been there for an hour.
func write(t *testing.T, changes ...map[string]string) (root string) {
	t.Helper()
	root = folder
	require.NoError(t, os.RemoveAll(root))
	files := maps.Clone(small)
	for _, change := range changes {
		maps.Copy(files, change)
	}
	for name, text := range files {
		put(t, filepath.Join(root, name), text)
	}
	put(t, filepath.Join(root, "harness/checksums/tests.sum"), "")
	require.NoError(t, checksums.Write(root))
	age(t, root, time.Hour)
	return root
}

// put writes a file, and the folders that it needs.
func put(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

// age makes the file, or everything in the folder, that old: the go command
// keeps no result that hangs on files of the last two seconds.
func age(t *testing.T, path string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	err := filepath.WalkDir(path, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, then, then)
	})
	require.NoError(t, err)
}

// lesson returns the lesson of the workbook in root that is called name.
func lesson(t *testing.T, root, name string) catalog.Lesson {
	t.Helper()
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	found, err := catalog.Lookup(lessons, name)
	require.NoError(t, err)
	return found
}

// golang runs the go command in root and returns what it printed.
func golang(t *testing.T, root string, args ...string) (output string, err error) {
	t.Helper()
	text, err := toolchain.Command(t.Context(), root, args...).CombinedOutput()
	return strings.TrimSpace(string(text)), err
}
