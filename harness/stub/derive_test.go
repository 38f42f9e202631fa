package stub

import (
	"go/format"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// One solution with each kind of declaration, and what a learner gets of it. Tabs, comments and blank lines count.
func TestAStubIsItsSolutionWithoutTheAnswers(t *testing.T) {
	stub, err := Derive("topic.go", []byte(whole))
	require.NoError(t, err)
	require.Equal(t, wholeStub, string(stub))
}

const whole = `// Package topic shows each directive.
package topic

import (
	"bytes"
	_ "embed" // stays: nobody can see whether it is used
	"errors"
	str "strings"
	// time is what the answer needs.
	"time"

	framing "example.com/workbook/01-framing"
)

// ErrGone is given, as all that is exported.
var ErrGone = errors.New("gone")

// patience is part of the answer.
const patience = 10 * time.Second // and so is this

// Sizes.
const (
	// Small is given.
	Small = 1
	large = 1000000 // goes, and Small's neighbours move together
	// Middle is given.
	Middle = 10 // stays
)

// A Box is given, but for one field.
//
//lesson:keep
type Box[T any] struct {
	mu chan bool // guards items
	// cache is the answer's.
	//lesson:drop
	cache map[string]T
	items []T
	n     int //lesson:drop
}

type answer struct{ t time.Time }

func (a answer) String() string { return a.t.String() }

var _ error = (*Refusal)(nil)

// A Refusal is an error.
type Refusal struct{}

func (*Refusal) Error() string { return "refused" }

// ---- what is to be written ----

// Add adds. A long comment of its own.
//
//	b.Add(1) // the directives below it go, this stays
//
//lesson:todo Add the item, and count it. Nobody may see a box that has one and does not have the other: hold the lock.
//lesson:todo Then tell whoever waits.
func (b *Box[T]) Add(item T /* any */, more ...T) (first T, n int, err error) {
	// The answer's own comments go with it.
	b.items = append(b.items, item)
	return item, len(b.items), nil
}

// Find returns -1 if there is none: zero would be a find.
//
//lesson:todo Look for it.
//lesson:return -1
func (b *Box[T]) Find(string) int { return large }

// lines is begun.
//
//lesson:todo This reads LF only. Let it take CR, too.
//lesson:begin var found [][]byte
//lesson:begin for line := range bytes.SplitSeq(text, []byte("\n")) {
//lesson:begin 	found = append(found, line) // with its tab
//lesson:begin }
//lesson:begin
//lesson:begin return found
func lines(text []byte) [][]byte {
	return bytes.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' })
}

//lesson:keep
func helper(s string) string { return str.ToUpper(s) } // given whole

func dropped() (framing.Event, time.Time) {
	return framing.Event{}, time.Now()
} // trails behind what goes

//go:noinline
//lesson:keep
func last() {}
`

const wholeStub = `// Package topic shows each directive.
package topic

import (
	"bytes"
	_ "embed" // stays: nobody can see whether it is used
	"errors"
	str "strings"
)

// ErrGone is given, as all that is exported.
var ErrGone = errors.New("gone")

// Sizes.
const (
	// Small is given.
	Small = 1
	// Middle is given.
	Middle = 10 // stays
)

// A Box is given, but for one field.
type Box[T any] struct {
	mu    chan bool // guards items
	items []T
}

var _ error = (*Refusal)(nil)

// A Refusal is an error.
type Refusal struct{}

func (*Refusal) Error() string { return "refused" }

// ---- what is to be written ----

// Add adds. A long comment of its own.
//
//	b.Add(1) // the directives below it go, this stays
func (b *Box[T]) Add(item T /* any */, more ...T) (first T, n int, err error) {
	// TODO: Add the item, and count it. Nobody may see a box that has one and
	// does not have the other: hold the lock.
	// Then tell whoever waits.
	return *new(T), 0, nil
}

// Find returns -1 if there is none: zero would be a find.
func (b *Box[T]) Find(string) int {
	// TODO: Look for it.
	return -1
}

// lines is begun.
func lines(text []byte) [][]byte {
	// TODO: This reads LF only. Let it take CR, too.
	var found [][]byte
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		found = append(found, line) // with its tab
	}

	return found
}

func helper(s string) string { return str.ToUpper(s) } // given whole

//go:noinline
func last() {}
`

// An author's slip is told with its line and what to do, and never ends in a stub that is a little wrong.
func TestASlipIsToldWithItsLineAndTheCure(t *testing.T) {
	tests := map[string]struct {
		code string // after the package clause and an empty line
		want string
	}{
		"an exported function that says nothing": {
			"func F() {}", "topic.go:3: F is exported: mark it //lesson:todo or //lesson:keep"},
		"a word that is no directive": {
			"//lesson:tood x\nfunc F() {}", "topic.go:3: //lesson:tood has no meaning here: use one of todo return begin keep"},
		"a space that makes it prose": {
			"// lesson:keep\nfunc f() {}", "topic.go:3: a directive has no space after //"},
		"a todo without a text": {
			"//lesson:todo\nfunc F() {}", "topic.go:3: //lesson:todo needs a text"},
		"a keep with a text": {
			"//lesson:keep it\nfunc F() {}", "topic.go:3: //lesson:keep takes no text"},
		"a todo on a type": {
			"//lesson:todo x\ntype T int", "topic.go:3: //lesson:todo has no meaning here: use one of keep"},
		"kept and yet to be written": {
			"//lesson:keep\n//lesson:todo x\nfunc F() {}", "topic.go:3: given whole and yet to be written"},
		"a naive body and a return": {
			"//lesson:begin return 1\n//lesson:return 2\nfunc F() int { return 3 }", "topic.go:3: a naive body has its own return"},
		"a return without a todo": {
			"//lesson:return 2\nfunc F() int { return 3 }", "topic.go:3: //lesson:return goes with a //lesson:todo"},
		"a directive inside a body": {
			"//lesson:todo x\nfunc F() {\n\t//lesson:return 2\n}", "topic.go:5: this directive belongs to no declaration"},
		"a directive set off by a blank line": {
			"//lesson:keep\n\nfunc f() {}", "topic.go:3: this directive belongs to no declaration"},
		"a given struct that names a dropped type": {
			"type Given struct {\n\tn int\n\tx answer\n}\n\ntype answer int", "topic.go:5: the stub would not compile: undefined: answer"},
		"a kept function that reads a dropped field": {
			"type T struct {\n\tn int //lesson:drop\n}\n\n//lesson:keep\nfunc F(t T) int { return t.n }",
			"topic.go:8: the stub would not compile: t.n undefined"},
		"a kept function that calls a dropped method": {
			"type T struct{}\n\nfunc (T) m() {}\n\n//lesson:keep\nfunc F(t T) { t.m() }", "topic.go:8: the stub would not compile: t.m undefined"},
		"a method to write on a dropped type": {
			"type t struct{}\n\n//lesson:todo x\nfunc (t) M() {}", "topic.go:6: the stub would not compile: undefined: t"},
		"a dropped constant in the middle of an iota": {
			"const (\n\tA = iota\n\tb\n\tC\n)", "topic.go:3: leaving constants away would change the others"},
		"a naive body that does not parse": {
			"//lesson:todo x\n//lesson:begin return (\nfunc F() int { return 1 }", "topic.go:4: the stub does not parse"},
		"a naive body that does not compile": {
			"//lesson:begin x := 1\n//lesson:begin return 2\nfunc F() int { return 1 }", "topic.go:3: the stub would not compile: declared and not used: x"},
		"a naive body without a return": {
			"//lesson:begin _ = 1\nfunc F() int { return 1 }", "topic.go:3: the stub would not compile: missing return"},
		"a return of too many": {
			"//lesson:todo x\n//lesson:return 1, 2\nfunc F() int { return 1 }", "topic.go:4: the stub would not compile: too many return values"},
		"an import whose name cannot be guessed": {
			"import \"example.com/odd-name\"\n\n//lesson:keep\nfunc F() { pkg.F() }", `topic.go:3: "example.com/odd-name" is not used as odd here`},
		"an unknown imported type": {
			"import \"net\"\n\n//lesson:todo x\nfunc F() net.Conn { return nil }", "topic.go:6: F: no net.Conn is sure to do no harm: say it with //lesson:return"},
		"a channel that somebody sends on": {
			"//lesson:todo x\nfunc F() chan int { return nil }", "topic.go:4: F: no chan int is sure to do no harm"},
		"an interface with methods": {
			"type I interface{ M() }\n\n//lesson:todo x\nfunc F() I { return nil }", "topic.go:6: F: no I is sure to do no harm"},
		"code that gofmt would change": {
			"func  f() {}", "topic.go: gofmt would change the solution"},
		"code that does not parse": {
			"func f( {}", "topic.go:3:"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			source := "package topic\n\n" + test.code + "\n"
			if formatted, err := format.Source([]byte(source)); err == nil && !strings.Contains(test.want, "gofmt") {
				source = string(formatted) // gofmt has its own mind about comments
			}
			stub, err := Derive("topic.go", []byte(source))
			require.Error(t, err, "no word about it, and this stub:\n%s", stub)
			require.ErrorContains(t, err, test.want)
			require.Nil(t, stub)
		})
	}
}

