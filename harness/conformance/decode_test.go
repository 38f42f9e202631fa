package conformance_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// A reading is what the decoder made of a stream.
type reading struct {
	events []framing.Event
	lastID string
	retry  time.Duration
	err    error
}

// read decodes r to its end, and once more.
func read(t *testing.T, r io.Reader) reading {
	t.Helper()
	d := parsing.NewDecoder(r)
	var got reading
	for event, err := range d.Events() {
		require.NoError(t, err)
		got.events = append(got.events, event)
	}
	_, got.err = d.Decode()
	got.lastID = d.LastEventID()
	got.retry, _ = d.ReconnectionTime()
	return got
}

// want is the reading of a case: "message" is the type of events that have none.
func (c testCase) want() reading {
	w := reading{lastID: c.lastID, retry: c.retry, err: io.EOF}
	for _, event := range c.events {
		if event.Type == "" {
			event.Type = "message"
		}
		w.events = append(w.events, event)
	}
	return w
}

// TestTheDecoderReadsWhatTheStandardSays reads each case in one piece, one byte
// at a time, with the last bytes together with io.EOF, and in two pieces, cut at
// each position.
func TestTheDecoderReadsWhatTheStandardSays(t *testing.T) {
	for _, clause := range clauses {
		t.Run(clause.name, func(t *testing.T) {
			for _, c := range clause.cases {
				t.Run(c.name, func(t *testing.T) { c.check(t) })
			}
		})
	}
}

func (c testCase) check(t *testing.T) {
	want := c.want()
	require.Equal(t, want, read(t, strings.NewReader(c.wire)), "%q in one piece", c.wire)
	require.Equal(t, want, read(t, iotest.OneByteReader(strings.NewReader(c.wire))), "%q byte by byte", c.wire)
	require.Equal(t, want, read(t, iotest.DataErrReader(strings.NewReader(c.wire))), "%q, the last bytes with io.EOF", c.wire)
	for at := range c.wire {
		before, after := c.wire[:at], c.wire[at:]
		pieces := io.MultiReader(strings.NewReader(before), strings.NewReader(after))
		require.Equal(t, want, read(t, pieces), "%q | %q", before, after)
	}
}

// TestEveryCaseHasItsOwnName keeps the table readable: go test would number
// the second of two.
func TestEveryCaseHasItsOwnName(t *testing.T) {
	seen := map[string]bool{}
	for _, clause := range clauses {
		for _, c := range clause.cases {
			name := clause.name + ": " + c.name
			require.False(t, seen[name], name)
			seen[name] = true
		}
	}
}
