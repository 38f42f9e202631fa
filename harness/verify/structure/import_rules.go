package structure

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// instruments are what lessons' tests are run with, and what each may import of
// the workbook.
var instruments = []struct {
	folder  string
	imports []string
	rule    string
}{
	{"harness/inspect", []string{"harness/inspect"}, "may import nothing else from the workbook"},
	{"harness/step", []string{"harness/step", "harness/inspect"}, "may import only harness/inspect"},
	{"harness/pair", []string{"harness/pair", "harness/step", "harness/inspect"}, "may import only harness/step and harness/inspect"},
}

// private are folders that only the command line imports, and those that stand
// together here each other.
var private = [][]string{
	{"harness/verify"},
	{"harness/compare", "harness/hints", "harness/site", "harness/status", "harness/terminal", "harness/watch"},
}

// Modules that any lesson test may use, and so any learner downloads.
const (
	testify = "github.com/stretchr/testify"
	goleak  = "go.uber.org/goleak"
)

// production is the number of the first lesson whose solution may use a library.
const production = 8

// libraries has the library of each solution that has one, by its folder's name.
type libraries map[string]string

// check returns the rule that file breaks by importing imported, or nil. It notes
// the libraries of solutions.
func (l libraries) check(file, imported string) error {
	first, _, _ := strings.Cut(imported, "/")
	room, ours := strings.CutPrefix(imported, catalog.Module+"/")
	switch {
	case !strings.Contains(first, "."):
		return nil // the standard library
	case ours:
		return checkRoom(file, room)
	}
	return l.checkModule(file, imported)
}

// checkRoom is the rule for a file that imports a package of the workbook, room.
func checkRoom(file, room string) error {
	dir := path.Dir(file)
	tree, name := foldersOf(file)
	switch {
	case tree == "lessons":
		if room == dir || room == "harness/step" || room == "harness/pair" || within(room, "solutions") {
			return nil
		}
		return errors.New("a lesson's test may import only its lesson, solutions, harness/step and harness/pair")
	case tree == "solutions" && catalog.IsLessonName(name):
		return checkSolution(file, room)
	case isTest(file) && room == "harness/toolchain":
		return nil // it builds what they run
	}
	for _, i := range instruments {
		if within(dir, i.folder) && !within(room, i.imports...) {
			return fmt.Errorf("%s is an instrument, which %s", i.folder, i.rule)
		}
	}
	if within(room, "lessons") {
		return errors.New("only a lesson's own test may import a lesson; programs import solutions/, and an overlay replaces them")
	}
	for _, together := range private {
		i := slices.IndexFunc(together, func(folder string) bool { return within(room, folder) })
		if i >= 0 && dir != "harness/cli" && !within(dir, together...) {
			return fmt.Errorf("only the command line may import %s", together[i])
		}
	}
	return nil
}

// checkSolution is the rule for a file beside a solution. The two digits in front
// make the order of the lessons' names that of the lessons.
func checkSolution(file, room string) error {
	tree, other := foldersOf(room + "/file")
	_, name := foldersOf(file)
	ownTest := isTest(file) && room == path.Dir(file)
	if ownTest || tree == "solutions" && catalog.IsLessonName(other) && other < name {
		return nil
	}
	return errors.New("of the workbook, a solution may import only lower-numbered solutions")
}

// checkModule is the rule for a file that imports a package of another module.
func (l libraries) checkModule(file, imported string) error {
	tree, name := foldersOf(file)
	switch {
	case tree == "solutions" && isTest(file) && within(imported, testify, goleak):
		return nil
	case tree == "solutions" && catalog.IsLessonName(name):
		return l.checkLibrary(name, imported)
	case tree == "lessons":
		return l.checkTested(name, imported)
	}
	for _, i := range instruments {
		if within(path.Dir(file), i.folder) {
			return l.checkTested("", imported)
		}
	}
	return nil
}

// checkLibrary is the rule for libraries in the solution called name. It tells
// them apart by the first two elements of their paths, by which a client and
// its server from one house are one.
func (l libraries) checkLibrary(name, imported string) error {
	if number, _ := strconv.Atoi(name[:2]); number < production {
		return errors.New("the core track may import only the standard library")
	}
	parts := strings.SplitN(imported, "/", 3)
	library := strings.Join(parts[:min(len(parts), 2)], "/")
	if other := l[name]; other != "" && other != library {
		return fmt.Errorf("a lesson is about one library, and this one's is %s", other)
	}
	l[name] = library
	return nil
}

// checkTested is the rule for modules in the tests of the lesson called name, and
// in the instruments, which are no lesson's.
func (l libraries) checkTested(name, imported string) error {
	library, ok := l[name]
	if within(imported, testify, goleak) || ok && within(imported, library) {
		return nil
	}
	return errors.New("a lesson's tests may import only testify, goleak and its solution's library")
}

// foldersOf returns the first folder of a file's path, and the one below it.
func foldersOf(file string) (tree, name string) {
	parts := append(strings.Split(path.Dir(file), "/"), "")
	return parts[0], parts[1]
}

// isTest reports whether a file is a test.
func isTest(file string) bool { return strings.HasSuffix(file, "_test.go") }

// within reports whether room is one of the folders, or in one of them.
func within(room string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return strings.HasPrefix(room+"/", folder+"/") })
}