// All slips come back at once, so that an author does not mend them one by one.
func TestAllSlipsComeBackTogether(t *testing.T) {
	_, err := Derive("topic.go", []byte("package topic\n\nfunc A() {}\n\nfunc B() {}\n"))
	require.ErrorContains(t, err, "topic.go:3: A is exported")
	require.ErrorContains(t, err, "topic.go:5: B is exported")
}

// A local name can look like an import. An import that nothing but that uses would not compile.
func TestAVariableThatIsCalledAsAnImportDoesNotKeepIt(t *testing.T) {
	const solution = `package topic

import "net/url"

type u struct{ Host string }

//lesson:keep
func F() string { return url.PathEscape("") }

//lesson:keep
func G(url struct{ Host string }) string { return url.Host }
`
	stub, err := Derive("topic.go", []byte(strings.Replace(solution, "//lesson:keep", "//lesson:todo Escape.", 1)))
	require.NoError(t, err)
	require.NotContains(t, string(stub), `"net/url"`)

	stub, err = Derive("topic.go", []byte(solution))
	require.NoError(t, err)
	require.Contains(t, string(stub), `"net/url"`)
}

// Git may check a solution out with CRLF.
func TestLineEndsDoNotCount(t *testing.T) {
	unix, err := Derive("topic.go", []byte(whole))
	require.NoError(t, err)
	windows, err := Derive("topic.go", []byte(strings.ReplaceAll(whole, "\n", "\r\n")))
	require.NoError(t, err)
	require.Equal(t, string(unix), string(windows))
}

// What a stub has is what gofmt would have written, also where fields and constants went from the middle.
func TestAStubIsGofmtClean(t *testing.T) {
	stub, err := Derive("topic.go", []byte(whole))
	require.NoError(t, err)
	formatted, err := format.Source(stub)
	require.NoError(t, err)
	require.Equal(t, string(formatted), string(stub))
}
