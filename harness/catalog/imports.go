package catalog

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Modules that any lesson test may use, and so any learner downloads.
const (
	testify = "github.com/stretchr/testify"
	goleak  = "go.uber.org/goleak"
)

// production is the number of the first lesson whose solution may use a library.
const production = 8

// CheckImports returns each import in the workbook in root that breaks a rule
// of who may import whom, joined into one error, or nil.
//
//   - A solution imports the standard library and lower-numbered solutions; in
//     the production track also the library that its lesson is about. Its own
//     tests, beside it, import it, too, and may import testify and goleak.
//   - A lesson's test imports its lesson, solutions, harness/step, harness/pair,
//     testify, goleak, and what its solution may.
//   - harness/inspect imports nothing else of the workbook, harness/step only
//     inspect, harness/pair only these two. Their tests may import
//     harness/toolchain, which stands on harness/process alone.
//   - Nothing else imports lessons. Only the command line, harness/cli, imports
//     harness/verify and harness/cockpit.
//
// What learners import is their own affair: their code is not looked at, nor a
// lesson's test that is not as the workbook has it.
func CheckImports(root string) error {
	lessons, err := Find(root)
	if err != nil {
		return err
	}
	files, err := ruledFiles(root, lessons)
	if err != nil {
		return err
	}
	var problems []error
	libraries := map[string]string{} // the library of each solution that has one, by folder
	for _, file := range files {
		imports, err := importsOf(filepath.Join(root, file))
		if err != nil {
			return fmt.Errorf("checking the imports: %w", err)
		}
		for _, imported := range imports {
			if err := checkImport(file, imported, libraries); err != nil {
				problems = append(problems, fmt.Errorf("%s imports %s: %w", file, imported, err))
			}
		}
	}
	return errors.Join(problems...)
}

// ruledFiles returns the Go files that the rules are for, as paths below root
// with slashes. Solutions come before the lessons' tests.
func ruledFiles(root string, lessons []Lesson) ([]string, error) {
	var files []string
	for _, tree := range []string{"solutions", "harness", "web"} {
		err := filepath.WalkDir(filepath.Join(root, tree), func(file string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "testdata":
				return fs.SkipDir
			case strings.HasSuffix(file, ".go"):
				files = append(files, slashed(root, file))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("checking the imports: %w", err)
		}
	}
	edited, err := Edited(root)
	if err != nil {
		return nil, err
	}
	for _, lesson := range lessons {
		tests, err := lesson.TestFiles()
		if err != nil {
			return nil, err
		}
		for _, test := range tests {
			if file := slashed(root, test); !slices.Contains(edited, file) {
				files = append(files, file)
			}
		}
	}
	return files, nil
}

// slashed returns file as a path below root, with slashes.
func slashed(root, file string) string {
	return strings.TrimPrefix(filepath.ToSlash(file), filepath.ToSlash(root)+"/")
}

// importsOf returns the import paths in a Go file.
func importsOf(file string) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var imports []string
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		imports = append(imports, imported)
	}
	return imports, nil
}

// checkImport returns the rule that file breaks by importing imported, or nil.
// It notes the libraries of solutions.
func checkImport(file, imported string, libraries map[string]string) error {
	room, ours := strings.CutPrefix(imported, Module+"/")
	tree, name := folders(file)
	lesson := folderName.MatchString(name)
	switch {
	case isStandard(imported):
		return nil
	case ours && tree == "lessons":
		return checkTest(name, room)
	case ours && tree == "solutions" && lesson:
		if room == path.Dir(file) && strings.HasSuffix(file, "_test.go") {
			return nil // its own tests
		}
		return checkSolution(name, room)
	case tree == "harness" && strings.HasSuffix(file, "_test.go") && room == "harness/toolchain":
		return nil // it builds what they run
	case ours:
		return checkHarness(path.Dir(file), room)
	case tree == "solutions" && strings.HasSuffix(file, "_test.go") && (within(imported, testify) || within(imported, goleak)):
		return nil
	case tree == "solutions" && lesson:
		return checkLibrary(name, imported, libraries)
	case tree == "lessons" || isInstrument(path.Dir(file)):
		return checkCore(name, imported, libraries)
	}
	return nil
}

// folders returns the first folder of the path, and the one below it.
func folders(file string) (tree, name string) {
	parts := append(strings.Split(path.Dir(file), "/"), "")
	return parts[0], parts[1]
}

// isStandard reports whether the import is of the standard library.
func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// within reports whether room is the folder, or one in it.
func within(room, folder string) bool { return strings.HasPrefix(room+"/", folder+"/") }

// checkTest is the rule for the test of the lesson called name.
func checkTest(name, room string) error {
	if room == "lessons/"+name || room == "harness/step" || room == "harness/pair" || within(room, "solutions") {
		return nil
	}
	return errors.New("a lesson's test imports its lesson, solutions, harness/step and harness/pair only")
}

// checkSolution is the rule for the solution called name. The two digits in
// front make the order of names that of lessons.
func checkSolution(name, room string) error {
	tree, other := folders(room + "/file")
	if tree == "solutions" && folderName.MatchString(other) && other < name {
		return nil
	}
	return errors.New("of the workbook, a solution imports lower-numbered solutions only")
}

// isInstrument reports whether a folder is of what lesson tests are run with.
func isInstrument(room string) bool {
	return within(room, "harness/inspect") || within(room, "harness/step") || within(room, "harness/pair")
}

// checkHarness is the rule for everything else, for a package in dir.
func checkHarness(dir, room string) error {
	switch {
	case within(dir, "harness/inspect") && !within(room, "harness/inspect"):
		return errors.New("harness/inspect is an instrument, and imports nothing of the workbook")
	case within(dir, "harness/step") && !within(room, "harness/step") && !within(room, "harness/inspect"):
		return errors.New("harness/step is an instrument, and imports harness/inspect only")
	case within(dir, "harness/pair") && !isInstrument(room):
		return errors.New("harness/pair is an instrument, and imports harness/step and harness/inspect only")
	case within(room, "lessons"):
		return errors.New("only a lesson's own test imports a lesson; programs run on solutions/, and change places by an overlay")
	}
	for _, private := range []string{"harness/verify", "harness/cockpit"} {
		if within(room, private) && !within(dir, private) && dir != "harness/cli" {
			return fmt.Errorf("only the command line imports %s", private)
		}
	}
	return nil
}

// checkLibrary is the rule for libraries in the solution called name. It tells
// them apart by the first two elements of their paths, by which a client and
// its server from one house are one.
func checkLibrary(name, imported string, libraries map[string]string) error {
	if number, _ := strconv.Atoi(name[:2]); number < production {
		return errors.New("the core track is the standard library alone")
	}
	parts := strings.SplitN(imported, "/", 3)
	library := strings.Join(parts[:min(len(parts), 2)], "/")
	if other := libraries[name]; other != "" && other != library {
		return fmt.Errorf("a lesson is about one library, and this one's is %s", other)
	}
	libraries[name] = library
	return nil
}

// checkCore is the rule for modules in lesson tests, and in what these import.
func checkCore(name, imported string, libraries map[string]string) error {
	allowed := []string{testify, goleak}
	if library := libraries[name]; library != "" {
		allowed = append(allowed, library)
	}
	if slices.ContainsFunc(allowed, func(library string) bool { return within(imported, library) }) {
		return nil
	}
	return errors.New("testing a lesson takes no module but testify, goleak and its solution's library")
}
