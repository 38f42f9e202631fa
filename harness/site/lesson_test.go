package site_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/site"
	"example.com/sseworkbook/harness/watch"
)

func TestALessonsTextStandsBesideItsSteps(t *testing.T) {
	d := newDesk(t)
	d.ran(0)
	page := d.page("/lessons/01-greeting")
	for _, want := range []string{
		"Step 1 of 2 is red.",
		"Whoever comes is greeted",
		"Nobody &lt;i&gt;heard&lt;/i&gt; a word",
		"lessons/01-greeting/part1_test.go:6",
		"Whoever leaves hears &lt;b&gt;goodbye&lt;/b&gt;.",
		`fmt.Println(<span class="s">&#34;hello&#34;</span>)`,
		`<a href="/lessons/02-parting">the next one</a>`,
		`<a href="/readme#top">all of it</a>`,
		", its code.",
		"It says hi",
		"Seen in a/b#1",
		"Hint 1 of ",
		"return &#34;hello&#34;",
	} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "t says ciao", "a mistake of another step")
	require.NotContains(t, page, "t says moin", "a mistake with another message")
	require.NotContains(t, page, "<b>Not HTML</b>")
	require.Equal(t, 1, strings.Count(page, "What is the first word?"), "a hint is shown once")
	require.NotContains(t, page, "<h2 id=\"hints\">")
	require.Contains(t, page, "Go deeper", "the text goes on after the hints")
}

func TestALessonThatIsGreenLeadsOn(t *testing.T) {
	d := newDesk(t)
	d.ran(2)
	page := d.page("/lessons/01-greeting")
	require.Contains(t, page, "Green: all 2 steps pass.")
	require.Contains(t, page, `href="/lessons/01-greeting/diff">Compare`)
	require.Contains(t, page, `On to 02 Parting`)
	aside, _, _ := strings.Cut(page, "</aside>")
	require.Contains(t, aside, "<p>You can now say <code>hello</code>. Nobody is puzzled any more.</p>")
	require.Contains(t, aside, "Nothing is said")
	require.Contains(t, aside, "some/house#12")
	require.Contains(t, aside, `<pre class="shell"><code>go run ./twice</code></pre>`)
	require.NotContains(t, page, "Hint 1")
	require.NotContains(t, page, "t says")
}

func TestALessonThatIsBrokenSaysWhy(t *testing.T) {
	d := newDesk(t)
	d.broken("greeting.go:3: syntax error", "")
	page := d.page("/lessons/01-greeting")
	require.Contains(t, page, "It does not compile yet.")
	require.Contains(t, page, "greeting.go:3: syntax error")
	require.NotContains(t, page, "Hint 1")

	d.set(func(u *watch.Snapshot) {
		r := u.Results["01-greeting"]
		r.Steps = d.result(0, 2).Steps // as before
		u.Results = results(r, d.result(1, 0))
	})
	page = d.page("/lessons/01-greeting")
	require.Contains(t, page, "It does not compile yet.")
	require.Contains(t, page, "2 of 2 pass")
	require.Contains(t, d.page("/"), "Make it compile")
	require.Contains(t, d.page("/"), "2 of 2 · does not compile yet")

	d.broken("", "found a goroutine")
	page = d.page("/lessons/01-greeting")
	require.Contains(t, page, "All steps pass, but something else fails.")
	require.Contains(t, page, "found a goroutine")
}

// The learner's own lines stand below what names them, and not while they may have changed.
func TestTheLinesThatAMessageNamesAreShown(t *testing.T) {
	d := newDesk(t)
	d.broken("lessons/01-greeting/greeting.go:4:9: undefined: hi", "")
	page := d.page("/lessons/01-greeting")
	require.Contains(t, page, `<code data-n="3"><span class="k">func</span>`)
	require.Contains(t, page, "<code data-n=\"4\" class=\"named\">\t<span class=\"k\">return</span> <span class=\"s\">&#34;hi&#34;</span>\n"+
		"\t       <b aria-hidden=\"true\">^</b>\n</code>")
	require.NotContains(t, page, `data-n="1"`)

	d.set(func(u *watch.Snapshot) { u.Running, u.Lesson = true, "01-greeting" })
	require.NotContains(t, d.page("/lessons/01-greeting"), "data-n=")

	d.ran(0)
	require.NotContains(t, d.page("/lessons/01-greeting"), "data-n=", "the message names a test's line only")
	d.set(func(u *watch.Snapshot) { u.Results["01-greeting"].Steps[0].Message = "it hangs at greeting.go:4" })
	require.Contains(t, d.page("/lessons/01-greeting"), `<code data-n="4" class="named">`)
}

