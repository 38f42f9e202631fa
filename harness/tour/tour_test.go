package tour_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/sseworkbook/harness/tour"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// play runs a tour and returns what it wrote.
func play(t *testing.T, tt *tour.Tour) string {
	var out strings.Builder
	tt.Out = &out
	require.NoError(t, tt.Run(t.Context()))
	return out.String()
}

func TestTheTourShowsTheBytesAndWhatTheyMean(t *testing.T) {
	out := play(t, &tour.Tour{})
	for _, want := range []string{
		`← data: {"n":1,"text":"hello"}␊        │`,
		`← ␊                                    │ tick · id 1 · {"n":1,"text":"hello"}`,
		`← data: event: forged␊`,
		`← : still here␊`,
		`← data: {"n":4,"text":"                │ no event: the connection broke`,
		`→ Last-Event-ID: 3`,
		`tick · id 5 · {"n":5}`,
		`no event: the server ended the stream`,
	} {
		require.Contains(t, out, want)
	}
	for _, id := range []string{"1", "2", "3", "4", "5"} {
		require.Equal(t, 1, strings.Count(out, "tick · id "+id), "the client gets each event once, and so event %s", id)
	}
}

func TestTheTourDrawsEachMessageAsAnArrow(t *testing.T) {
	out := play(t, &tour.Tour{})
	for _, want := range []string{
		// Asked in one order, answered in the other, and still matched.
		`
   ├─────→│      │      │   POST /trigger approve {"amount":120}   07 reference
   │      ├─────→│      │   request 2 approve {"amount":120}       05 reference
   ├─────→│      │      │   POST /trigger price {"item":7}         07 reference
   │      ├─────→│      │   request 3 price {"item":7}             05 reference
   │      │←─────┤      │   POST /responses 3 {"euros":42}         06 reference
   │      ├─────→│      │   202 Accepted                           05 reference
   │←─────┤      │      │   200 {"result":{"euros":42}}            07 reference
   │      │←─────┤      │   POST /responses 2 {"ok":true}          06 reference
   │      ├─────→│      │   202 Accepted                           05 reference
   │←─────┤      │      │   200 {"result":{"ok":true}}             07 reference
`,
		// Out of time, and then too late.
		`
   │      ├────────────→│   notifications/cancelled 4              06 reference
   │←─────┤      │      │   504 Gateway Timeout                    06 reference
   │      │      │      │   the client did not answer in time
`, `
   │      │←────────────┤   POST /responses 4 {"ok":true}          06 reference
   │      ├────────────→│   410 Gone                               05 reference
   │      │      │      │   the caller no longer waits for this response
`,
		// Whoever leaves takes everything along, and the caller hears of it.
		`
   │      │←────────────╳   (the connection ends)                  07 reference
   │←─────┤      │          502 Bad Gateway                        07 reference
   │      │      │          the client left before it answered
   ├─────→│      │          GET /healthz                           07 reference
   │←─────┤      │          200 {"pending":0,"sessions":1}         07 reference
`,
		`503 Service Unavailable                07 reference`,
	} {
		require.Contains(t, out, want)
	}
}

// chance is what differs from tour to tour: the port, and the sessions' ids, of
// which the tour shows a few characters and no more.
var chance = regexp.MustCompile(`127\.0\.0\.1:\d+|session=\w{4}…`)

func TestEveryTourIsTheSame(t *testing.T) {
	first := chance.ReplaceAllString(play(t, &tour.Tour{}), "…")
	require.Contains(t, first, "endpoint responses?…")
	for range 2 {
		require.Equal(t, first, chance.ReplaceAllString(play(t, &tour.Tour{}), "…"))
	}
}

func TestTheTourFitsOnATerminal(t *testing.T) {
	out := play(t, &tour.Tour{})
	require.NotContains(t, out, "\x1b", "there are no colours where none were asked for")
	for line := range strings.Lines(out) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
	}
	require.Contains(t, play(t, &tour.Tour{Colour: true}), "\x1b[1m1 · The client connects\x1b[0m")
}

func TestTheTourSaysWhoseCodeRan(t *testing.T) {
	out := play(t, &tour.Tour{Yours: []string{"01-framing"}})
	require.Contains(t, out, "framed by lesson 01 (yours)")
	require.Contains(t, out, "parsed by lesson 03 (reference)")
	require.NotContains(t, out, "lesson 01 (reference)")

	out = play(t, &tour.Tour{Yours: []string{"05-correlation"}})
	require.Regexp(t, `request 1 .* 05 yours\n`, out)
	require.Regexp(t, `POST /responses 1 .* 06 reference\n`, out)
	require.Regexp(t, `05-correlation +yours\n`, out)
}

func TestTheTourCanBeStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := writerFunc(func(p []byte) (int, error) {
		if strings.HasPrefix(string(p), "1 · ") {
			cancel() // the next scene is an hour away
		}
		return len(p), nil
	})
	slow := &tour.Tour{Out: out, Pause: time.Hour}
	require.ErrorIs(t, slow.Run(ctx), context.Canceled)
}

func TestATourThatCannotWriteSaysSo(t *testing.T) {
	full := errors.New("the disk is full")
	err := (&tour.Tour{Out: writerFunc(func([]byte) (int, error) { return 0, full })}).Run(t.Context())
	require.ErrorIs(t, err, full)
}

// A writerFunc is an io.Writer.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
