package pair_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
)

// spy is a test whose failure is looked at instead of reported.
type spy struct {
	testing.TB
	text     strings.Builder
	failed   bool
	cleanups []func()
}

// watch runs f as a test would be run, on a goroutine of its own that a failure
// ends, and returns what that test would have printed.
func watch(t *testing.T, f func(tb testing.TB)) string {
	s := &spy{TB: t}
	run(func() { f(s) })
	for _, cleanup := range s.cleanups {
		run(cleanup)
	}
	return strings.TrimSpace(s.text.String())
}

func run(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func (s *spy) Helper()                      {}
func (s *spy) Cleanup(f func())             { s.cleanups = append([]func(){f}, s.cleanups...) }
func (s *spy) Failed() bool                 { return s.failed }
func (s *spy) Log(args ...any)              { fmt.Fprintln(&s.text, args...) }
func (s *spy) Logf(f string, args ...any)   { s.Log(fmt.Sprintf(f, args...)) }
func (s *spy) Error(args ...any)            { s.Log(args...); s.failed = true }
func (s *spy) Errorf(f string, args ...any) { s.Error(fmt.Sprintf(f, args...)) }
func (s *spy) Fail()                        { s.failed = true }
func (s *spy) FailNow()                     { s.failed = true; runtime.Goexit() }
func (s *spy) Fatal(args ...any)            { s.Log(args...); s.FailNow() }
func (s *spy) Fatalf(f string, args ...any) { s.Fatal(fmt.Sprintf(f, args...)) }

func TestAWrongByteFailsAtOnceAndHasACaret(t *testing.T) {
	var url string
	text := watch(t, func(tb testing.TB) {
		p := pair.TCP(tb, untilGone("data: bx\n\n"))
		url = p.URL
		s := p.Open("/events", "Last-Event-ID", "it's")
		s.Expect("the second line of data is lost", "data: b\n\n")
	})
	require.Contains(t, text, `the second line of data is lost
waited for  "data: b\n\n"
came        "data: bx\n\n"
                    ^
handler     it waits at pair_test.go:`)
	require.Contains(t, text, `
request     as by curl -N -H 'Accept: text/event-stream' -H 'Cache-Control: no-cache' -H 'Last-Event-Id: it'\''s' '`+url+`/events'`)
}

func TestALongDifferenceIsShownAroundTheCaret(t *testing.T) {
	long := "data: " + strings.Repeat("é", 500)
	text := watch(t, func(tb testing.TB) {
		pair.TCP(tb, untilGone(long+"!\n\n")).Open("/events").Expect("a sentence", long+"?\n\n")
	})
	require.Contains(t, text, `waited for  …ééééé`)
	require.Regexp(t, `(?m)^came        …é+!\\n\\n"\n {53}\^$`, text)
}

// A stream that ends while somebody waits fails the wait at once, with the
// likely cause.
func TestAnEndFailsTheWait(t *testing.T) {
	ends := map[string]struct {
		handler http.HandlerFunc
		then    string
	}{
		"returned": {
			func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "data: a\n") },
			"then        EOF: the handler returned",
		},
		"aborted": {
			func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "data: a\n")
				flush(w)
				panic(http.ErrAbortHandler)
			},
			"then        unexpected EOF: the connection closed in the middle of the response",
		},
		"panicked": {
			func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "data: a\n")
				flush(w)
				io.WriteString(w, strings.Repeat("x", -1)) // panics in the standard library
			},
			"then        the handler of GET /events panicked: strings: negative Repeat count, at failing_test.go:",
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			text := watch(t, func(tb testing.TB) { pair.TCP(tb, end.handler).Open("/events").NextFrame("a sentence") })
			require.Contains(t, text, "a sentence\nwaited for  a frame, through its blank line\ncame        \"data: a\\n\"\n"+end.then)
			require.LessOrEqual(t, strings.Count(text, "\n"), 5, "too long:\n%s", text)
		})
	}
}

func TestAnAnswerThatNeverCameSaysWhy(t *testing.T) {
	text := watch(t, func(tb testing.TB) {
		p := pair.TCP(tb, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") }))
		p.Post("/answer", "text/plain", "yes")
	})
	require.Contains(t, text, "there was no response to POST /answer\nerror       Post ")
	require.Contains(t, text, ": EOF: the connection closed before any response")
	require.Contains(t, text, "\nserver      the handler of POST /answer panicked: oh, at failing_test.go:")
	require.Contains(t, text, "\nrequest     as by curl -N -H 'Content-Type: text/plain' -d 'yes' 'http://127.0.0.1:")
}

// A handler that goes on for ever does not hang the run: Close names it.
func TestAHandlerThatDoesNotReturnIsNamed(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	text := watch(t, func(tb testing.TB) { pair.TCP(tb, stubborn(release)).Open("/events") })
	require.Regexp(t, `^the handler of GET /events has not returned: it waits at failing_test\.go:\d+ \(chan receive\)\n`, text)
}

func TestAHandlerThatDoesNotReturnIsNamedInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		text := watch(t, func(tb testing.TB) { pair.Memory(tb, stubborn(release)).Open("/events") })
		require.Regexp(t, `^the handler of GET /events has not returned: it waits at failing_test\.go:\d+ \(chan receive\)\n`, text)
	})
}

// stubborn does not care whether its client is there.
func stubborn(release <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		flush(w)
		<-release
	}
}

func TestAPanicFailsATestThatDidNotNotice(t *testing.T) {
	text := watch(t, func(tb testing.TB) {
		p := pair.TCP(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			flush(w)
			panic("oh")
		}))
		p.Open("/events").WaitEnd("whatever the end is")
	})
	require.Regexp(t, `^a handler made a mistake that net/http only logs\nthe handler of GET /events panicked: oh, at failing_test\.go:\d+$`, text)
}

func TestASecondStatusFailsTheTest(t *testing.T) {
	text := watch(t, func(tb testing.TB) {
		p := pair.TCP(tb, pair.Logging(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			w.WriteHeader(500)
		})))
		p.Get("/")
	})
	require.Regexp(t, `^a handler made a mistake that net/http only logs\nhttp: superfluous response.WriteHeader call from .*\(failing_test\.go:\d+\)$`, text)
}

func TestAnAbortIsNoMistake(t *testing.T) {
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		flush(w)
		panic(http.ErrAbortHandler)
	}))
	require.ErrorIs(t, p.Open("/events").WaitEnd("it was aborted"), io.ErrUnexpectedEOF)
	p.Close()
	require.Empty(t, p.ServerLog())
}
