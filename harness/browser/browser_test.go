package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorder is a test that may fail or skip without the real one doing so.
type recorder struct {
	testing.TB
	failed, skipped string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// run runs f to its end, or to the Goexit of a failure.
func (r *recorder) run(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func TestWithoutAChromiumATestIsSkippedWithASentence(t *testing.T) {
	withoutChromium(t)
	t.Setenv("CI", "")
	r := &recorder{TB: t}
	r.run(func() { Start(r) })
	require.Contains(t, r.skipped, "no Chromium on this machine")
	require.Empty(t, r.failed)
}

func TestWithoutAChromiumACIRunFails(t *testing.T) {
	withoutChromium(t)
	t.Setenv("CI", "true")
	r := &recorder{TB: t}
	r.run(func() { Start(r) })
	require.Contains(t, r.failed, "a CI run must look at the pages")
}

func TestATabTellsWhatWentWrong(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; connect-src 'none'")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<link rel="icon" href="data:,"><p>seen by a person</p><p hidden>by none</p>`)
	}))
	t.Cleanup(server.Close)
	r := &recorder{TB: t}
	tab := Start(t).Open(r, server.URL, 800)
	tab.Complaints() // the policy's word on the icon

	r.run(func() { tab.Until("the lamp is lit", "lamp.lit") })
	require.Contains(t, r.failed, "the lamp is lit\n", "the sentence comes first")
	require.Contains(t, r.failed, "lamp is not defined", "then the cause")
	require.Contains(t, r.failed, "seen by a person", "then what the page shows")
	require.NotContains(t, r.failed, "by none")

	r.run(func() { Value[string](tab, "1 + 1") })
	require.Contains(t, r.failed, "1 + 1", "a value of another type than asked for is no value")

	Value[bool](tab, `(console.log('all is well'), console.error('paper jam'), true)`)
	complaints := tab.Complaints()
	require.Equal(t, []string{"error: paper jam"}, complaints)
	require.Empty(t, tab.Complaints(), "each complaint is told once")

	Value[bool](tab, fmt.Sprintf(`fetch(%q).then(() => false, () => true)`, server.URL))
	require.Contains(t, fmt.Sprint(tab.Complaints()), "Content Security Policy")
}

// withoutChromium leaves find nothing to find.
func withoutChromium(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if find() != "" {
		t.Skip("this machine's Chromium is found without PATH")
	}
}
