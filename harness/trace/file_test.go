package trace_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
	"example.com/sseworkbook/harness/trace"
)

const wide, phone = 1280, 360

// hostile is text that would end the element that it is in, were it not escaped.
const hostile = `</script><img src=x onerror="document.title='owned'"><!-- </style>`

// sample is a run with a red step, a green one, and one that sends nothing.
func sample() trace.Run {
	lanes := []string{"client", "server"}
	return trace.Run{
		Lesson: "02-flushing", Command: "go run ./harness test 2 -trace " + hostile, Made: time.Unix(0, 0), Output: "FAIL",
		Steps: []trace.Step{
			{Name: "TestGreen", Pairs: []trace.Pair{{Diagram: trace.Diagram{Lanes: lanes, Messages: []trace.Message{
				{From: "client", To: "server", Label: "GET /green", Bytes: "GET /green HTTP/1.1\r\n\r\n"},
			}}}}},
			{Name: "TestNothing", Pairs: []trace.Pair{}},
			{Name: "TestRed", Failed: true, Message: "flushing_test.go:70: it is red\n    got " + hostile, Pairs: []trace.Pair{
				{Part: "fine", Diagram: trace.Diagram{Lanes: lanes, Messages: []trace.Message{}}},
				{Part: "cut", Failed: true, Left: "What came later was left out.", Diagram: trace.Diagram{Lanes: lanes, Messages: []trace.Message{
					{From: "client", To: "server", Label: "GET /events", Bytes: "GET /events HTTP/1.1\r\n\r\n"},
					{At: 1.5, From: "server", To: "client", Label: "\u202e" + hostile, Bytes: "data: " + hostile + "\x00\u202e\n\n"},
					{At: 2, From: "server", To: "server", Label: "it panicked", Kind: trace.Trouble},
				}}},
			}},
		},
	}
}

// written writes a run into a file, and returns its path.
func written(t *testing.T, r trace.Run) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace.html")
	file, err := trace.Create(path, false)
	require.NoError(t, err)
	defer file.Discard()
	require.NoError(t, file.Write(r))
	return path
}

func TestATraceOpensFromDisk(t *testing.T) {
	b := browser.Start(t)
	for _, width := range []int{wide, phone} {
		tab := b.Open(t, "file://"+filepath.ToSlash(written(t, sample())), width)
		tab.Until("the red step comes first, and is open", `document.querySelector('details').open && document.querySelector('summary').textContent === 'TestRed · red'`)
		require.Equal(t, 1, browser.Value[int](tab, `document.querySelectorAll('details[open]').length`))
		require.Contains(t, browser.Value[string](tab, `document.querySelector('details pre').innerText`), "it is red\n    got "+hostile)
		require.Equal(t, []string{"cut · red", "fine"}, browser.Value[[]string](tab, `[...document.querySelectorAll('details[open] h2')].map((e) => e.textContent)`))
		require.Equal(t, 2, browser.Value[int](tab, `document.querySelectorAll('.seq-shaft').length`))
		require.Equal(t, 1, browser.Value[int](tab, `document.querySelectorAll('.seq-dot').length`))
		require.Contains(t, browser.Value[string](tab, `document.body.innerText`), "What came later was left out.")

		tab.Do("click the event", chromedp.Click(chromedp.CSS(".seq-item:nth-of-type(2) .seq-row")))
		require.Contains(t, browser.Value[string](tab, `document.querySelector('.seq-pre').innerText`), "data: "+hostile+"NULU+202ELF")
		require.NotContains(t, browser.Value[string](tab, `document.body.innerText`), "\u202e", "what turns other text round has a sign")
		tab.Do("open the next step", chromedp.Click(chromedp.CSS("details:nth-of-type(2) summary")))
		tab.Until("a step is drawn when it is opened", `document.querySelectorAll('.seq-shaft').length === 3`)
		tab.Do("open the last step", chromedp.Click(chromedp.CSS("details:nth-of-type(3) summary")))
		tab.Until("a step without a wire says so", `document.querySelector('details:nth-of-type(3)').innerText.includes('Nothing went over a wire')`)

		require.Zero(t, browser.Value[int](tab, `document.images.length`), "nothing that was sent became an element")
		require.True(t, strings.HasPrefix(browser.Value[string](tab, `document.title`), "Lesson 02-flushing"))
		require.LessOrEqual(t, browser.Value[int](tab, `document.documentElement.scrollWidth`), width)
		require.Empty(t, tab.Complaints(), "the policy lets script and style through, by their hashes")
		browser.Value[bool](tab, `(document.body.append(Object.assign(document.createElement('script'), { textContent: 'document.title = "owned"' })), true)`)
		require.NotEqual(t, "owned", browser.Value[string](tab, `document.title`), "another script is not run")
	}
}

func TestARunThatDidNotGetToAStepShowsWhatWasPrinted(t *testing.T) {
	text, err := os.ReadFile(written(t, trace.Run{Lesson: "01-framing", Output: "framing.go:3: syntax error <"}))
	require.NoError(t, err)
	require.Contains(t, string(text), "Nothing went over a wire in this run.")
	require.Contains(t, string(text), "framing.go:3: syntax error &lt;")
}

func TestOnlyATraceIsOverwritten(t *testing.T) {
	path := written(t, sample())
	file, err := trace.Create(path, false)
	require.NoError(t, err, "a trace takes the place of a trace")
	file.Discard()

	require.NoError(t, os.WriteFile(path, []byte("my notes"), 0o644))
	_, err = trace.Create(path, false)
	require.ErrorContains(t, err, "exists and is not a trace; -force overwrites it")
	file, err = trace.Create(path, true)
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "my notes", string(text), "until the trace is written, nothing is lost")
	file.Discard()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left beside it")
}

func TestWhatCannotBeATraceIsRefusedInASentence(t *testing.T) {
	dir := t.TempDir()
	_, err := trace.Create(dir, true)
	require.ErrorContains(t, err, "is a folder; -trace takes the name of a file, such as trace.html")
	_, err = trace.Create(filepath.Join(dir, "missing", "trace.html"), false)
	require.ErrorContains(t, err, "cannot be written to "+filepath.Join(dir, "missing", "trace.html")+": no such file or directory")
	_, err = trace.Create(os.DevNull, true)
	require.ErrorContains(t, err, "is not a regular file, so a trace cannot replace it")
}
