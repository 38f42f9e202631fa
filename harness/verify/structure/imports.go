package structure

import (
	"errors"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/checksums"
)

// Imports checks each import in the workbook in root against the rules of who may
// import whom.
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
//     harness/verify and what it shows to learners, which is several packages.
//
// What learners import is their own affair: their code is not looked at, nor a
// lesson's test that is not as the workbook has it.
func Imports(root string) []string {
	var f findings
	files, err := ruledFiles(root)
	f.note(err)
	known := libraries{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly)
		if err != nil {
			f.note(err)
			continue
		}
		for _, spec := range parsed.Imports {
			imported := strings.Trim(spec.Path.Value, "`\"")
			if err := known.check(file, imported); err != nil {
				f.say("%s imports %s: %v", file, imported, err)
			}
		}
	}
	return f
}

// ruledFiles returns the Go files that the rules are for, as paths below root
// with slashes. Solutions come before the lessons' tests.
func ruledFiles(root string) ([]string, error) {
	var files []string
	for _, tree := range []string{"solutions", "harness", "web"} {
		err := fs.WalkDir(os.DirFS(root), tree, func(file string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "testdata":
				return fs.SkipDir
			case path.Ext(file) == ".go":
				files = append(files, file)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	tests, err := lessonTests(root)
	return append(files, tests...), err
}

// lessonTests returns the tests of the lessons that are as the workbook has them,
// likewise.
func lessonTests(root string) ([]string, error) {
	modified, err := checksums.Modified(root)
	if err != nil {
		return nil, err
	}
	lessons, err := catalog.Find(root)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, lesson := range lessons {
		tests, err := lesson.TestFiles()
		if err != nil {
			return nil, err
		}
		for _, test := range tests {
			files = append(files, path.Join("lessons", lesson.Name, filepath.Base(test)))
		}
	}
	return slices.DeleteFunc(files, func(file string) bool { return slices.Contains(modified, file) }), nil
}
