package mistakes

import (
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// Avoided returns what others have shipped, of what the README of a lesson that is done
// tells, and the learner has avoided: a mistake that is on record, by one of the same sources, is
// one that the lesson's tests have tried for. Raced is whether the race detector has seen the
// code: some mistakes nothing else sees.
func Avoided(root string, lesson catalog.Lesson, raced bool) (avoided []catalog.KnownMistake) {
	said, _ := lesson.Completion() // what it lacks is the authors' affair
	records, _ := Of(root, lesson)
	for _, known := range said.KnownMistakes {
		tried := func(r Record) bool {
			named := func(source string) bool { return strings.Contains(r.Source, source) }
			return (raced || !r.Race) && slices.ContainsFunc(known.Sources, named)
		}
		if slices.ContainsFunc(records, tried) {
			avoided = append(avoided, known)
		}
	}
	return avoided
}
