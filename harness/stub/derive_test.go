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
	// tiny is given, too.
	//
	//lesson:keep
	tiny = 0
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
//lesson:return *new(T), 0, nil
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
	// tiny is given, too.
	tiny = 0
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

// The imports are not loaded, so nobody knows that an embedded sync.Mutex brings Lock along. That is no slip.
func TestWhatComesFromAnImportIsTakenToBeRight(t *testing.T) {
	const solution = `package topic

import "sync"

// A Counter counts.
type Counter struct {
	sync.Mutex
	n Number
}

// A Number is one.
type Number sync.Map

//lesson:keep
func (c *Counter) Add() {
	c.Lock()
	defer c.Unlock()
	c.n.Store(1, 2)
	for range c.n.Range {
	}
}
`
	stub, err := Derive("topic.go", []byte(solution))
	require.NoError(t, err)
	require.Equal(t, strings.Replace(solution, "//lesson:keep\n", "", 1), string(stub))
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
