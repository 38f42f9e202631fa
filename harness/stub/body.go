package stub

import (
	"fmt"
	"go/ast"
	"strings"
)

// body is what stands between the braces of a function that is to be written.
func (d *deriver) body(fn *ast.FuncDecl, found directives) string {
	text := "\n" + todo(found.todo)
	switch {
	case found.begin != nil:
		text += "\t" + strings.Join(found.begin, "\n\t") + "\n"
	case found.give != "":
		text += "\treturn " + found.give + "\n"
	default:
		harmless, err := d.harmless(fn)
		if err != nil {
			d.fail(fn.Name.Pos(), "%s: %v: say it with //lesson:return", fn.Name.Name, err)
		}
		text += harmless
	}
	return text
}

// harmless is the code of a function that compiles and does nothing to whoever calls it.
func (d *deriver) harmless(fn *ast.FuncDecl) (string, error) {
	if fn.Type.Results == nil {
		return d.refusal(fn.Type), nil
	}
	z := zeros{deriver: d, generic: typeParameters(fn), takesB: d.takesB(fn.Type.Params)}
	var values []string
	for _, result := range fn.Type.Results.List {
		each, err := z.results(result)
		if err != nil {
			return "", err
		}
		values = append(values, each...)
	}
	return z.before + "\treturn " + strings.Join(values, ", ") + "\n", nil
}

// takesB tells whether a function has a parameter b []byte, as append-like functions do.
func (d *deriver) takesB(parameters *ast.FieldList) bool {
	for _, parameter := range parameters.List {
		for _, name := range parameter.Names {
			if name.Name == "b" && d.source(parameter.Type) == "[]byte" {
				return true
			}
		}
	}
	return false
}

// refusal is the code of a handler that says 501. Other functions without a result do nothing.
func (d *deriver) refusal(fn *ast.FuncType) string {
	if len(fn.Params.List) == 0 || len(fn.Params.List[0].Names) != 1 {
		return ""
	}
	first := fn.Params.List[0]
	path, name := d.imported(first.Type)
	if path != "net/http" || name != "ResponseWriter" || first.Names[0].Name == "_" {
		return ""
	}
	pkg := d.source(first.Type.(*ast.SelectorExpr).X)
	return fmt.Sprintf("\t%s.Error(%s, \"not written yet\", %[1]s.StatusNotImplemented)\n", pkg, first.Names[0].Name)
}

// typeParameters are the names of a function's type parameters and those of its receiver.
func typeParameters(fn *ast.FuncDecl) map[string]bool {
	names := make(map[string]bool)
	if fn.Recv != nil {
		_, arguments := typeName(fn.Recv.List[0].Type)
		for _, argument := range arguments {
			name, _ := typeName(argument)
			names[name] = true
		}
	}
	if fn.Type.TypeParams != nil {
		for _, parameter := range fn.Type.TypeParams.List {
			for _, name := range parameter.Names {
				names[name.Name] = true
			}
		}
	}
	return names
}

// todo is the comment that says what is to be written, one line for each directive, and wrapped.
func todo(lines []string) string {
	const width = 76
	var comment strings.Builder
	start := "\t// TODO: "
	for _, text := range lines {
		line := start
		for word := range strings.FieldsSeq(text) {
			if len(line)+len(word) > width && strings.TrimSpace(line) != "//" {
				comment.WriteString(strings.TrimRight(line, " ") + "\n")
				line = "\t// "
			}
			line += word + " "
		}
		comment.WriteString(strings.TrimRight(line, " ") + "\n")
		start = "\t// "
	}
	return comment.String()
}
