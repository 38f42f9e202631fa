package pair_test

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
)

// childRun names the environment variable under which the tests below hang for
// real, in a process of their own.
const childRun = "PAIR_CHILD"

// A wait for what never comes is ended by the step: in a bubble at once, over
// TCP by the watchdog. Each of these says what was awaited and where the
// handler is.
func TestWhatNeverComesIsReported(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"TestChildFrameInABubble", `an event should come
        waited for  a frame, through its blank line
        came        "data: a\n"
        handler     it waits at pair_test\.go:\d+ \(chan receive\)
        request     GET /events \(in memory, where curl cannot reach it\)`},
		{"TestChildFrameOverTCP", `an event should come
        waited for  a frame, through its blank line
        came        "data: a\n"
        handler     it waits at pair_test\.go:\d+ \(chan receive\)
        request     as by curl -N .*/events'`},
		{"TestChildNoHeaders", `the client of GET /events is still waiting for a status line: in a browser, onopen never fires
        handler     it waits at hanging_test\.go:\d+ \(chan receive\)`},
		{"TestChildStubbornHandler", `the handler should be gone
        handler     it waits at failing_test\.go:\d+ \(chan receive\)`},
		{"TestChildOutsideHandler", `a handler has not returned after its client left
        handler     of GET /events: it waits at hanging_test\.go:\d+ \(sync.WaitGroup.Wait\)`},
		{"TestChildLeftHandler", `the handler of GET /events has not returned: it waits at failing_test\.go:\d+ \(chan receive\)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Regexp(t, quoteNewlines(test.want), child(t, test.name))
		})
	}
}

func quoteNewlines(s string) string { return strings.ReplaceAll(s, `\n"`, `\\n"`) }

// child runs one test of this binary, which must fail, and returns its output.
func child(t *testing.T, name string) string {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), childRun+"=1", "STEP_LIMIT=1s", "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	require.Error(t, err, "it must fail:\n%s", out)
	return string(out)
}

func onlyInChild(t *testing.T) {
	if os.Getenv(childRun) == "" {
		t.Skip("hangs; another test runs it")
	}
}

func TestChildFrameInABubble(t *testing.T) {
	onlyInChild(t)
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		pair.Memory(t, untilGone("data: a\n")).Open("/events").NextFrame("an event should come")
	})
}

func TestChildFrameOverTCP(t *testing.T) {
	onlyInChild(t)
	defer step.Begin(t)()
	pair.TCP(t, untilGone("data: a\n")).Open("/events").NextFrame("an event should come")
}

func TestChildNoHeaders(t *testing.T) {
	onlyInChild(t)
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		})).Open("/events")
	})
}

func TestChildStubbornHandler(t *testing.T) {
	onlyInChild(t)
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		s := pair.Memory(t, stubborn(make(chan struct{}))).Open("/events")
		s.Leave()
		s.WaitHandler("the handler should be gone")
	})
}

func TestChildLeftHandler(t *testing.T) {
	onlyInChild(t)
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		pair.Memory(t, stubborn(make(chan struct{}))).Open("/events")
	})
}

// A goroutine that waits for something outside its bubble stops the clock of its bubble, and with it
// the limit of Close: the watchdog has to speak.
func TestChildOutsideHandler(t *testing.T) {
	onlyInChild(t)
	defer step.Begin(t)()
	var outside sync.WaitGroup
	outside.Add(1)
	step.Bubble(t, func(t *testing.T) {
		pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			flush(w)
			outside.Wait()
		})).Open("/events")
	})
}
