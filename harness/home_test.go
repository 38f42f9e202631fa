package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
	"example.com/sseworkbook/harness/toolchain"
)

// TestTheHomePageFollowsALearner does a lesson in a fresh copy of the workbook, from
// the stub on, beside a browser in which its page is open.
func TestTheHomePageFollowsALearner(t *testing.T) {
	b := browser.Start(t)
	r := reader{dir: filepath.Join(t.TempDir(), "workbook"), env: append(toolchain.Environ(), sharedBuilds())}
	require.NoError(t, freshWorkbook(r.dir))
	server, err := startProgram(r.shell("go run ./harness serve -addr localhost:0"), "listening on")
	require.NoError(t, err)
	defer server.kill()

	tab := b.Open(t, server.url()+"/lessons/01-framing", 1280)
	verdict := func(want string) string {
		return `document.querySelector('#verdict').textContent.startsWith('` + want + `')`
	}
	tab.Until("the stub's first step is red", verdict("Step 1 of"))
	browser.Value[bool](tab, `window.sameDocument = true`)

	stub := r.file(t, "lessons/01-framing/framing.go")
	steps := stub
	for _, edit := range []struct{ old, new, verdict string }{
		{"\treturn b, nil", "\tb = append(b, \"data: \"+e.Data...)\n\treturn append(b, \"\\n\\n\"...), nil", "Step 2 of"},
		{"\treturn append(b, \"\\n\\n\"...), nil", "\treturn append(b, \"\\n\\n\"...) nil", "It does not compile yet."},
	} {
		require.Contains(t, steps, edit.old)
		steps = strings.Replace(steps, edit.old, edit.new, 1)
		r.save(t, "lessons/01-framing/framing.go", steps)
		tab.Until("the page shows what was saved", verdict(edit.verdict))
	}
	r.save(t, "lessons/01-framing/framing.go", r.file(t, "solutions/01-framing/framing.go"))
	tab.Until("the solution is green", verdict("Green: all"))
	tab.Until("all steps are ticked", `document.querySelectorAll('#steps li:not(.passed)').length === 0`)
	require.True(t, browser.Value[bool](tab, `window.sameDocument`), "the page was never loaded again")
	require.Empty(t, tab.Complaints())

	end(t, server) // although a page is open
}

// file returns the text of a file of the copy.
func (r reader) file(t *testing.T, name string) string {
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	require.NoError(t, err)
	return string(text)
}

// save writes a file of the copy.
func (r reader) save(t *testing.T, name, text string) {
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o644))
}
