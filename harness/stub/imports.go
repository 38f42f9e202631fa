package stub

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strconv"
)

// majorVersion is the last part of a path that ends with one.
var majorVersion = regexp.MustCompile(`^v\d+$`)

// packageName is what a package is most likely called, in the last part of its path: 01-framing, go-sdk, yaml.v3.
var packageName = regexp.MustCompile(`^(?:\d\d-|go-)?(\w+)`)

// importName is the name of an import in its file.
func importName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	whole, _ := strconv.Unquote(spec.Path.Value)
	last := path.Base(whole)
	if majorVersion.MatchString(last) {
		last = path.Base(path.Dir(whole))
	}
	found := packageName.FindStringSubmatch(last)
	if found == nil {
		return last
	}
	return found[1]
}

// tidyImports leaves away the imports that the stub does not use and aligns what has moved together.
func tidyImports(stub []byte, used map[string]bool) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", stub, parser.ParseComments|parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	tidy := deriver{text: stub, fset: fset, file: file}
	for _, decl := range file.Decls {
		group := decl.(*ast.GenDecl)
		unused := make([]*ast.ImportSpec, 0, len(group.Specs))
		for _, spec := range group.Specs {
			spec := spec.(*ast.ImportSpec)
			if name := importName(spec); name != "_" && !used[name] {
				unused = append(unused, spec)
			}
		}
		if len(unused) == len(group.Specs) {
			tidy.remove(group.Doc, group)
			continue
		}
		for _, spec := range unused {
			tidy.remove(spec.Doc, spec)
		}
	}
	text, err := format.Source(tidy.edits.apply(stub))
	if err != nil {
		return nil, fmt.Errorf("formatting the stub: %w", err)
	}
	return text, nil
}
