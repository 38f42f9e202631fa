package verify_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/toolchain"
	"example.com/sseworkbook/harness/verify"
)

// Without a race detector the rest is proven, and that it is missing is said. A
// release is not proven by halves.
func TestWithoutARaceDetectorTheRestIsProven(t *testing.T) {
	t.Setenv("CGO_ENABLED", "0")
	if toolchain.CanRace(t.Context()) {
		t.Skip("this system needs no C compiler for it")
	}
	root := write(t, map[string]string{
		"harness/mistakes/01-greeting/racy.txtar": "title: only the detector sees it\nsymptom: none\nrace: only\n" +
			"step: TestAGreetingHasTheName\nmessage: data race\n" + edit("package greeting", "package greeting // racy"),
	})
	wrong, output := run(t, root, verify.Options{Only: []string{"stubs", "solutions", "mistakes"}, Runs: 1})
	require.Empty(t, wrong)
	require.Contains(t, output, "note: the race detector needs cgo and a C compiler: what only it can see is not proven here")
	require.Regexp(t, `(?m)^01-greeting +2 ok +5 ok +1 ok$`, output)

	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	_, err = verify.Run(t.Context(), root, lessons, verify.Options{Only: []string{"stubs"}, Strict: true, Log: &bytes.Buffer{}})
	require.EqualError(t, err, "the race detector needs cgo and a C compiler; -strict does not prove a release without it")
}
