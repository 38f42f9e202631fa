package progress

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// buildLines is how many of the compiler's lines a BuildError holds: the first
// ones mostly say it all.
const buildLines = 5

// mistakes is the line in which a run says what a step that is red again often is.
// It is printed by the lesson's test binary as it ends, when there is no test left
// to whose attributes it could belong.
var mistakes = regexp.MustCompile(`(?m)^often: (.*)$`)

// result returns what the run of the package showed of the lesson, which was
// run in tree.
func (p *packageRun) result(lesson catalog.Lesson, tree string) Result {
	r := Result{Lesson: lesson, BuildError: p.buildError(lesson, tree)}
	steps, err := lesson.Steps()
	if err != nil && r.BuildError == "" {
		r.BuildError = err.Error()
	}
	for _, step := range steps {
		r.Steps = append(r.Steps, p.find(step.Name).step(step.Name))
	}
	if _, open := r.Next(); !open && r.BuildError == "" && p.ended == "pass" {
		r.Done = len(steps) > 0
	}
	if found := mistakes.FindStringSubmatch(p.rest.String()); found != nil {
		r.Mistakes = found[1]
	}
	if _, red := r.Red(); !red && r.BuildError == "" && p.ended == "fail" {
		r.Outside = p.outside(steps)
	}
	return r
}

// step returns the result of the step called name, of which t is the run.
func (t *testRun) step(name string) StepResult {
	if t == nil {
		return StepResult{Name: name, Status: Unknown}
	}
	if t.ended == "pass" {
		return StepResult{Name: name, Status: Passed}
	}
	status := Failed // a test that never ended has failed
	if t.ended == "skip" {
		status = Waiting
	}
	printed, said := apart(t.output.String())
	message, at := unframe(said)
	printed, _ = unframe(printed)
	return StepResult{Name: name, Status: status, Message: raceNote.ReplaceAllString(message, ""), At: at, Printed: printed}
}

// saying is a line with which a step begins to say what is wrong: testing's, which names
// the place in the test; the line in place of a race detector's report; or the name of a
// step that has crashed, before the reason.
var saying = regexp.MustCompile(`^(    \w+_test\.go:\d+: |data race: |=== NAME )`)

// apart separates what the learner's code printed from what the step says, whose lines
// are indented, but for a first one that saying finds. If it finds none, all of it counts
// as the step's.
func apart(output string) (printed, said string) {
	within, found := false, false
	for line := range strings.Lines(output) {
		if saying.MatchString(line) {
			within = true
		} else if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "    ") {
			within = false
		}
		framed := frame.MatchString(line)
		if within || framed {
			said += line
		} else {
			printed += line
		}
		found = found || within && !framed
	}
	if !found {
		return "", output
	}
	return printed, said
}

// raceNote is what testing adds to a step in which the race detector has found
// something. What that is has been said above it.
var raceNote = regexp.MustCompile(`(?m)\n\s*testing\.go:\d+: race detected during execution of test$`)

// outside returns what was printed outside the steps: by failed tests that are
// none, and by the package as a whole.
func (p *packageRun) outside(steps []catalog.Step) string {
	var texts []string
	for _, t := range p.tests {
		isStep := slices.ContainsFunc(steps, func(s catalog.Step) bool { return s.Name == t.name })
		if isStep || t.ended == "pass" || t.ended == "skip" {
			continue
		}
		message, _ := unframe(t.output.String())
		texts = append(texts, t.name+": "+message)
	}
	if rest, _ := unframe(p.rest.String()); rest != "" {
		texts = append(texts, rest)
	}
	return strings.Join(texts, "\n")
}

// frame is a line that go test puts around what a test prints.
var frame = regexp.MustCompile(`^\s*(=== (RUN|PAUSE|CONT|NAME) |--- (PASS|FAIL|SKIP): |(PASS|FAIL|exit status \d+|(FAIL|ok  )\t.*)$)`)

// position is where testing says a message came from.
var position = regexp.MustCompile(`^(\w+\.go:\d+): `)

// unframe returns what a test printed, without go test's own lines and margin,
// and the position before its first line.
func unframe(output string) (message, at string) {
	var lines []string
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if !frame.MatchString(line) {
			lines = append(lines, trimMargin(line))
		}
	}
	message = strings.Trim(strings.Join(lines, "\n"), "\n")
	if found := position.FindStringSubmatch(message); found != nil {
		message, at = message[len(found[0]):], found[1]
	}
	return message, at
}

// trimMargin takes off the four spaces that testing puts before a message, or
// the eight before its further lines. A caret keeps its place.
func trimMargin(line string) string {
	if rest, ok := strings.CutPrefix(line, "        "); ok {
		return rest
	}
	return strings.TrimPrefix(line, "    ")
}

// buildError returns the compiler's lines about the lesson, each once, without
// the headings that name packages; "" if the package was built.
func (p *packageRun) buildError(lesson catalog.Lesson, tree string) string {
	switch {
	case p.build != "":
		return buildError(p.build, lesson, tree)
	case p.ended == "skip":
		return "there are no tests in " + lesson.Dir
	}
	return ""
}

// buildError takes out of what the compiler or vet printed the lines about the
// lesson, each once and without the headings that name packages.
func buildError(text string, lesson catalog.Lesson, tree string) string {
	// The tests are the lesson's, wherever an overlay has them run.
	files, _ := lesson.TestFiles() // without them, the compiler's own lines have to do
	for _, file := range files {
		name := lesson.Name + "/" + filepath.Base(file)
		text = strings.ReplaceAll(text, tree+"/"+name, "lessons/"+name)
	}
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimRight(line, "\r\n"), "./")
		if line != "" && !strings.HasPrefix(line, "#") && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	lines = strings.Split(blameLearner(strings.Join(lines, "\n")), "\n")
	if tree == "lessons" {
		lines = append(missing(lesson), lines...)
	}
	if len(lines) > buildLines {
		lines = append(lines[:buildLines], "…")
	}
	return strings.Join(lines, "\n")
}

// missing says, of a lesson whose file is not there, how to get it back: the
// compiler knows only what the tests miss.
func missing(lesson catalog.Lesson) []string {
	if _, err := os.Stat(lesson.File()); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return []string{
		fmt.Sprintf("there is no lessons/%s/%s", lesson.Name, filepath.Base(lesson.File())),
		fmt.Sprintf("to start the lesson again: go run ./harness reset %d", lesson.Number),
	}
}
