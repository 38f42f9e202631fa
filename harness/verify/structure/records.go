package structure

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
)

// What each lesson has at least on record.
const (
	leastMistakes     = 8
	leastAlternatives = 3
)

// longestTitle is how long a mistake's title may be, in bytes: it is one of several on
// a line that a learner sees.
const longestTitle = 72

// Records checks that enough mistakes are on record for a lesson, in a form that can
// be shown, and enough right answers of another shape, which are in the folder
// alternatives below root.
func Records(root, alternatives string, lesson catalog.Lesson) []error {
	wrong, err := mistakes.Of(root, lesson)
	right, err2 := mistakes.Read(root, alternatives, lesson)
	steps, err3 := lesson.Steps()
	if err := errors.Join(err, err2, err3); err != nil {
		return []error{err}
	}
	var problems []error
	if n := len(wrong); n < leastMistakes {
		problems = append(problems, fmt.Errorf("there are %d mistakes on record; there should be at least %d", n, leastMistakes))
	}
	if n := len(right); n < leastAlternatives {
		problems = append(problems, fmt.Errorf("%s/%s has %d right answers of another shape; there should be at least %d",
			alternatives, lesson.Name, n, leastAlternatives))
	}
	for _, r := range wrong {
		problems = append(problems, mistake(r, steps)...)
	}
	return problems
}

// mistake checks the form of a mistake's record.
func mistake(r mistakes.Record, steps []catalog.Step) (problems []error) {
	say := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %w", r.File, fmt.Errorf(format, args...)))
	}
	if len(r.Title) > longestTitle || strings.HasSuffix(r.Title, ".") {
		say("the title has %d bytes; it should be a few words, %d bytes at most, and no full stop", len(r.Title), longestTitle)
	}
	if r.Symptom == "" {
		say("it has no symptom")
	}
	for _, e := range r.Expect {
		if !slices.ContainsFunc(steps, func(s catalog.Step) bool { return s.Name == e.Step }) {
			say("there is no step %s", e.Step)
		}
		if len(e.Words) == 0 {
			say("it does not say what is in the message of %s", e.Step)
		}
	}
	return problems
}
