package verify

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/process"
)

// A touch is what of a lesson is to be proven again: all of it, or records alone.
type touch struct {
	all     bool
	records []string // their files, below the root
}

// touches reports whether a record is one of those.
func (t touch) touches(r mistakes.Record) bool {
	return t.all || slices.ContainsFunc(t.records, r.StandsOn)
}

// everyLesson begins the paths of what all lessons are proven with.
var everyLesson = []string{"go.mod", "go.sum", "harness/catalog/", "harness/inspect/", "harness/overlay/", "harness/pair/",
	"harness/process/", "harness/progress/", "harness/step/", "harness/stub/", "harness/verify/", "harness/mistakes/"}

// changedSince returns what of the lessons differs from a revision, committed or not,
// by the lessons' names.
func changedSince(ctx context.Context, root, revision string, lessons []catalog.Lesson) (map[string]touch, error) {
	touched := map[string]touch{}
	changed, err := git(ctx, root, "diff", "--name-only", "-z", revision, "--")
	if err != nil {
		return nil, err
	}
	added, err := git(ctx, root, "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, err
	}
	for _, file := range append(changed, added...) {
		for i, lesson := range lessons {
			t := touched[lesson.Name]
			switch {
			case isRecord(file, lesson):
				t.records = append(t.records, file)
			case slices.ContainsFunc(lessons, func(l catalog.Lesson) bool { return isRecord(file, l) }):
			case path.Dir(file) == "lessons/"+lesson.Name, isSolutionOf(file, lessons[:i+1]), isAboutAll(file):
				t.all = true
			}
			touched[lesson.Name] = t
		}
	}
	return touched, nil
}

// isRecord reports whether file is a record of the lesson's.
func isRecord(file string, lesson catalog.Lesson) bool {
	for _, dir := range []string{mistakes.Dir, mistakes.AlternativesDir, mistakes.IndependentDir} {
		if path.Dir(file) == dir+"/"+lesson.Name {
			return true
		}
	}
	return false
}

// isSolutionOf reports whether file is one of the solutions of these lessons, of which
// the last may build on the others.
func isSolutionOf(file string, lessons []catalog.Lesson) bool {
	return slices.ContainsFunc(lessons, func(l catalog.Lesson) bool { return path.Dir(file) == "solutions/"+l.Name })
}

// isAboutAll reports whether all lessons are proven with file.
func isAboutAll(file string) bool {
	return slices.ContainsFunc(everyLesson, func(begin string) bool { return strings.HasPrefix(file, begin) })
}

// git returns the names that git prints, each of which ends with a zero byte.
func git(ctx context.Context, root string, args ...string) ([]string, error) {
	cmd := process.Command(ctx, "git", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return nil, fmt.Errorf("finding out what has changed: %w", err)
	}
	return slices.DeleteFunc(strings.Split(string(out), "\x00"), func(name string) bool { return name == "" }), nil
}
