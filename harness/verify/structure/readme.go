package structure

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/textfile"
)

// sections are the headings of a lesson's README, in order. "Needs" is left out
// of a lesson that needs none.
var sections = []string{
	"The problem", "On the wire", "Needs", "Your task", "Run it", "Hints", "When it is green", "What people get wrong", "Go deeper",
}

// leastHints is how many folded hints a README has at least.
const leastHints = 3

// Readme checks that a lesson's README has its title, the sections in their order,
// enough hints, and what it says to who is done.
func Readme(lesson catalog.Lesson) []string {
	text, err := os.ReadFile(lesson.Readme())
	if err != nil {
		return []string{"it cannot be read: " + err.Error()}
	}
	var f findings
	if first, _, _ := strings.Cut(string(text), "\n"); strings.TrimSpace(first) != fmt.Sprintf("# %02d · %s", lesson.Number, lesson.Title) {
		f.say(`the first line is %q; it should be "# %02d · Title: what it is about"`, first, lesson.Number)
	}
	if got := headings(textfile.UnixLines(text)); !slices.Equal(withNeeds(got), sections) {
		f.say("its sections are %s; they should be %s", strings.Join(got, ", "), strings.Join(sections, ", "))
	}
	if hints, err := lesson.Hints(); err != nil {
		f.note(err)
	} else if len(hints) < leastHints {
		f.say("it has %d folded hints; it should have at least %d", len(hints), leastHints)
	}
	f.completion(lesson)
	race := "go test -race ./lessons/" + lesson.Name
	if n := strings.Count(string(text), race); progress.AsksForRace(lesson) && n != 1 {
		f.say("it names %s %d times; it should say once that a lesson is done when this passes too", race, n)
	}
	return f
}

// completion checks what the README says to who is done.
func (f *findings) completion(lesson catalog.Lesson) {
	said, err := lesson.Completion()
	f.note(err)
	if sentences(said.Can) != 2 {
		f.say(`there is no paragraph "You can now …" of two sentences under "## When it is green"`)
	}
	if said.Experiment == "" {
		f.say(`there is no paragraph "**An experiment.** …" under "## When it is green"`)
	}
	if len(said.KnownMistakes) == 0 {
		f.say(`no mistake under "## What people get wrong" says who shipped it, such as owner/name#12`)
	}
}

// headings returns the headings of the README's sections.
func headings(text []byte) (headings []string) {
	for line := range strings.Lines(string(text)) {
		if heading, ok := strings.CutPrefix(strings.TrimSpace(line), "## "); ok {
			headings = append(headings, heading)
		}
	}
	return headings
}

// withNeeds returns the headings with the one that may be missing.
func withNeeds(headings []string) []string {
	if i := slices.Index(headings, "Your task"); i > 0 && !slices.Contains(headings, "Needs") {
		return slices.Insert(slices.Clone(headings), i, "Needs")
	}
	return headings
}

// sentenceEnd is where a sentence ends.
var sentenceEnd = regexp.MustCompile(`[.?!](\s|$)`)

// sentences returns how many sentences text has.
func sentences(text string) int { return len(sentenceEnd.FindAllString(text, -1)) }
