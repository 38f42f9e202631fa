package step

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A step that is red again after a change says what it often is, where its message is the
// one on record; another step does not, nor one that was green in between.
func TestAStepThatIsRedAgainSaysWhatItOftenIs(t *testing.T) {
	table := mistakesTable
	t.Cleanup(func() { mistakesTable = table })
	mistakesTable += "05-sample/TestTwo\tthe cart is before the horse\tthe second answer\n05-sample/TestTwo\tthe horse is gone\tno longer there\n"
	in := filepath.Join(t.TempDir(), "lessons", "05-sample")
	require.NoError(t, os.MkdirAll(in, 0o755))
	t.Chdir(in)
	save := func(text string) { require.NoError(t, os.WriteFile("sample.go", []byte(text), 0o644)) }
	save("package sample")
	require.NoError(t, os.MkdirAll(filepath.Dir(stubsFile), 0o755))
	sum := fmt.Sprintf("%x  lessons/05-sample/sample.go\n", sha256.Sum256([]byte("package sample")))
	require.NoError(t, os.WriteFile(stubsFile, []byte(sum), 0o644))
	l := &lesson{folder: "05-sample", steps: []string{"TestOne", "TestTwo"}, all: true, green: map[string]bool{"TestOne": true},
		red: "TestTwo", redSaid: "the second answer is wrong"}

	const standing = "lesson 05 sample: 1 of 2 steps · next: TestTwo · hint: go run ./harness hint 5\n"
	const cause = "often: the cart is before the horse · more: go run ./harness mistakes 5\n"
	const causes = "often: the cart is before the horse; or the horse is gone · more: go run ./harness mistakes 5\n"
	require.Equal(t, standing, l.closing())
	require.Equal(t, standing, l.closing(), "nothing is written yet")
	save("package sample // it is mine")
	require.Equal(t, cause+standing, l.closing())
	require.Equal(t, cause+standing, l.closing(), "the same code says the same")
	l.redSaid = "the second answer is wrong, and the horse is no longer there"
	require.Equal(t, causes+standing, l.closing())
	l.redSaid = "something else"
	require.Equal(t, standing, l.closing())

	l.red = "TestOne"
	require.NotContains(t, l.closing(), "often")
	l.red, l.redSaid = "TestTwo", "the second answer is wrong"
	require.Equal(t, standing, l.closing())
	l.forgetRed()
	require.Equal(t, standing, l.closing())
}

// A panic says itself what is wrong: only a mistake that is about a panic is named.
func TestAPanicIsOftenNothingElse(t *testing.T) {
	table := mistakesTable
	t.Cleanup(func() { mistakesTable = table })
	mistakesTable += "05-sample/TestTwo\tnothing is flushed\tno answer\n05-sample/TestTwo\tthe channel is closed twice\tpanic: close of closed channel\n"
	require.Equal(t, []string{"nothing is flushed"}, mistakes("05-sample/TestTwo", "no answer came"))
	require.Empty(t, mistakes("05-sample/TestTwo", "no answer came\npanic: nil pointer"))
	require.Equal(t, []string{"the channel is closed twice"}, mistakes("05-sample/TestTwo", "no answer came\npanic: close of closed channel"))
}

// Nothing is remembered of a lesson that runs elsewhere than where a learner
// works, as the authors' checks do.
func TestNothingIsRememberedElsewhere(t *testing.T) {
	in := filepath.Join(t.TempDir(), "solutions", "05-sample")
	require.NoError(t, os.MkdirAll(in, 0o755))
	t.Chdir(in)
	require.Empty(t, (&lesson{folder: "05-sample"}).lastRed())
}
