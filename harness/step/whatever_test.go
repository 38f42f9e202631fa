package step

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A reported is a test that keeps what it is told, and ends where a test would.
type reported struct {
	testing.TB
	text bytes.Buffer
}

func (r *reported) Helper()           {}
func (r *reported) Output() io.Writer { return &r.text }
func (r *reported) Fail()             {}
func (r *reported) FailNow()          { runtime.Goexit() }
func (r *reported) Fatal(args ...any) { fmt.Fprintln(&r.text, args...); r.FailNow() }
func (r *reported) Errorf(format string, args ...any) {
	fmt.Fprintf(&r.text, format, args...)
}

// whatever returns what a step says that checks texts in this way, "" if it is green.
func whatever(t *testing.T, check func(tb testing.TB, in string)) (says string) {
	r := &reported{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Whatever(r, 500, func(d *Dice) string { return d.Text(20, "a", "b", "\r") }, check)
	}()
	<-ended
	return r.text.String()
}

func TestWhateverShowsTheLeastInputThatFails(t *testing.T) {
	tried := 0
	require.Empty(t, whatever(t, func(testing.TB, string) { tried++ }))
	require.Equal(t, 500, tried)

	require.Equal(t, "a text with two of them\ngot  \"\\rbb\"\n", whatever(t, func(tb testing.TB, in string) {
		if strings.Contains(in, "\r") && strings.Count(in, "b") > 1 {
			Fail(tb, "a text with two of them", "got  "+show(strings.Trim(in, "a")))
		}
	}))
	require.Contains(t, whatever(t, func(tb testing.TB, in string) { // the checks of testify stop in the same way
		require.NotContains(tb, in, "b")
	}), `"b" should not contain "b"`)
	require.Contains(t, whatever(t, func(tb testing.TB, in string) { assert.NotContains(tb, in, "b") }), `"b" should not contain "b"`)
}

func TestWhateverShowsTheInputOfAPanic(t *testing.T) {
	says := whatever(t, func(_ testing.TB, in string) {
		_ = []int{1, 2}[strings.Count(in, "b")]
	})
	require.Regexp(t, `^panic: runtime error: index out of range \[2\] with length 2\ninput "bb"\n$`, says)
}

func TestWhateverSaysSoWhenAVerdictChanges(t *testing.T) {
	calls := 0
	require.Contains(t, whatever(t, func(tb testing.TB, in string) {
		if calls++; calls == 3 {
			Fail(tb, "the third")
		}
	}), "your code gives different results for the same input")
}

func TestTheSeedIsChosenByTheEnvironment(t *testing.T) {
	require.Equal(t, seed(), seed())
	t.Setenv("STEP_SEED", "7")
	require.EqualValues(t, 7, seed())
	t.Setenv("STEP_SEED", "random")
	require.NotEqual(t, seed(), seed())
}

func TestWhyAStepMayFailStandsFirstAndOnce(t *testing.T) {
	t.Run("", func(t *testing.T) {
		OnFail(t, func() []string { return []string{"the handler panicked"} })
		says := whatever(t, func(tb testing.TB, in string) { Fail(tb, "no event came", "got  nothing") })
		require.Equal(t, "no event came\nthe handler panicked\ngot  nothing\n", says)
		says = whatever(t, func(tb testing.TB, in string) { Fail(tb, "no event came", "then: the handler panicked") })
		require.Equal(t, "no event came\nthen: the handler panicked\n", says)
	})
	says := whatever(t, func(tb testing.TB, in string) { Fail(tb, "no event came") })
	require.Equal(t, "no event came\n", says)
}
