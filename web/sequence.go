package web

import (
	"regexp"
	"strings"
)

// SequenceFile returns the script and the style of a page that holds a trace itself
// and has nowhere to load them from. The script is a module; it looks for the trace
// in the element trace, in JSON, and puts what it draws into the element steps.
func SequenceFile() (script, style string) {
	script = joined("shared/dom.js", "shared/visible.js", "sequence/sequence.js", "sequence/sequence-trace.js")
	return imports.ReplaceAllString(script, ""), joined("shared/base.css", "sequence/sequence-page.css", "sequence/sequence.css")
}

// imports finds the lines in which a module names what it uses of others. In one
// file with them, it has that.
var imports = regexp.MustCompile(`(?m)^import .*\n`)

// joined returns embedded files, one below the other.
func joined(names ...string) string {
	var texts []string
	for _, name := range names {
		texts = append(texts, file(name))
	}
	return strings.Join(texts, "\n")
}
