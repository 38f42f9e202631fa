package source

import (
	"cmp"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Editor returns the command of the learner's editor: what the environment names, or
// the editor in whose terminal this is; none if neither is known.
func Editor(getenv func(string) string) []string {
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

// At returns the arguments with which an editor opens a file at a line.
func At(editor, file string, line int) []string {
	n := strconv.Itoa(line)
	switch base(editor) {
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

// Link returns the URL that has an editor open a file at a line; "" for an editor that
// takes none.
func Link(editor, file string, line int) string {
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/workbook
	}
	n := strconv.Itoa(line)
	name := base(editor)
	if scheme := schemes[name]; scheme != "" {
		return (&url.URL{Scheme: scheme, Host: "file", Path: path + ":" + n}).String()
	}
	if name == "goland" || name == "idea" {
		return name + "://open?file=" + strings.ReplaceAll(url.QueryEscape(filepath.ToSlash(file)), "+", "%20") + "&line=" + n
	}
	return ""
}

// schemes are the editors that open the path of a URL, each with its scheme.
var schemes = map[string]string{
	"code": "vscode", "code-insiders": "vscode-insiders", "codium": "vscodium", "cursor": "cursor", "windsurf": "windsurf",
	"zed": "zed", "zeditor": "zed",
}

// base returns the name of an editor's program.
func base(editor string) string { return strings.TrimSuffix(filepath.Base(editor), ".exe") }