func TestTheTitleSaysRedOrGreen(t *testing.T) {
	d := newDesk(t)
	require.Contains(t, d.page("/lessons/01-greeting"), "<title>Greeting · sseworkbook")
	d.ran(0)
	require.Contains(t, d.page("/lessons/01-greeting"), "<title>✗ Greeting · sseworkbook")
	d.set(func(u *watch.Snapshot) { u.Running = true })
	require.Contains(t, d.page("/lessons/01-greeting"), "<title>… Greeting · sseworkbook")
	d.ran(2)
	require.Contains(t, d.page("/lessons/01-greeting"), "<title>✓ Greeting · sseworkbook")
}

// Each place is a link that opens it, where the editor takes one.
func TestPlacesOpenInTheEditor(t *testing.T) {
	d := newDesk(t)
	d.ran(0)
	require.NotContains(t, d.page("/lessons/01-greeting"), "://file")
	t.Setenv("VISUAL", "code --wait")
	d.pages = site.New(d.root, d.lessons, d)
	root := url.URL{Path: filepath.ToSlash(d.root)}
	link := `href="vscode://file` + root.EscapedPath() + `/lessons/01-greeting/part1_test.go:6"`
	require.Contains(t, d.page("/lessons/01-greeting"), link)
	require.Contains(t, d.page("/"), link)
}

// A sentence begins with a capital, and code stays as it is.
func TestCodeInAHintIsCode(t *testing.T) {
	d := newDesk(t)
	d.ran(0)
	page := d.page("/lessons/01-greeting")
	require.Contains(t, page, "<p>End with <code>return &#34;hello&#34;</code></p>")
	require.Contains(t, page, "<dt>It says hi</dt>")
}

// All steps pass, and the lesson is not green before the race detector has run them.
func TestALessonThatTheRaceDetectorRuns(t *testing.T) {
	d := newDesk(t)
	d.raced(2, progress.RaceDue)
	page := d.page("/lessons/01-greeting")
	require.Contains(t, page, `data-state="running">All 2 steps pass. Running them with the race detector …`)
	require.Contains(t, page, "The first run compiles everything again.")
	require.NotContains(t, page, "On to 02 Parting")
	require.Contains(t, d.page("/lessons/01-greeting/diff"), "Careful")
	require.Contains(t, d.page("/"), "2 of 2 · now with the race detector")
	require.Contains(t, d.page("/"), "Parting: step 1 of 2 is red.", "the plain verdict is there")

	d.raced(1, progress.Raced)
	page = d.page("/lessons/01-greeting")
	require.Contains(t, page, `data-state="red">Step 2 of 2 is red with the race detector.`)
	require.Contains(t, page, "<code>go test -race ./lessons/01-greeting</code>")

	d.raced(2, progress.Raced)
	page = d.page("/lessons/01-greeting")
	require.Contains(t, page, "Green: all 2 steps pass.")
	require.NotContains(t, page, "-race")

	d.raced(2, progress.RaceUntried)
	page = d.page("/lessons/01-greeting")
	require.Contains(t, page, "Green: all 2 steps pass.")
	require.Contains(t, page, "Not tried with -race: 01-greeting; the race detector needs cgo and a C compiler.")
}

// When only the race detector is still to run, that is what is next.
func TestWhatIsNextWhenOnlyTheRaceDetectorIsToRun(t *testing.T) {
	d := newDesk(t)
	d.set(func(u *watch.Snapshot) {
		due := d.result(0, 2)
		due.Done, due.Race = false, progress.RaceDue
		u.Running, u.Results = false, results(due, d.result(1, 2))
	})
	page := d.page("/")
	require.Contains(t, page, `data-state="running">Greeting: all 2 steps pass. Running them with the race detector …`)
	require.Contains(t, page, "The race detector checks it now")
	require.NotContains(t, page, "All lessons are done")
}

