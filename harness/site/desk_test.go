package site_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/site"
	"example.com/sseworkbook/harness/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const readme = `# 01 · Greeting: say hello

## The problem

Nobody says hello. See [the next one](../02-parting/README.md), [all of it](../../README.md#top), [its code](../../harness/step).

    fmt.Println("hello")

<b>Not HTML</b>

## Hints

<details><summary>A nudge</summary>

What is the first word?

</details>
<details><summary>A push</summary>

It is ` + "`hello`" + `.

</details>

## When it is green

You can now say ` + "`hello`" + `. Nobody is puzzled any more.

**An experiment.** Say it twice:

    go run ./twice

## What people get wrong

- **Nothing is said.** The guest leaves (some/house#12). (Step 1)

## Go deeper

Read on.
`

const solution = `package greeting

// Hello says hello.
//
//lesson:todo Say it.
func Hello() string {
	return "hello"
}

// Goodbye says goodbye.
//
//lesson:todo Say it.
func Goodbye() string {
	return "goodbye"
}
`

const tests = `package greeting_test

import "testing"

// Whoever comes is greeted.
func TestWhoeverComesIsGreeted(t *testing.T) { _ = Hello() }

// Whoever leaves hears <b>goodbye</b>.
func TestANULLeavesWithAnID(t *testing.T) { _ = Goodbye() }
`

// hints are those of both lessons.
const hints = `package greeting_test

var _ = step.Hints{
	"TestWhoeverComesIsGreeted": "end with ` + "`" + `return \"hello\"` + "`" + `",
	"TestANULLeavesWithAnID": "return \"goodbye\"",
}
`

// edit is what a mistake makes of the solution, which no page shows.
const edit = "-- old --\nhi\n-- new --\nho\n"

// A desk is a workbook of two lessons, of which a test says how far they are, and
// its pages.
type desk struct {
	t       *testing.T
	root    string
	lessons []catalog.Lesson
	pages   *site.Server
	url     string

	mu      sync.Mutex // guards the rest
	update  watch.Snapshot
	changed chan struct{}
}

// newDesk sets up a workbook in which nothing is known yet.
func newDesk(t *testing.T) *desk {
	for _, name := range []string{"VISUAL", "EDITOR", "TERM_PROGRAM", "TERMINAL_EMULATOR"} {
		t.Setenv(name, "") // no editor
	}
	d := &desk{t: t, root: t.TempDir(), changed: make(chan struct{})}
	for name, text := range map[string]string{
		"README.md":                         "# A workbook\n\nOf [two](lessons/01-greeting/README.md).\n",
		"lessons/01-greeting/README.md":     readme,
		"lessons/01-greeting/part1_test.go": tests,
		"lessons/01-greeting/hints_test.go": hints,
		"lessons/01-greeting/greeting.go":   "package greeting\n\nfunc Hello() string {\n\treturn \"hi\"\n}\n",
		"solutions/01-greeting/greeting.go": solution,
		"lessons/02-parting/README.md":      "# 02 · Parting: say goodbye\n\n## The problem\n",
		"lessons/02-parting/part1_test.go":  strings.Replace(tests, "greeting_test", "parting_test", 1),
		"lessons/02-parting/hints_test.go":  strings.Replace(hints, "greeting_test", "parting_test", 1),
		"solutions/02-parting/parting.go":   "package parting\n\nimport _ \"" + catalog.Module + "/solutions/01-greeting\"\n",
		"go.mod":                            "module " + catalog.Module + "\n",
		"harness/mistakes/01-greeting/hi.txtar": "title: it says hi\nsymptom: guests are puzzled\nsource: a/b#1, some/house#12\n" +
			"step: TestWhoeverComesIsGreeted\n" + edit,
		"harness/mistakes/01-greeting/ciao.txtar": "title: it says ciao\nsymptom: guests stay\nstep: TestANULLeavesWithAnID\n" + edit,
		"harness/mistakes/01-greeting/moin.txtar": "title: it says moin\nsymptom: guests stay\nstep: TestWhoeverComesIsGreeted\nmessage: another\n" + edit,
	} {
		d.write(name, text)
	}
	var err error
	d.lessons, err = catalog.Find(d.root)
	require.NoError(t, err)
	d.pages = site.New(d.root, d.lessons, d)
	return d
}

// serve serves the pages until the test ends.
func (d *desk) serve() *desk { return d.serveAs(d.pages.Handler()) }

// serveAs serves h in place of the pages.
func (d *desk) serveAs(h http.Handler) *desk {
	server := httptest.NewServer(h)
	d.t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	d.url = server.URL
	return d
}

// write writes a file of the workbook.
func (d *desk) write(name, text string) {
	path := filepath.Join(d.root, filepath.FromSlash(name))
	require.NoError(d.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(d.t, os.WriteFile(path, []byte(text), 0o644))
}

// Latest implements site.Source.
func (d *desk) Latest() (watch.Snapshot, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.update, d.changed
}

// set makes another update.
func (d *desk) set(edit func(*watch.Snapshot)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	edit(&d.update)
	d.update.N++
	close(d.changed)
	d.changed = make(chan struct{})
}

// ran is an update after a run in which so many steps of the first lesson pass.
func (d *desk) ran(passed int) {
	d.set(func(u *watch.Snapshot) {
		u.Running, u.Lesson, u.Err = false, "01-greeting", nil
		u.Results = results(d.result(0, passed), d.result(1, 0))
	})
}

// raced is ran, where the race detector has this part in the first lesson.
func (d *desk) raced(passed int, race progress.Race) {
	d.ran(passed)
	d.set(func(u *watch.Snapshot) {
		first := d.result(0, passed)
		first.Race = race
		first.Done = first.Done && race != progress.RaceDue
		u.Results = results(first, d.result(1, 0))
	})
}

// results returns what is known after a run that has shown these.
func results(these ...progress.Result) map[string]progress.Result {
	all := map[string]progress.Result{}
	for _, r := range these {
		all[r.Lesson.Name] = r
	}
	return all
}

// result is what a run shows of a lesson of which so many steps pass.
func (d *desk) result(i, passed int) progress.Result {
	r := progress.Result{Lesson: d.lessons[i], Done: passed == 2}
	for n, name := range []string{"TestWhoeverComesIsGreeted", "TestANULLeavesWithAnID"} {
		step := progress.StepResult{Name: name, Status: progress.Passed}
		switch {
		case n == passed:
			step.Status, step.Message = progress.Failed, "Nobody <i>heard</i> a word\n got  \"\"\n want \"hello\"\n       ^"
		case n > passed:
			step.Status, step.Message = progress.Waiting, "waits for "+name
		}
		r.Steps = append(r.Steps, step)
	}
	return r
}

// broken is an update after a run in which the first lesson does not compile, or
// fails outside its steps.
func (d *desk) broken(buildError, outside string) {
	d.set(func(u *watch.Snapshot) {
		first := d.result(0, 2)
		first.Done, first.BuildError, first.Outside = false, buildError, outside
		if buildError != "" {
			for i := range first.Steps {
				first.Steps[i].Status = progress.Unknown
			}
		}
		u.Running, u.Results = false, results(first, d.result(1, 0))
	})
}

// get asks the handler for a path.
func (d *desk) get(path string) *http.Response {
	return d.ask(httptest.NewRequest(http.MethodGet, "http://localhost:8090"+path, nil))
}

// ask has the handler answer a request.
func (d *desk) ask(r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	d.pages.Handler().ServeHTTP(w, r)
	return w.Result()
}

// page returns the page at a path, which has to be there.
func (d *desk) page(path string) string {
	return d.answer(path, http.StatusOK)
}

// answer returns the body of the answer with a status.
func (d *desk) answer(path string, status int) string {
	response := d.get(path)
	body, err := io.ReadAll(response.Body)
	require.NoError(d.t, err)
	require.Equal(d.t, status, response.StatusCode, "%s", body)
	require.NotContains(d.t, string(body), "ZgotmplZ", "a template has put something where it may not stand")
	return string(body)
}
