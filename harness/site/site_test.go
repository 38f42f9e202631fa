package site_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/watch"
)

func TestTheFrontPageSaysWhereYouAre(t *testing.T) {
	d := newDesk(t)
	require.Contains(t, d.page("/"), "The tests have not been run yet.")
	d.set(func(u *watch.Snapshot) { u.Running = true })
	require.Contains(t, d.page("/"), "Running the tests for the first time …")

	d.ran(1)
	page := d.page("/")
	require.Contains(t, page, "Greeting: step 2 of 2 is red.")
	require.Contains(t, page, "A NUL leaves with an ID")
	require.Contains(t, page, "Nobody &lt;i&gt;heard&lt;/i&gt; a word")
	require.Contains(t, page, "lessons/01-greeting/part1_test.go:9")
	require.Contains(t, page, "1 of 4 steps")
	require.Contains(t, page, `<a href="/lessons/02-parting">`)

	d.set(func(u *watch.Snapshot) { u.Running = true })
	require.Contains(t, d.page("/"), "Saved. Running the tests …")

	d.broken("greeting.go:3: syntax error", "")
	require.Contains(t, d.page("/"), "Greeting: it does not compile yet.")
	require.Contains(t, d.page("/"), "Make it compile")
	d.broken("", "found a goroutine")
	require.Contains(t, d.page("/"), "Something fails outside the steps")
	d.set(func(u *watch.Snapshot) { u.Err = errors.New("there is no go command") })
	require.Contains(t, d.page("/"), "there is no go command")

	d.set(func(u *watch.Snapshot) {
		u.Err, u.Results = nil, results(d.result(0, 2), d.result(1, 2))
	})
	page = d.page("/")
	require.Contains(t, page, "All lessons are done.")
	require.Contains(t, page, "<p>You can now say <code>hello</code>. Nobody is puzzled any more.</p>", "what was built")
	require.Contains(t, page, `<p class="seen">built on 01 Greeting</p>`, "and on what")
	require.Contains(t, page, `<a href="/lessons/02-parting/diff">Compare</a>`)
	require.Contains(t, page, "<code>go run ./harness demo -mine</code>")
	require.Contains(t, page, "<code>go run ./harness update</code>")
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	d := newDesk(t)
	require.Contains(t, d.answer("/nothing", http.StatusNotFound), "There is no such page")
	require.Contains(t, d.answer("/lessons/greting", http.StatusNotFound), "did you mean 01-greeting?")
	require.Contains(t, d.answer("/contributing", http.StatusNotFound), "cannot be read")
	require.Contains(t, d.answer("/demo", http.StatusNotFound), "There is no such page")

	require.NotContains(t, d.page("/"), `href="/demo"`)
	d.pages.Demo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) })
	require.Contains(t, d.page("/demo"), `<a class="brand" href="/">`, "it has the head of all pages")
	require.Equal(t, "/demo/events", d.page("/demo/events"))
	require.Contains(t, d.page("/"), `href="/demo"`)
}

// A lesson has one page, and other names lead there.
func TestALessonIsFoundByItsNumber(t *testing.T) {
	d := newDesk(t)
	for from, to := range map[string]string{
		"/lessons/":             "/",
		"/lessons/1":            "/lessons/01-greeting",
		"/lessons/greeting":     "/lessons/01-greeting",
		"/lessons/02/diff":      "/lessons/02-parting/diff",
		"/lessons/parting/diff": "/lessons/02-parting/diff",
	} {
		response := d.get(from)
		require.Equal(t, http.StatusFound, response.StatusCode)
		require.Equal(t, to, response.Header.Get("Location"))
	}
}
