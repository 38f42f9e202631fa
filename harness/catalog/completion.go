package catalog

import (
	"regexp"
	"strings"
)

// A Completion is what a lesson's README says to somebody who has just finished
// it, in Markdown. Nothing of it stands anywhere else. What the README does not
// say is empty.
type Completion struct {
	Can           string         // what the learner can do now, in two sentences, on one line
	KnownMistakes []KnownMistake // what others got wrong, and shipped; in the README's order
	Experiment    string         // something to try, in lines; commands stand in lines of their own, indented by four spaces
}

// A KnownMistake is one that known libraries or services have shipped.
type KnownMistake struct {
	Title   string   // "Only LF is a line break"
	Sources []string // where: "owner/name#12", or "owner/name" with a version or a commit
}

// How the paragraphs begin that are said to who is done.
const (
	canBegins        = "You can now "
	experimentBegins = "**An experiment.** "
)

// Completion returns what the README says to who is done with the lesson.
func (l Lesson) Completion() (Completion, error) {
	text, err := l.text()
	if err != nil {
		return Completion{}, err
	}
	c := Completion{KnownMistakes: knownMistakes(section(text, "What people get wrong"))}
	paragraphs := strings.Split(strings.Trim(section(text, "When it is green"), "\n"), "\n\n")
	for i, paragraph := range paragraphs {
		switch {
		case strings.HasPrefix(paragraph, canBegins):
			c.Can = oneLine(paragraph)
		case strings.HasPrefix(paragraph, experimentBegins):
			c.Experiment = oneLine(strings.TrimPrefix(paragraph, experimentBegins))
			if i+1 < len(paragraphs) && strings.HasSuffix(paragraph, ":") {
				c.Experiment += "\n" + paragraphs[i+1] // its commands
			}
		}
	}
	return c, nil
}

// mistake is an item of a list that begins with its title: "**Title.** Text".
var mistake = regexp.MustCompile(`(?s)^\*\*(.+?)\*\*(.*)`)

// source is where a mistake was shipped: a repository, with an issue, a version or
// a commit.
var source = regexp.MustCompile(`\b[\w-]+/[\w.-]+(?:#\d+| v\d+(?:\.\d+)+| [0-9a-f]{7}\b)`)

// knownMistakes returns the items of a list for which somebody is named who has
// shipped the mistake.
func knownMistakes(list string) []KnownMistake {
	var all []KnownMistake
	for _, item := range strings.Split("\n"+list, "\n- ") {
		found := mistake.FindStringSubmatch(item)
		if found == nil {
			continue
		}
		if sources := source.FindAllString(oneLine(found[2]), -1); len(sources) > 0 {
			title := strings.TrimRight(oneLine(found[1]), ".,")
			all = append(all, KnownMistake{title, sources})
		}
	}
	return all
}
