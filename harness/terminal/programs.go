package terminal

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"example.com/sseworkbook/harness/status"
)

// run runs a program that has the terminal meanwhile, and reports whether it ended well.
// If not, the note says why.
func (t *Terminal) run(name string, args ...string) bool {
	cmd := exec.CommandContext(t.ctx, name, args...)
	cmd.Dir = t.Root
	if keyboard, ok := t.keys.(*os.File); ok {
		cmd.Stdin = keyboard
	}
	var complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = t.Out, io.MultiWriter(t.Out, &complaints)
	err := t.lend(cmd.Run)
	if err != nil {
		said := strings.TrimSpace(complaints.String())
		t.view.note = cmp.Or(said[strings.LastIndexByte(said, '\n')+1:], filepath.Base(name)+": "+err.Error())
	}
	return err == nil
}

// edit opens the learner's code at the red line.
func (t *Terminal) edit() {
	lesson, ok := t.view.shown()
	if !ok {
		return
	}
	command := editor(os.Getenv)
	if len(command) == 0 {
		t.view.note = "set VISUAL or EDITOR to the editor that e is to open, for example: export VISUAL=nano"
		return
	}
	file, line := lesson.File(), 1
	_, message := t.view.red(t.view.now.Results[lesson.Name])
	if e, ok := findExcerpt(lesson, message); ok {
		file, line = e.file, e.line
	}
	t.run(command[0], append(command[1:], at(command[0], file, line)...)...)
}

// editor returns the command of the learner's editor: what the environment names, or
// the editor in whose terminal this is; none if neither is known.
func editor(getenv func(string) string) []string {
	named := cmp.Or(getenv("VISUAL"), getenv("EDITOR"))
	if _, err := exec.LookPath(named); err == nil {
		return []string{named} // its path may have spaces in it
	}
	if words := strings.Fields(named); len(words) > 0 {
		return words
	}
	switch {
	case getenv("TERM_PROGRAM") == "vscode":
		return []string{"code"}
	case getenv("TERM_PROGRAM") == "zed":
		return []string{"zed"}
	case getenv("TERMINAL_EMULATOR") == "JetBrains-JediTerm":
		return []string{"goland"}
	}
	return nil
}

// at returns the arguments with which an editor opens a file at a line.
func at(editor, file string, line int) []string {
	n := strconv.Itoa(line)
	switch strings.TrimSuffix(filepath.Base(editor), ".exe") {
	case "code", "code-insiders", "codium", "cursor", "windsurf":
		return []string{"--goto", file + ":" + n}
	case "zed", "zeditor", "hx", "helix", "subl", "micro":
		return []string{file + ":" + n}
	case "goland", "idea":
		return []string{"--line", n, file}
	case "vi", "vim", "nvim", "nano", "emacs", "emacsclient", "kak", "joe", "ne":
		return []string{"+" + n, file}
	}
	return []string{file}
}

// trace records what goes over the wire in the tests of the lesson.
func (t *Terminal) trace() {
	lesson, ok := t.view.shown()
	if !ok {
		return
	}
	file := filepath.Join(t.Root, "trace.html")
	self, err := os.Executable()
	if err != nil {
		t.view.note = err.Error()
		return
	}
	if t.run(self, "test", strconv.Itoa(lesson.Number), "-trace", file) {
		t.view.note = "open " + status.Relative(t.Root, file) + " in a browser"
	}
}

// openPage opens the home page in a browser.
func (t *Terminal) openPage() {
	if t.URL == "" {
		t.view.note = cmp.Or(t.NoPage, "there is no home page: watch was started without one")
		return
	}
	name, args := "xdg-open", []string{}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler"}
	}
	if _, err := exec.LookPath(name); err != nil {
		t.view.note = "open it in a browser: " + t.URL
		return
	}
	t.run(name, append(args, t.URL)...)
}
