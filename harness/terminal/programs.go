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

	"example.com/sseworkbook/harness/source"
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
	command := source.Editor(os.Getenv)
	if len(command) == 0 {
		t.view.note = "set VISUAL or EDITOR to the editor that e is to open, for example: export VISUAL=nano"
		return
	}
	file, line := lesson.File(), 1
	_, message := t.view.red(t.view.now.Results[lesson.Name])
	if e, ok := source.Find(lesson, message); ok {
		file, line = e.File, e.Line
	}
	t.run(command[0], append(command[1:], source.At(command[0], file, line)...)...)
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
