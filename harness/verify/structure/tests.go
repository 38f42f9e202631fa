package structure

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"example.com/sseworkbook/harness/catalog"
)

// longestTest is how many lines a file of tests may have: it is read from its top.
const longestTest = 400

// Tests checks that a lesson's tests stand in files for each part, of a length that
// can be read, and that each step says what it is about and has a hint where nobody
// reads it unasked.
func Tests(lesson catalog.Lesson) []error {
	steps, err := lesson.Steps()
	if err != nil {
		return []error{err}
	}
	if len(steps) == 0 {
		return []error{fmt.Errorf("lessons/%s: there is no step in its tests", lesson.Name)}
	}
	files, err := lesson.TestFiles()
	problems := []error{err}
	for _, file := range files {
		problems = append(problems, inPackage(file, lesson.Topic+"_test"), length(file))
	}
	for _, step := range steps {
		if step.Doc == "" {
			problems = append(problems, fmt.Errorf("%s has no comment that says what a peer would see", step.Name))
		}
	}
	return found(slices.Concat(problems, parts(files, steps), hints(lesson, steps)))
}

// length returns an error if a test file is too long to be read.
func length(file string) error {
	text, err := os.ReadFile(file)
	if n := bytes.Count(text, []byte("\n")); err == nil && n >= longestTest {
		return fmt.Errorf("%s: it has %d lines; it should have fewer than %d", file, n, longestTest)
	}
	return err
}

// parts returns an error for each step outside a part, and for a gap in the numbers
// of the parts.
func parts(files []string, steps []catalog.Step) (problems []error) {
	last := 0
	for _, file := range files {
		if n := catalog.Part(file); n > last+1 {
			problems = append(problems, fmt.Errorf("%s: the parts are numbered from 1 without a gap; this should be part%d_test.go", file, last+1))
		}
		last = max(last, catalog.Part(file))
	}
	for _, step := range steps {
		if catalog.Part(step.File) == 0 {
			problems = append(problems, fmt.Errorf("%s:%d: the step %s stands outside the parts; it should be in a part1_test.go, part2_test.go and so on",
				step.File, step.Line, step.Name))
		}
	}
	return problems
}

// hintMark is what a hint looks like that stands in a comment.
var hintMark = regexp.MustCompile(`(^|\s)Hint:`)

// hints returns an error for each step without a hint, or with one where it is read
// unasked, and for each hint that is for no step.
func hints(lesson catalog.Lesson, steps []catalog.Step) (problems []error) {
	table := lesson.HintsFile()
	hints, err := lesson.StepHints()
	if err != nil {
		return []error{err}
	}
	for _, step := range steps {
		if step.Hint == "" {
			problems = append(problems, fmt.Errorf("%s: there is no hint for %s", table, step.Name))
		}
		if hintMark.MatchString(step.Doc) {
			problems = append(problems, fmt.Errorf("%s:%d: the comment above %s gives its hint away; it belongs into %s",
				step.File, step.Line, step.Name, filepath.Base(table)))
		}
		delete(hints, step.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(hints)) {
		problems = append(problems, fmt.Errorf("%s: there is no step %s", table, name))
	}
	return problems
}