// Before the first run, the text can be read all the same.
func TestALessonOfWhichNothingIsKnown(t *testing.T) {
	d := newDesk(t)
	page := d.page("/lessons/01-greeting")
	require.Contains(t, page, "The tests have not been run yet.")
	require.Contains(t, page, "Nobody says hello.")
	require.Contains(t, page, "Whoever comes is greeted")
	require.NotContains(t, page, "Hint 1")

	d.set(func(u *watch.Snapshot) { u.Running, u.Lesson = true, "01-greeting" })
	require.Contains(t, d.page("/lessons/01-greeting"), "Running the tests for the first time …")
}

func TestTheAnswersAreShownAfterAWarning(t *testing.T) {
	d := newDesk(t)
	d.ran(0)
	page := d.page("/lessons/01-greeting/diff")
	require.Contains(t, page, "Careful: this gives the answers away")
	require.NotContains(t, page, "goodbye")

	for _, asked := range []string{"?show=answers", ""} { // asked for, or green
		page = d.page("/lessons/01-greeting/diff" + asked)
		if asked == "" {
			require.Contains(t, page, "Careful")
			d.ran(2)
			page = d.page("/lessons/01-greeting/diff")
		}
		require.NotContains(t, page, "Careful")
		require.Contains(t, page, "<code>lessons/01-greeting/greeting.go</code>")
		require.Contains(t, page, "<code>solutions/01-greeting/greeting.go</code>")
		require.NotContains(t, page, "lesson:todo")
	}
}

func TestTheTwoSidesOfAComparison(t *testing.T) {
	d := newDesk(t)
	d.ran(2)
	plain := regexp.MustCompile(`<[^>]*>`)
	page := d.page("/lessons/01-greeting/diff")
	var lines []string
	page = strings.ReplaceAll(page, "\r", "") // the page's own line ends may be anything
	for _, found := range regexp.MustCompile(`(?s)<td class="(yours|solution)">(.*?)</td>`).FindAllStringSubmatch(page, -1) {
		for _, code := range regexp.MustCompile(`(?s)<code data-n="(\d+)">(.*?)\n</code>`).FindAllStringSubmatch(found[2], -1) {
			lines = append(lines, found[1]+" "+code[1]+" "+plain.ReplaceAllString(code[2], ""))
		}
	}
	require.Equal(t, []string{
		"yours 1 package greeting", "solution 1 package greeting",
		"yours 2 ", "solution 2 ",
		"solution 3 // Hello says hello.",
		"yours 3 func Hello() string {", "solution 4 func Hello() string {",
		"yours 4 \treturn &#34;hi&#34;",
		"solution 5 \treturn &#34;hello&#34;",
		"solution 6 }", "solution 7 ", "solution 8 // Goodbye says goodbye.", "solution 9 func Goodbye() string {",
		"solution 10 \treturn &#34;goodbye&#34;",
		"yours 5 }", "solution 11 }",
	}, lines)

	d.write("lessons/01-greeting/greeting.go", "package greeting\n\n// Hello says hello.\nfunc Hello() string {\n\treturn \"hello\"\n}\n\n"+
		"// Goodbye says goodbye.\nfunc Goodbye() string {\n\treturn \"goodbye\"\n}\n")
	require.Contains(t, d.page("/lessons/01-greeting/diff"), "is identical to the solution")
	require.NoError(t, os.Remove(filepath.Join(d.root, "lessons", "01-greeting", "greeting.go")))
	require.Contains(t, d.page("/lessons/01-greeting/diff"), "Hello says hello", "a file that is not there has no lines")
}

// Each text of the workbook has a page, and each link on a page leads to one.
func TestEveryLinkOfTheWorkbookLeadsSomewhere(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	d := newDesk(t)
	d.pages = site.New(root, lessons, d)
	link := regexp.MustCompile(`href="(/[^"#]*)`)
	seen := map[string]bool{}
	for todo := []string{"/"}; len(todo) > 0; todo = todo[1:] {
		if seen[todo[0]] {
			continue
		}
		seen[todo[0]] = true
		for _, found := range link.FindAllStringSubmatch(d.page(todo[0]), -1) {
			todo = append(todo, found[1])
		}
	}
	for _, path := range []string{"/readme", "/contributing", "/troubleshooting", "/programs", "/load", "/bench", "/update", "/verify", "/lessons/" + lessons[len(lessons)-1].Name, "/web/home/home.css"} {
		require.Contains(t, seen, path)
	}
}
