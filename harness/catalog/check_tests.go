package catalog

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// longestTest is how many lines a file of tests may have: it is read from its top.
const longestTest = 400

// checkTests returns what is wrong with the lesson's tests.
func (l Lesson) checkTests() []error {
	steps, err := l.Steps()
	if err != nil {
		return []error{err}
	}
	if len(steps) == 0 {
		return []error{fmt.Errorf("lessons/%s: there is no step in its tests", l.Name)}
	}
	files, err := l.TestFiles()
	problems := []error{err}
	for _, file := range files {
		problems = append(problems, checkPackage(file, l.Topic+"_test"), checkLength(file))
	}
	return append(problems, append(l.checkParts(files, steps), l.checkHints(steps)...)...)
}

// checkLength returns an error if a test file is too long to be read.
func checkLength(file string) error {
	text, err := os.ReadFile(file)
	if n := bytes.Count(text, []byte("\n")); err == nil && n >= longestTest {
		return fmt.Errorf("%s: it has %d lines; it should have fewer than %d", file, n, longestTest)
	}
	return err
}

// checkParts returns an error for each step outside a part, and for a gap in the
// numbers of the parts.
func (l Lesson) checkParts(files []string, steps []Step) (problems []error) {
	next := 1
	for _, file := range files {
		if !partName.MatchString(filepath.Base(file)) {
			continue
		}
		if want := fmt.Sprintf("part%d_test.go", next); filepath.Base(file) != want {
			problems = append(problems, fmt.Errorf("%s: the parts are numbered from 1 without a gap; this should be %s", file, want))
		}
		next++
	}
	for _, step := range steps {
		if !partName.MatchString(filepath.Base(step.File)) {
			problems = append(problems, fmt.Errorf("%s:%d: the step %s stands outside the parts; it should be in a part1_test.go, part2_test.go and so on",
				step.File, step.Line, step.Name))
		}
	}
	return problems
}

// hintMark is what a hint looks like that stands in a comment.
var hintMark = regexp.MustCompile(`(^|\s)Hint:`)

// checkHints returns an error for each step without a hint, or with one where it is
// read unasked, and for each hint that is for no step.
func (l Lesson) checkHints(steps []Step) (problems []error) {
	table := filepath.Join(l.Dir, hintsName)
	hints, err := l.stepHints()
	if err != nil {
		return []error{err}
	}
	for _, step := range steps {
		if step.Hint == "" {
			problems = append(problems, fmt.Errorf("%s: there is no hint for %s", table, step.Name))
		}
		if hintMark.MatchString(step.Doc) {
			problems = append(problems, fmt.Errorf("%s:%d: the comment above %s gives its hint away; it belongs into %s",
				step.File, step.Line, step.Name, hintsName))
		}
		delete(hints, step.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(hints)) {
		problems = append(problems, fmt.Errorf("%s: there is no step %s", table, name))
	}
	return problems
}
