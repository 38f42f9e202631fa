package stub

import (
	"go/format"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

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
		"a dropped constant in the middle of an iota": {
			"const (\n\tA = iota\n\tb\n\tC\n)", "topic.go:3: leaving constants away would change the others"},
		"a naive body that does not parse": {
			"//lesson:todo x\n//lesson:begin return (\nfunc F() int { return 1 }", "topic.go:3: //lesson:begin or //lesson:return does not parse"},
		"an import whose name cannot be guessed": {
			"import \"example.com/odd-name\"\n\n//lesson:keep\nfunc F() { pkg.F() }", `topic.go:3: "example.com/odd-name" is not used by the last word of its path`},
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
