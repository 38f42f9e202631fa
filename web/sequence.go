package web

import (
	"regexp"
	"strings"
)

// SequenceFile returns the script and the style of a page that contains a trace and
// has nowhere to load them from. The script is a module: it reads the trace, in JSON,
// from the element trace, and draws into the element steps.
func SequenceFile() (script, style string) {
	script = joined("shared/dom.js", "shared/visible.js", "sequence/sequence.js", "sequence/sequence-trace.js")
	return imports.ReplaceAllString(script, ""), joined("shared/base.css", "sequence/sequence-page.css", "sequence/sequence.css")
}

// imports finds a module's import lines. They are not needed when all modules are in
// one file.
var imports = regexp.MustCompile(`(?m)^import .*\n`)

// joined returns embedded files, one below the other.
func joined(names ...string) string {
	var texts []string
	for _, name := range names {
		texts = append(texts, file(name))
	}
	return strings.Join(texts, "\n")
}
