package stub

import (
	"fmt"
	"go/ast"
	"slices"
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

// harmless is the code of a function that compiles and does nothing to whoever calls it: it returns the zero values of
// Go's own types, and a []byte as the parameter b came. What else a function returns may panic or hang in a test, and
// is the solution's to say.
func (d *deriver) harmless(fn *ast.FuncDecl) (string, error) {
	if fn.Type.Results == nil {
		return d.refusal(fn.Type), nil
	}
	var values []string
	for _, result := range fn.Type.Results.List {
		value, known := zeros[d.source(result.Type)]
		switch {
		case d.source(result.Type) == "[]byte" && d.takesB(fn.Type.Params):
			value = "b"
		case strings.HasPrefix(d.source(result.Type), "[]"):
			value = "nil"
		case !known:
			return "", fmt.Errorf("no %s is sure to do no harm", d.source(result.Type))
		}
		values = append(values, slices.Repeat([]string{value}, max(1, len(result.Names)))...)
	}
	return "\treturn " + strings.Join(values, ", ") + "\n", nil
}

// zeros are the harmless values of Go's own types, as far as lessons return them.
var zeros = map[string]string{"bool": "false", "string": `""`, "error": "nil", "int": "0", "int64": "0"}

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
	if len(fn.Params.List) == 0 || d.source(fn.Params.List[0].Type) != "http.ResponseWriter" || len(fn.Params.List[0].Names) != 1 {
		return ""
	}
	return fmt.Sprintf("\thttp.Error(%s, \"not written yet\", http.StatusNotImplemented)\n", fn.Params.List[0].Names[0].Name)
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
