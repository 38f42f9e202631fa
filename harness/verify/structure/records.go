package structure

import (
	"math"
	"path"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
)

// What each lesson has at least on record.
const (
	leastMistakes     = 8
	leastAlternatives = 3
	leastWrong        = 20 // of independent answers
	leastRight        = 8
)

// mostNotAsked is the share of independent wrong answers that no test has to catch.
const mostNotAsked = 0.05

// longestTitle is how long a mistake's title may be, in bytes: it is one of several on
// a line that a learner sees.
const longestTitle = 72

// Records checks that enough mistakes are on record for a lesson, in a form that can
// be shown, and enough right answers of another shape.
func Records(root string, lesson catalog.Lesson) []string {
	var f findings
	wrong, err := mistakes.Of(root, lesson)
	f.note(err)
	right, err := mistakes.Read(root, mistakes.AlternativesDir, lesson)
	f.note(err)
	if n := len(wrong); n < leastMistakes {
		f.say("there are %d mistakes on record; there should be at least %d", n, leastMistakes)
	}
	if n := len(right); n < leastAlternatives {
		f.say("%s/%s has %d right answers of a different shape; there should be at least %d",
			mistakes.AlternativesDir, lesson.Name, n, leastAlternatives)
	}
	f.independent(root, lesson)
	steps, err := lesson.Steps()
	f.note(err)
	for _, r := range wrong {
		f.mistake(r, steps)
	}
	return f
}

// mistake checks the form of a mistake's record.
func (f *findings) mistake(r mistakes.Record, steps []catalog.Step) {
	if len(r.Title) > longestTitle || strings.HasSuffix(r.Title, ".") {
		f.say("%s: the title has %d bytes; it should be a few words, %d bytes at most, and no full stop", r.File, len(r.Title), longestTitle)
	}
	if r.Symptom == "" {
		f.say("%s: it has no symptom", r.File)
	}
	for _, e := range r.Expect {
		if !isStep(steps, e.Step) {
			f.say("%s: there is no step %s", r.File, e.Step)
		}
		if len(e.Words) == 0 {
			f.say("%s: it does not say what is in the message of %s", r.File, e.Step)
		}
	}
}

// independent checks that there are enough answers whose authors had not seen the tests.
func (f *findings) independent(root string, lesson catalog.Lesson) {
	answers, err := mistakes.Read(root, mistakes.IndependentDir, lesson)
	f.note(err)
	right, wrong, notAsked := 0, 0, 0
	for _, a := range answers {
		switch {
		case strings.HasPrefix(path.Base(a.File), "right-"):
			right++
		case a.NotAsked != "":
			notAsked++
			fallthrough
		default:
			wrong++
		}
	}
	dir := mistakes.IndependentDir + "/" + lesson.Name
	if right < leastRight || wrong < leastWrong {
		f.say("%s has %d right answers and %d wrong ones; there should be at least %d and %d", dir, right, wrong, leastRight, leastWrong)
	}
	if most := int(math.Ceil(mostNotAsked * float64(wrong))); notAsked > most {
		f.say("%s has %d wrong answers of %d that no test has to catch; there should be at most %d", dir, notAsked, wrong, most)
	}
}
