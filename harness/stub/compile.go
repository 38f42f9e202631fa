package stub

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"regexp"
	"slices"
)

// compile finds what would not compile in the stub, and tells at which line of the solution that comes from: above all
// a given declaration that names one which is part of the answer. It returns the names of the imports that are used.
//
// The imports themselves are not loaded, so it takes no time, and only what the package alone can show is an error. The
// authors' tests compile each stub in earnest.
func (d *deriver) compile(stub []byte) (used map[string]bool, err error) {
	before, err := d.check(d.text)
	if err != nil {
		return nil, err
	}
	for _, spec := range d.file.Imports {
		if name := importName(spec); name != "_" && !before.used[name] {
			d.fail(spec.Pos(), "%s is not used as %s here: remove the import, or name it", spec.Path.Value, name)
			return nil, d.errs[0]
		}
	}
	after, err := d.check(stub)
	if syntax, ok := err.(scanner.ErrorList); ok {
		return nil, d.errorAt(d.edits.origin(syntax[0].Pos.Offset), "the stub does not parse: %s", syntax[0].Msg)
	}
	for _, problem := range after.problems {
		if !before.says(problem.Msg) && !unsure.MatchString(problem.Msg) {
			return nil, d.wouldNotCompile(problem)
		}
	}
	return after.used, nil
}

// wouldNotCompile is the error for what the compiler would say of the stub, or of what is given beside it.
func (d *deriver) wouldNotCompile(problem types.Error) error {
	at := problem.Fset.PositionFor(problem.Pos, false)
	if d.other != nil && at.Filename == d.other.name {
		return d.other.errorAt(at.Offset, "it would not compile beside the stub: %s (a //lesson:keep gives it what it lacks)", problem.Msg)
	}
	return d.errorAt(d.edits.origin(at.Offset),
		"the stub would not compile: %s (a //lesson:keep gives it what it lacks)", problem.Msg)
}

// unsure are the errors that may come from an import that was not loaded: nobody knows here that a time.Duration is a
// number.
var unsure = regexp.MustCompile(`^(cannot use|cannot convert|invalid operation)`)

// A verdict is what type checking said about one file.
type verdict struct {
	problems []types.Error
	used     map[string]bool // the imports in use, by their names in the file
}

// says tells whether a message is among the problems.
func (v verdict) says(message string) bool {
	return slices.ContainsFunc(v.problems, func(problem types.Error) bool { return problem.Msg == message })
}

// check type-checks a text in the place of the solution, with what is given beside it, without their imports: whatever
// comes out of these is taken to be right.
func (d *deriver) check(text []byte) (verdict, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, d.name, text, parser.SkipObjectResolution)
	if err != nil {
		return verdict{}, err
	}
	files := []*ast.File{file}
	if d.other != nil {
		given, err := parser.ParseFile(fset, d.other.name, d.other.text, parser.SkipObjectResolution)
		if err != nil {
			return verdict{}, err
		}
		files = append(files, given)
	}
	for _, file := range files {
		for _, spec := range file.Imports {
			spec.Name = ast.NewIdent(importName(spec))
		}
	}
	v := verdict{used: make(map[string]bool)}
	info := types.Info{Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Error: func(err error) {
		problem, ok := err.(types.Error)
		among := func(file *ast.File) bool { return isImport(file, problem.Pos) }
		if ok && !slices.ContainsFunc(files, among) {
			v.problems = append(v.problems, problem)
		}
	}}
	_, _ = config.Check(file.Name.Name, fset, files, &info) // its error is the first of those above
	for name, object := range info.Uses {
		if pkg, ok := object.(*types.PkgName); ok && name.Pos() <= file.FileEnd { // what is given has imports of its own
			v.used[pkg.Name()] = true
		}
	}
	return v, nil
}

// isImport tells whether a position is among the imports of a file. What go/types says about these is no news: they were
// not loaded, and the stub does not need all of them.
func isImport(file *ast.File, at token.Pos) bool {
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if ok && group.Tok == token.IMPORT && file.FileStart <= at && at <= group.End() {
			return true
		}
	}
	return false
}
