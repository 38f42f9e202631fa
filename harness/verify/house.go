package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
)

// What each lesson has at least.
const (
	leastMistakes     = 8
	leastAlternatives = 3
	leastHints        = 3
)

// sections are the headings of a lesson's README, in order. "Needs" is left out
// of a lesson that needs none.
var sections = []string{"The problem", "On the wire", "Needs", "Your task", "Run it", "Hints", "When it is green", "What people get wrong", "Go deeper"}

// longestTitle is how long a mistake's title may be, in bytes: it is one of several on
// a line that a learner sees.
const longestTitle = 72

// houseParts proves that the lesson has its shape: the files, the README's
// sections, enough on record, and tests that are the workbook's.
func (v *verifier) houseParts(lesson catalog.Lesson) ([]part, error) {
	readme := v.path(lesson.Readme())
	parts := []part{
		{"tests", v.path(lesson.Dir), 1, func(context.Context) ([]string, error) { return v.proveTests(lesson) }},
		{"files", v.path(lesson.Dir), 1, func(context.Context) ([]string, error) { return v.proveFiles(lesson) }},
		{"text", readme, 1, func(context.Context) ([]string, error) { return proveText(lesson) }},
		{"records", mistakes.Dir + "/" + lesson.Name, 1, func(context.Context) ([]string, error) { return v.proveRecords(lesson) }},
	}
	if lesson.Name == v.report.Lessons[0] { // once is enough
		parts = append(parts, part{"workbook", "harness/catalog", 1, func(context.Context) ([]string, error) { return each(catalog.Check(v.root)), nil }})
	}
	return parts, nil
}

// each returns the lines of an error that was joined.
func each(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// proveTests proves that each step tells what it is about, and that the tests and
// what is given are the workbook's.
func (v *verifier) proveTests(lesson catalog.Lesson) (wrong []string, err error) {
	steps, err := lesson.Steps()
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		if step.Doc == "" {
			wrong = append(wrong, step.Name+" has no comment that says what a peer would see")
		}
	}
	edited, err := catalog.Edited(v.root)
	if err != nil {
		return nil, err
	}
	for _, file := range edited {
		if path.Dir(file) == "lessons/"+lesson.Name && strings.HasSuffix(file, "_test.go") {
			v.note("%s is not as the workbook has it: what is proven is proven of these tests", file)
		}
	}
	return wrong, nil
}

// proveFiles proves that the lesson's folder has its text, its stub, what it gives
// and its tests, and no other file. What a learner has beside them is only noted.
func (v *verifier) proveFiles(lesson catalog.Lesson) (wrong []string, err error) {
	entries, err := os.ReadDir(lesson.Dir)
	if err != nil {
		return nil, fmt.Errorf("reading a lesson's folder: %w", err)
	}
	tests, err := lesson.TestFiles()
	if err != nil {
		return nil, err
	}
	belong := append(tests, lesson.File(), lesson.Readme())
	if _, ok := lesson.Given(); ok {
		belong = append(belong, lesson.GivenFile())
	}
	for _, entry := range entries {
		switch file := filepath.Join(lesson.Dir, entry.Name()); {
		case slices.Contains(belong, file):
		case v.Strict:
			wrong = append(wrong, "a lesson is its text, its stub, what it gives and its tests, and "+v.path(file)+" is none of these")
		default:
			v.note("%s is not part of the lesson, and nothing is proven of it", v.path(file))
		}
	}
	for _, file := range belong {
		if _, err := os.Stat(file); v.Strict && errors.Is(err, fs.ErrNotExist) {
			wrong = append(wrong, "there is no "+v.path(file))
		}
	}
	return wrong, nil
}

// proveText proves that the README has the sections of a lesson in their order,
// and enough hints.
func proveText(lesson catalog.Lesson) (wrong []string, err error) {
	text, err := os.ReadFile(lesson.Readme())
	if err != nil {
		return []string{"it cannot be read: " + err.Error()}, nil
	}
	var got []string
	for line := range strings.Lines(string(unixLines(text))) {
		if heading, ok := strings.CutPrefix(strings.TrimSpace(line), "## "); ok {
			got = append(got, heading)
		}
	}
	if !slices.Equal(withNeeds(got), sections) {
		wrong = append(wrong, fmt.Sprintf("its sections are %s; they should be %s", strings.Join(got, ", "), strings.Join(sections, ", ")))
	}
	if hints, err := lesson.Hints(); err == nil && len(hints) < leastHints {
		wrong = append(wrong, fmt.Sprintf("it has %d folded hints; it should have at least %d", len(hints), leastHints))
	}
	return wrong, nil
}

// withNeeds returns the headings with the one that may be missing.
func withNeeds(headings []string) []string {
	if i := slices.Index(headings, "Your task"); i > 0 && !slices.Contains(headings, "Needs") {
		return slices.Insert(slices.Clone(headings), i, "Needs")
	}
	return headings
}

// proveRecords proves that enough is on record, in a form that can be shown.
func (v *verifier) proveRecords(lesson catalog.Lesson) (wrong []string, err error) {
	wrongAnswers, err := mistakes.Of(v.root, lesson)
	alternatives, err2 := mistakes.Read(v.root, alternativesDir, lesson)
	if err := errors.Join(err, err2); err != nil {
		return each(err), nil
	}
	if n := len(wrongAnswers); n < leastMistakes {
		wrong = append(wrong, fmt.Sprintf("there are %d mistakes on record; there should be at least %d", n, leastMistakes))
	}
	if n := len(alternatives); n < leastAlternatives {
		wrong = append(wrong, fmt.Sprintf("%s/%s has %d right answers of another shape; there should be at least %d", alternativesDir, lesson.Name, n, leastAlternatives))
	}
	steps, err := lesson.Steps()
	if err != nil {
		return nil, err
	}
	for _, m := range wrongAnswers {
		wrong = append(wrong, misshapen(m, steps)...)
	}
	return wrong, nil
}

// misshapen says what is wrong with the form of a mistake's record.
func misshapen(r mistakes.Record, steps []catalog.Step) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, r.File+": "+fmt.Sprintf(format, args...)) }
	if len(r.Title) > longestTitle || strings.HasSuffix(r.Title, ".") {
		say("the title has %d bytes; it should be a few words, %d bytes at most, and no full stop", len(r.Title), longestTitle)
	}
	if r.Symptom == "" {
		say("it has no symptom")
	}
	for _, c := range r.Expect {
		if !slices.ContainsFunc(steps, func(s catalog.Step) bool { return s.Name == c.Step }) {
			say("there is no step %s", c.Step)
		}
		if len(c.Words) == 0 {
			say("it does not say what is in the message of %s", c.Step)
		}
	}
	return wrong
}
