package catalog

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
)

// A Step is one test of a lesson: a Test or a Fuzz function. What it is about
// stands in the comment above it, its hint in the lesson's table of hints.
type Step struct {
	Name string // "TestEachLineOfDataGetsItsOwnField"
	Doc  string // the comment, on one line
	Hint string // on one line; "" if there is none
	Fuzz bool   // whether it is a fuzz target
	File string // the path of the test file in which it stands
	Line int    // where it stands there, counted from 1
}

// Steps returns the steps of the lesson in the order of its test files, and of
// the tests in them, which is the order in which to do them.
func (l Lesson) Steps() ([]Step, error) {
	steps, err := l.steps()
	if err != nil {
		return nil, fmt.Errorf("reading the steps of lesson %s: %w", l.Name, err)
	}
	return steps, nil
}

// steps is Steps; its errors do not name the lesson.
func (l Lesson) steps() ([]Step, error) {
	paths, err := l.TestFiles()
	if err != nil {
		return nil, err
	}
	hints, err := l.StepHints()
	if err != nil {
		return nil, err
	}
	var steps []Step
	for _, path := range paths {
		inFile, err := stepsIn(path)
		if err != nil {
			return nil, err
		}
		steps = append(steps, inFile...)
	}
	for i, step := range steps {
		steps[i].Hint = hints[step.Name]
	}
	return steps, nil
}

// stepsIn returns the steps in one test file.
func stepsIn(path string) ([]Step, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var steps []Step
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || !isStep(f) {
			continue
		}
		steps = append(steps, Step{
			Name: f.Name.Name,
			Doc:  oneLine(f.Doc.Text()),
			Fuzz: strings.HasPrefix(f.Name.Name, "Fuzz"),
			File: path,
			Line: files.Position(f.Pos()).Line,
		})
	}
	return steps, nil
}

// stepName is the name of a test or a fuzz target, by the go command's rule: no
// lower-case letter follows the word.
var stepName = regexp.MustCompile(`^(Test|Fuzz)($|\P{Ll})`)

// isStep reports whether go test would run f: TestX(*testing.T), FuzzX(*testing.F).
func isStep(f *ast.FuncDecl) bool {
	name := stepName.FindStringSubmatch(f.Name.Name)
	if name == nil || f.Recv != nil || len(f.Type.Params.List) != 1 {
		return false
	}
	star, ok := f.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	param, ok := star.X.(*ast.SelectorExpr)
	return ok && param.Sel.Name == map[string]string{"Test": "T", "Fuzz": "F"}[name[1]]
}

// oneLine joins the words of s by single spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
