package trace

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"
	"time"

	"example.com/sseworkbook/web"
)

// mark is how a file of ours is known again. It stands in its second line.
const mark = "<!-- A trace of the SSE workbook: go run ./harness test -trace overwrites it. -->"

// A Page shows steps as diagrams, in one file that opens from disk.
type Page struct {
	Title   string
	Lead    string // what there is to see
	Command string // with which to make it again
	Made    time.Time
	Hint    string // how to read the diagrams
	Output  string // what a program has printed; "" is nothing
	Steps   []Step // those that failed come first
}

// Write writes the page. It holds all that it needs, and so opens from disk, and it may
// load nothing.
func (p Page) Write(w io.Writer) error {
	data, err := json.Marshal(struct {
		Steps []Step `json:"steps"`
	}{p.ordered()})
	if err != nil {
		return fmt.Errorf("writing the trace: %w", err)
	}
	script, style := web.SequenceFile()
	title := html.EscapeString(p.Title)
	_, err = fmt.Fprintf(w, pageText, mark, policy(script, style), title, style, title,
		html.EscapeString(p.Lead), html.EscapeString(p.Command), p.Made.Format("2006-01-02 15:04"), html.EscapeString(p.Hint),
		p.outputHTML(), data, script)
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
<p class="page-hint">Made with <code>%s</code> on %s. The slider and the arrow keys walk through the messages; a click or Enter on a message shows its bytes.
%s</p>
%s<noscript><p>This page needs JavaScript.</p></noscript>
<div id="steps"></div>
</main>
<script type="application/json" id="trace">%s</script>
<script type="module">%s</script>
</body>
</html>
`

// outputHTML returns the output as an element, if there is one.
func (p Page) outputHTML() string {
	output := strings.TrimSpace(p.Output)
	if output == "" {
		return ""
	}
	return fmt.Sprintf("<pre class=\"page-message\" tabindex=\"0\">%s</pre>\n", html.EscapeString(output))
}

// ordered returns the steps, those that failed first.
func (p Page) ordered() []Step {
	steps := []Step{}
	for _, failed := range []bool{true, false} {
		for _, step := range p.Steps {
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
