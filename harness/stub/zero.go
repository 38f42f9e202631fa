package stub

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// zeros finds results that do no harm: no nil that panics when it is used, nothing that blocks for ever.
type zeros struct {
	*deriver
	generic map[string]bool // the names that are type parameters
	takesB  bool            // the function has a parameter b []byte
	before  string          // statements that a result needs in front of the return
}

// predeclared are the harmless values of Go's own types.
var predeclared = map[string]string{
	"bool": "false", "string": `""`, "error": "nil", "any": "nil",
	"int": "0", "int8": "0", "int16": "0", "int32": "0", "int64": "0", "rune": "0",
	"uint": "0", "uint8": "0", "uint16": "0", "uint32": "0", "uint64": "0", "uintptr": "0", "byte": "0",
	"float32": "0", "float64": "0", "complex64": "0", "complex128": "0",
}

// unwritten is a handler that says 501; %[1]s is the name of net/http.
const unwritten = `%[1]s.HandlerFunc(func(w %[1]s.ResponseWriter, r *%[1]s.Request) {
		%[1]s.Error(w, "not written yet", %[1]s.StatusNotImplemented)
	})`

// standard are the harmless values of some types of the standard library; %[1]s is the name of the package. An imported
// type that is not here needs a //lesson:return: nothing in the solution tells whether it is a struct or a number.
var standard = map[string]string{
	"context.CancelFunc":       "func() {}",
	"context.Context":          "%[1]s.Background()",
	"encoding/json.RawMessage": "nil",
	"net/http.Handler":         unwritten,
	"net/http.HandlerFunc":     unwritten,
	"net/http.Header":          "%[1]s.Header{}",
	"time.Duration":            "0",
	"time.Time":                "%[1]s.Time{}",
}

// results are harmless values for the results that share one type. Where an imported type is unknown and the results
// have names, they are returned by name, which is their zero value.
func (z *zeros) results(result *ast.Field) ([]string, error) {
	value, err := z.result(result.Type)
	path, _ := z.imported(result.Type)
	if err == nil || path == "" || len(result.Names) == 0 {
		return slices.Repeat([]string{value}, max(1, len(result.Names))), err
	}
	var values []string
	for _, name := range result.Names {
		if name.Name == "_" {
			return nil, err
		}
		values = append(values, name.Name)
	}
	return values, nil
}

// result is a harmless value of one result's type. A []byte comes back as the parameter b came; a channel that is
// only received from is closed.
func (z *zeros) result(t ast.Expr) (string, error) {
	if z.takesB && z.source(t) == "[]byte" {
		return "b", nil
	}
	channel, ok := t.(*ast.ChanType)
	if !ok || channel.Dir != ast.RECV {
		return z.value(t)
	}
	z.before = fmt.Sprintf("\tnothing := make(chan %s)\n\tclose(nothing)\n", z.source(channel.Value))
	return "nothing", nil
}

// value is a harmless value of a type.
func (z *zeros) value(t ast.Expr) (string, error) {
	switch t := t.(type) {
	case *ast.ParenExpr:
		return z.value(t.X)
	case *ast.StarExpr:
		return z.pointer(t)
	case *ast.ArrayType:
		if t.Len != nil {
			return z.source(t) + "{}", nil
		}
		return "nil", nil
	case *ast.MapType:
		return z.source(t) + "{}", nil
	case *ast.StructType:
		return z.source(t) + "{}", nil
	case *ast.InterfaceType:
		if len(t.Methods.List) == 0 {
			return "nil", nil
		}
	case *ast.FuncType:
		return z.function(t)
	case *ast.Ident, *ast.IndexExpr, *ast.IndexListExpr, *ast.SelectorExpr:
		return z.named(t)
	}
	return "", z.unknown(t)
}

// pointer is never nil, so that a method can be called on it.
func (z *zeros) pointer(t *ast.StarExpr) (string, error) {
	name, _ := typeName(t.X)
	spec, local := z.types[name]
	if !local {
		return "", z.unknown(t)
	}
	if _, ok := spec.Type.(*ast.StructType); ok {
		return "&" + z.source(t.X) + "{}", nil
	}
	return "new(" + z.source(t.X) + ")", nil
}

// function is a function that does nothing but return harmless values.
func (z *zeros) function(t *ast.FuncType) (string, error) {
	var values []string
	if t.Results != nil {
		for _, result := range t.Results.List {
			value, err := z.value(result.Type)
			if err != nil {
				return "", err
			}
			for range max(1, len(result.Names)) {
				values = append(values, value)
			}
		}
	}
	if len(values) == 0 {
		return z.source(t) + " {}", nil
	}
	return z.source(t) + " { return " + strings.Join(values, ", ") + " }", nil
}

// named is a harmless value of a type that has a name.
func (z *zeros) named(t ast.Expr) (string, error) {
	if path, name := z.imported(t); path != "" {
		return z.foreign(t, path, name)
	}
	name, arguments := typeName(t)
	spec, local := z.types[name]
	if z.generic[name] {
		return "*new(" + name + ")", nil
	}
	if !local {
		if value, ok := predeclared[name]; ok {
			return value, nil
		}
		return "", z.unknown(t)
	}
	value, err := z.value(spec.Type)
	isFunction := strings.HasPrefix(value, "func")
	if err != nil || isFunction && arguments != nil {
		return "", z.unknown(t)
	}
	if strings.HasSuffix(value, "{}") && !isFunction {
		return z.source(t) + "{}", nil // a literal goes by the type's own name
	}
	return value, nil
}

// unknown is the error for a type of which no value is sure to do no harm.
func (z *zeros) unknown(t ast.Expr) error {
	return fmt.Errorf("no %s is sure to do no harm", z.source(t))
}

// foreign is a harmless value of an imported type.
func (z *zeros) foreign(t ast.Expr, path, name string) (string, error) {
	if path == "iter" {
		return z.sequence(t)
	}
	value, ok := standard[path+"."+name]
	if !ok {
		return "", z.unknown(t)
	}
	if !strings.Contains(value, "%[1]s") {
		return value, nil
	}
	return fmt.Sprintf(value, z.source(t.(*ast.SelectorExpr).X)), nil
}

// sequence is an iterator that yields nothing.
func (z *zeros) sequence(t ast.Expr) (string, error) {
	var elements []string
	switch t := t.(type) {
	case *ast.IndexExpr:
		elements = []string{z.source(t.Index)}
	case *ast.IndexListExpr:
		for _, index := range t.Indices {
			elements = append(elements, z.source(index))
		}
	}
	return "func(yield func(" + strings.Join(elements, ", ") + ") bool) {}", nil
}
