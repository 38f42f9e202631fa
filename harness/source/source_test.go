package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/source"
)

// Lines of others are not the learner's, whatever they are called.
func TestOnlyTheLearnersOwnLinesAreFound(t *testing.T) {
	lesson := catalog.Lesson{Number: 1, Name: "01-greeting", Topic: "greeting", Dir: filepath.Join(t.TempDir(), "lessons", "01-greeting")}
	require.NoError(t, os.MkdirAll(lesson.Dir, 0o755))
	require.NoError(t, os.WriteFile(lesson.File(), []byte("package greeting\r\n\r\nfunc Hello() {}\r\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(lesson.Dir, "second.go"), []byte("package greeting\n"), 0o644))
	for _, message := range []string{
		"part1_test.go:5: wrong", "other.go:1", "greeting.go:99", "harness/pair/greeting.go:2",
		"solutions/01-greeting/greeting.go:2", "/usr/lib/go/src/greeting.go:3", "greeting.go", "",
	} {
		_, ok := source.Find(lesson, message)
		require.False(t, ok, message)
	}
	for _, message := range []string{
		"at greeting.go:3, waiting", filepath.FromSlash("lessons/01-greeting/greeting.go") + ":3:1: no", "part1_test.go:5: at greeting.go:3",
	} {
		e, ok := source.Find(lesson, message)
		require.True(t, ok, message)
		require.Equal(t, 3, e.Line)
		require.Equal(t, "func Hello() {}", e.Lines[e.Line-1])
	}
	e, ok := source.Find(lesson, "lessons/01-greeting/second.go:1:9: no")
	require.True(t, ok)
	require.Equal(t, source.Excerpt{File: filepath.Join(lesson.Dir, "second.go"), Lines: []string{"package greeting"}, Line: 1, Column: 9}, e)

	first, last := source.Excerpt{Lines: make([]string, 9), Line: 2}.Around(2)
	require.Equal(t, []int{1, 4}, []int{first, last})
	first, last = source.Excerpt{Lines: make([]string, 9), Line: 8}.Around(2)
	require.Equal(t, []int{6, 9}, []int{first, last})
}

// The editor is what the environment names, or the one in whose terminal this is.
func TestTheEditorOpensTheFileAtTheLine(t *testing.T) {
	for env, want := range map[string]struct{ command, link string }{
		"EDITOR=nano":                          {"nano +7 /a b/c.go", ""},
		"VISUAL=vim -u x":                      {"vim -u x +7 /a b/c.go", ""},
		"VISUAL=/usr/bin/code --wait":          {"/usr/bin/code --wait --goto /a b/c.go:7", "vscode://file/a%20b/c.go:7"},
		"EDITOR=cursor":                        {"cursor --goto /a b/c.go:7", "cursor://file/a%20b/c.go:7"},
		"TERM_PROGRAM=vscode":                  {"code --goto /a b/c.go:7", "vscode://file/a%20b/c.go:7"},
		"TERM_PROGRAM=zed":                     {"zed /a b/c.go:7", "zed://file/a%20b/c.go:7"},
		"TERMINAL_EMULATOR=JetBrains-JediTerm": {"goland --line 7 /a b/c.go", "goland://open?file=%2Fa%20b%2Fc.go&line=7"},
		"EDITOR=mine":                          {"mine /a b/c.go", ""},
		"SHELL=sh":                             {"", ""},
	} {
		name, value, _ := strings.Cut(env, "=")
		command := source.Editor(func(asked string) string {
			if asked == name {
				return value
			}
			return ""
		})
		if len(command) == 0 {
			require.Empty(t, want.command, env)
			continue
		}
		require.Equal(t, want.link, source.Link(command[0], "/a b/c.go", 7), env)
		command = append(command, source.At(command[0], "/a b/c.go", 7)...)
		require.Equal(t, want.command, strings.Join(command, " "), env)
	}
	require.Equal(t, "vscode://file/C:/a.go:7", source.Link("code", "C:/a.go", 7))
}
