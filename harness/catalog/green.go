package catalog

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Green is what a lesson's README says to somebody who has just finished it, in
// Markdown. Nothing of it stands anywhere else.
type Green struct {
	Can        string    // what the learner can do now, in two sentences, on one line
	Avoided    []Avoided // what others got wrong, and shipped; in the README's order
	Experiment string    // something to try, in lines; commands stand in lines of their own, indented by four spaces
}

// Avoided is a mistake that known libraries or services have shipped.
type Avoided struct {
	Title   string   // "Only LF is a line break"
	Sources []string // where: "owner/name#12", or "owner/name" with a version or a commit
}

// What the sections of a README are called, and how the paragraphs begin.
const (
	greenSection    = "## When it is green"
	mistakesSection = "## What people get wrong"
	canBegins       = "You can now "
	tryBegins       = "**An experiment.** "
)

// What a README that says too little to who is done lacks.
var (
	errCan     = errors.New(`there is no paragraph "` + canBegins + `…" of two sentences under "` + greenSection + `"`)
	errTry     = errors.New(`there is no paragraph "` + tryBegins + `…" under "` + greenSection + `"`)
	errSources = errors.New(`no mistake under "` + mistakesSection + `" says who has shipped it, such as owner/name#12`)
)

// Green returns what the README says to who is done with the lesson. What it does
// not say is an error, and is empty; the rest is there all the same.
func (l Lesson) Green() (Green, error) {
	text, err := os.ReadFile(l.Readme())
	if err != nil {
		return Green{}, fmt.Errorf("reading what is green in lesson %s: %w", l.Name, err)
	}
	readme := strings.ReplaceAll(string(text), "\r\n", "\n")
	g := Green{Avoided: avoided(section(readme, mistakesSection))}
	paragraphs := strings.Split(strings.Trim(section(readme, greenSection), "\n"), "\n\n")
	for i, paragraph := range paragraphs {
		switch {
		case strings.HasPrefix(paragraph, canBegins) && sentences(paragraph) == 2:
			g.Can = oneLine(paragraph)
		case strings.HasPrefix(paragraph, tryBegins):
			g.Experiment = oneLine(strings.TrimPrefix(paragraph, tryBegins))
			if i+1 < len(paragraphs) && strings.HasSuffix(paragraph, ":") {
				g.Experiment += "\n" + paragraphs[i+1] // its commands
			}
		}
	}
	return g, l.lacks(g)
}

// lacks returns what the README does not say to who is done.
func (l Lesson) lacks(g Green) error {
	var missing []error
	for _, part := range []struct {
		lacks error
		is    bool
	}{{errCan, g.Can == ""}, {errTry, g.Experiment == ""}, {errSources, len(g.Avoided) == 0}} {
		if part.is {
			missing = append(missing, fmt.Errorf("%s: %w", l.Readme(), part.lacks))
		}
	}
	return errors.Join(missing...)
}

// section returns what stands under a heading, up to the next one.
func section(text, heading string) string {
	_, rest, _ := strings.Cut(text, "\n"+heading+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

// sentenceEnd is where a sentence ends.
var sentenceEnd = regexp.MustCompile(`[.?!](\s|$)`)

// sentences returns how many sentences text has.
func sentences(text string) int { return len(sentenceEnd.FindAllString(text, -1)) }

// mistake is an item of a list that begins with its title: "**Title.** Text".
var mistake = regexp.MustCompile(`(?s)^\*\*(.+?)\*\*(.*)`)

// source is where a mistake was shipped: a repository, with an issue, a version or
// a commit.
var source = regexp.MustCompile(`\b[\w-]+/[\w.-]+(?:#\d+| v\d+(?:\.\d+)+| [0-9a-f]{7}\b)`)

// avoided returns the items of a list for which somebody is named who has shipped
// the mistake.
func avoided(list string) []Avoided {
	var all []Avoided
	for _, item := range strings.Split("\n"+list, "\n- ") {
		found := mistake.FindStringSubmatch(item)
		if found == nil {
			continue
		}
		if sources := source.FindAllString(oneLine(found[2]), -1); len(sources) > 0 {
			title := strings.TrimRight(oneLine(found[1]), ".,")
			all = append(all, Avoided{title, sources})
		}
	}
	return all
}
