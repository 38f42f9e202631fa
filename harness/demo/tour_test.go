package demo_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/demo"
)

// tour runs a tour and returns what it wrote.
func tour(t *testing.T, tour *demo.Tour) string {
	var out strings.Builder
	tour.Out = &out
	require.NoError(t, tour.Run(t.Context()))
	return out.String()
}

func TestTheTourShowsTheBytesAndWhatTheyMean(t *testing.T) {
	out := tour(t, &demo.Tour{})
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

func TestTheTourFitsOnATerminal(t *testing.T) {
	out := tour(t, &demo.Tour{})
	require.NotContains(t, out, "\x1b", "there are no colours where none were asked for")
	for line := range strings.Lines(out) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
	}
	require.Contains(t, tour(t, &demo.Tour{Colour: true}), "\x1b[1m1 · The client connects\x1b[0m")
}

func TestTheTourSaysWhoseCodeRan(t *testing.T) {
	out := tour(t, &demo.Tour{Yours: []string{"01-framing"}})
	require.Contains(t, out, "framed by lesson 01 (yours)")
	require.Contains(t, out, "parsed by lesson 03 (reference)")
	require.NotContains(t, out, "lesson 01 (reference)")
}

func TestTheTourCanBeStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := writerFunc(func(p []byte) (int, error) {
		if strings.HasPrefix(string(p), "1 · ") {
			cancel() // the next scene is an hour away
		}
		return len(p), nil
	})
	slow := &demo.Tour{Out: out, Pause: time.Hour}
	require.ErrorIs(t, slow.Run(ctx), context.Canceled)
}

func TestATourThatCannotWriteSaysSo(t *testing.T) {
	full := errors.New("the disk is full")
	err := (&demo.Tour{Out: writerFunc(func([]byte) (int, error) { return 0, full })}).Run(t.Context())
	require.ErrorIs(t, err, full)
}

// A writerFunc is an io.Writer.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
