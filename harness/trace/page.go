package trace

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
	"time"

	"example.com/sseworkbook/web"
)

// mark is how a file of ours is known again. It stands in its second line.
const mark = "<!-- A trace of the SSE workbook: go run ./harness test -trace overwrites it. -->"

// A Run is one run of a lesson's steps.
type Run struct {
	Lesson  string // "05-correlation"
	Command string // with which to make it again
	Made    time.Time
	Output  string // what go test has printed
	Passed  bool
	Steps   []Step
}

// summary says in a sentence what the run has shown.
func (r Run) summary() string {
	sent := "Nothing went over a wire in this run."
	if n := Messages(r.Steps); n > 0 {
		sent = fmt.Sprintf("%d messages went over the wire in this run.", n)
		if n == 1 {
			sent = "1 message went over the wire in this run."
		}
	}
	switch {
	case r.Passed:
		return sent + " All steps are green."
	case slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Failed }):
		return sent + " The red step comes first, up to its failure."
	}
	return sent
}

// Write writes a page that shows the run. It holds all that it needs, and so opens
// from disk, and it may load nothing.
func (r Run) Write(w io.Writer) error {
	data, err := json.Marshal(struct {
		Steps []Step `json:"steps"`
	}{r.ordered()})
	if err != nil {
		return fmt.Errorf("writing the trace: %w", err)
	}
	script, style := web.SequenceFile()
	title := html.EscapeString("Lesson " + r.Lesson + ": what went over the wire")
	_, err = fmt.Fprintf(w, pageText, mark, policy(script, style), title, style, title,
		html.EscapeString(r.summary()), html.EscapeString(r.Command), r.Made.Format("2006-01-02 15:04"),
		r.outputHTML(), data, script)
	if err != nil {
		return fmt.Errorf("writing the trace: %w", err)
	}
	return nil
}

// pageText is the page, with places for what differs. In JSON, each < is written as
// an escape, so that no text can end the element that it is in.
const pageText = `<!doctype html>
%s
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="%s">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title>
<link rel="icon" href="data:,">
<style>%s</style>
</head>
<body>
<main>
<h1>%s</h1>
<p class="page-lead">%s</p>
<p class="page-hint">Made with <code>%s</code> on %s. A request is drawn when it is sent, and its response when
it is read; #2 marks its sender's second request, and everything that belongs to it. The slider and the arrow keys walk through the messages; a click or Enter on a message shows its bytes.
Header fields are sorted by name. Times are measured from the start of the pair; in a test with virtual time, they are virtual.</p>
%s<noscript><p>This page needs JavaScript.</p></noscript>
<div id="steps"></div>
</main>
<script type="application/json" id="trace">%s</script>
<script type="module">%s</script>
</body>
</html>
`

// outputHTML returns what go test has printed, where the run has failed and no step
// has it for its message: a lesson that does not compile, mostly.
func (r Run) outputHTML() string {
	if r.Passed || slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Failed }) || strings.TrimSpace(r.Output) == "" {
		return ""
	}
	return fmt.Sprintf("<pre class=\"page-message\" tabindex=\"0\">%s</pre>\n", html.EscapeString(strings.TrimSpace(r.Output)))
}

// ordered returns the steps, those that failed first.
func (r Run) ordered() []Step {
	steps := []Step{}
	for _, failed := range []bool{true, false} {
		for _, step := range r.Steps {
			if step.Failed == failed {
				steps = append(steps, step)
			}
		}
	}
	return steps
}

// policy lets a page run the script and apply the style that are in it, and nothing
// else. (CSP Level 3, 2.3.1)
func policy(script, style string) string {
	return fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; base-uri 'none'; form-action 'none'",
		hash(script), hash(style))
}

// hash returns the hash of a text as a browser has read it: with LF for each end
// of a line, whatever an editor or git has made of the file. (HTML, 13.2.3.5)
func hash(text string) string {
	sum := sha256.Sum256([]byte(lines.Replace(text)))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

var lines = strings.NewReplacer("\r\n", "\n", "\r", "\n")
