package stub

import (
	"go/ast"
	"slices"
	"strings"
)

// body is what stands between the braces of a function that is to be written.
func (d *deriver) body(fn *ast.FuncDecl, found directives) string {
	code := found.code()
	if code == "" && fn.Type.Results != nil {
		code = "return " + d.zeros(fn)
	}
	text := "\n" + todo(found.todo)
	if code != "" {
		text += "\t" + code + "\n"
	}
	return text
}

// zeros are the zero values of a function's results. They do no harm to whoever calls it where they are of Go's own
// types. What else a function returns may panic or hang in a test, and is the solution's to say.
func (d *deriver) zeros(fn *ast.FuncDecl) string {
	var values []string
	for _, result := range fn.Type.Results.List {
		value, known := zeroOf[d.source(result.Type)]
		if !known {
			d.fail(fn.Name.Pos(), "%s: no %s is sure to do no harm: say it with //lesson:return", fn.Name.Name, d.source(result.Type))
		}
		values = append(values, slices.Repeat([]string{value}, max(1, len(result.Names)))...)
	}
	return strings.Join(values, ", ")
}

// zeroOf has the zero values of Go's own types, as far as lessons return them.
var zeroOf = map[string]string{"bool": "false", "string": `""`, "error": "nil", "int": "0", "int64": "0"}

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
