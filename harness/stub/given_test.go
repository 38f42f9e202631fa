package stub

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What is given stands beside the stub: its types and functions are known, and its imports are its own.
func TestAStubIsDerivedBesideWhatIsGiven(t *testing.T) {
	const given = `package topic

import "fmt"

// A Message is given.
type Message struct{ Name string }

type key [2]string

// wire is a helper.
func wire(m Message) string { return fmt.Sprint(m.Name, answerless) }

const answerless = 1
`
	const solution = `package topic

import "fmt"

// Q holds what is queued.
type Q struct {
	all  map[key]Message
	last answer //lesson:drop
}

type answer int

// Next returns the next message.
//
//lesson:todo take it
//lesson:return Message{}, &Message{}, key{}, ""
func (q *Q) Next() (Message, *Message, key, string) {
	m := q.all[key{}]
	return m, &m, key{}, fmt.Sprint(wire(m))
}
`
	stub, err := Derive("solutions/01-topic/topic.go", []byte(solution), []byte(given))
	require.NoError(t, err)
	require.Equal(t, `package topic

// Q holds what is queued.
type Q struct {
	all map[key]Message
}

// Next returns the next message.
func (q *Q) Next() (Message, *Message, key, string) {
	// TODO: take it
	return Message{}, &Message{}, key{}, ""
}
`, string(stub))
}

// Each slip between the two files is told at its line, with what to do about it.
func TestSlipsBesideWhatIsGiven(t *testing.T) {
	for name, test := range map[string]struct{ code, given, want string }{
		"a type in both": {
			"type T int", "type T int", "a/topic.go:3: T stands in given.go already: delete it here, or there"},
		"a method in both": {
			"//lesson:keep\nfunc (T) M() {}", "type T int\n\nfunc (t *T) M() {}", "a/topic.go:4: T.M stands in given.go already"},
		"a constant in both": {
			"const (\n\tA = 1\n\tb = 2\n)", "func b() {}", "a/topic.go:5: b stands in given.go already"},
		"a directive": {
			"type T int", "//lesson:keep\nfunc b() {}", "a/given.go:3: a directive does nothing here: given.go is copied as it is"},
		"what is given needs a part of the answer": {
			"func answer() {}", "func b() {\n\tanswer()\n}", "a/given.go:4: it would not compile beside the stub: undefined: answer"},
		"what is given does not parse": {
			"type T int", "func {", "a/given.go:3:"},
	} {
		t.Run(name, func(t *testing.T) {
			stub, err := Derive("a/topic.go", []byte("package topic\n\n"+test.code+"\n"), []byte("package topic\n\n"+test.given+"\n"))
			require.ErrorContains(t, err, test.want)
			require.Nil(t, stub)
		})
	}
}

// Init and the blank name may stand in both files.
func TestWhatMayStandInBothFiles(t *testing.T) {
	const text = "package topic\n\n//lesson:keep\nfunc init() {}\n\nvar _ = 1\n"
	_, err := Derive("topic.go", []byte(text), []byte("package topic\n\nfunc init() {}\n\nvar _ = 1\n"))
	require.NoError(t, err)
}

// What a learner has of the time before given.go is named, also in a file that does not parse to its end.
func TestWhatALearnerHasThatIsGivenAlready(t *testing.T) {
	given := []byte("package topic\n\ntype A int\n\nfunc (A) String() string { return \"\" }\n\nvar b, c = 1, 2\n")
	names, err := GivenAlready(given, []byte("package topic\n\nfunc (a *A) String() string { return \"a\" }\n\nfunc c() {}\n\nfunc d() {}\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"A.String", "c"}, names)
	names, err = GivenAlready(given, []byte("package topic\n\ntype A int\n\nfunc d() {\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"A"}, names)
	_, err = GivenAlready([]byte("package"), nil)
	require.ErrorContains(t, err, "reading what is given")
}

// The copy of what is given is the workbook's: it follows the solution's, and where somebody has edited it, generate
// says so, and reset keeps the edit and brings the copy back.
func TestWhatIsGivenIsCopied(t *testing.T) {
	const given = "package topic\n\ntype T int\n"
	h := newHouse(t)
	h.write(giving.SolutionGiven, given)
	require.Equal(t, "lessons/01-topic/given.go: written\n"+stubFile+": written\n", h.generateOf(giving))
	require.Equal(t, given, h.read(giving.GivenFile))

	newer := given + "\ntype U int\n"
	h.write(giving.SolutionGiven, newer)
	require.ErrorContains(t, Check(h.root, []Target{giving})[0], "solutions/01-topic/given.go has changed")
	require.Equal(t, "lessons/01-topic/given.go: written\n", h.generateOf(giving), "an earlier one is ours")
	require.Equal(t, newer, h.read(giving.GivenFile))

	h.write(giving.GivenFile, given)
	require.ErrorContains(t, Check(h.root, []Target{giving})[0], "lessons/01-topic/given.go is an earlier stub of solutions/01-topic/given.go")
	h.write(giving.GivenFile, "mine")
	require.Empty(t, Check(h.root, []Target{giving}))
	require.Contains(t, h.generateOf(giving), "left as it is, it was edited")

	written, err := Written(h.root, giving)
	require.NoError(t, err)
	require.Equal(t, []string{giving.GivenFile}, written)
	kept, err := reset(h.root, giving, evening)
	require.NoError(t, err)
	require.Equal(t, []string{giving.GivenFile + ".orig-20261124-1530"}, kept)
	require.Equal(t, "mine", h.read(kept[0]))
	require.Equal(t, newer, h.read(giving.GivenFile))
}

// Where a learner has deleted it, reset and generate bring it back, whatever else they have there.
func TestWhatIsGivenComesBack(t *testing.T) {
	h := newHouse(t)
	h.write(giving.SolutionGiven, "package topic\n")
	h.write("lessons/01-topic/mine.go", "mine")
	require.Equal(t, "lessons/01-topic/given.go: written\n"+stubFile+": left away, since the folder has mine.go\n", h.generateOf(giving))
	require.Equal(t, "package topic\n", h.read(giving.GivenFile))
}
