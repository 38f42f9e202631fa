package structure

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"example.com/sseworkbook/harness/catalog"
)

// longestTest is how many lines a file of tests may have: it is read from its top.
const longestTest = 400

// hintMark is what a hint looks like that stands in a comment.
var hintMark = regexp.MustCompile(`(^|\s)Hint:`)

// Tests checks that a lesson's tests stand in files for each part, of a length that
// can be read, and that each step says what it is about and has a hint where nobody
// reads it unasked.
func Tests(lesson catalog.Lesson) []string {
	steps, err := lesson.Steps()
	if err != nil {
		return []string{err.Error()}
	}
	var f findings
	if len(steps) == 0 {
		f.say("lessons/%s: there is no step in its tests", lesson.Name)
		return f
	}
	f.testFiles(lesson)
	for _, step := range steps {
		f.step(step, lesson.HintsFile())
	}
	hints, err := lesson.StepHints()
	f.note(err)
	for _, name := range slices.Sorted(maps.Keys(hints)) {
		if !isStep(steps, name) {
			f.say("%s: there is no step %s", lesson.HintsFile(), name)
		}
	}
	return f
}

// testFiles checks the files of a lesson's tests, and that there is no gap in the
// numbers of its parts.
func (f *findings) testFiles(lesson catalog.Lesson) {
	files, err := lesson.TestFiles()
	f.note(err)
	last := 0 // the number of the part before
	for _, file := range files {
		f.inPackage(file, lesson.Topic+"_test")
		text, err := os.ReadFile(file)
		f.note(err)
		if n := bytes.Count(text, []byte("\n")); n >= longestTest {
			f.say("%s: it has %d lines; it should have fewer than %d", file, n, longestTest)
		}
		if n := catalog.Part(file); n > last+1 {
			f.say("%s: the parts are numbered from 1 without a gap; this should be part%d_test.go", file, last+1)
		}
		last = max(last, catalog.Part(file))
	}
}

// step checks that a step has all that belongs to it, its hint in the table.
func (f *findings) step(step catalog.Step, table string) {
	if step.Doc == "" {
		f.say("%s has no comment that says what a peer would see", step.Name)
	}
	if catalog.Part(step.File) == 0 {
		f.say("%s:%d: the step %s stands outside the parts; it should be in a part1_test.go, part2_test.go and so on",
			step.File, step.Line, step.Name)
	}
	if step.Hint == "" {
		f.say("%s: there is no hint for %s", table, step.Name)
	}
	if hintMark.MatchString(step.Doc) {
		f.say("%s:%d: the comment above %s gives its hint away; it belongs in %s", step.File, step.Line, step.Name, filepath.Base(table))
	}
}

// isStep reports whether one of the steps is called name.
func isStep(steps []catalog.Step, name string) bool {
	return slices.ContainsFunc(steps, func(s catalog.Step) bool { return s.Name == name })
}
