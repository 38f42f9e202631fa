package sessions

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	framing "example.com/sseworkbook/solutions/01-framing"
)

func TestAPolicyDecides(t *testing.T) {
	refused := errors.New("refused")
	oldest := func(waiting [][]byte, next []byte) ([][]byte, error) { // in place, as slices.Delete does it
		return append(slices.Delete(waiting, 0, 1), next), nil
	}
	for _, c := range []struct {
		name   string
		policy Policy
		next   string
		want   error
		left   []string
	}{
		{"it appends", func(w [][]byte, n []byte) ([][]byte, error) { return append(w, n), nil }, "four", nil, []string{"one", "two", "three", "four"}},
		{"it drops the oldest", oldest, "four", nil, []string{"two", "three", "four"}},
		{"it drops the next", func(w [][]byte, _ []byte) ([][]byte, error) { return w, nil }, "four", nil, []string{"one", "two", "three"}},
		{"it drops all", func([][]byte, []byte) ([][]byte, error) { return nil, nil }, "four", nil, nil},
		{"it refuses", func(w [][]byte, _ []byte) ([][]byte, error) { clear(w); return nil, refused }, "four", refused, []string{"one", "two", "three"}},
		{"it ends the session", func([][]byte, []byte) ([][]byte, error) { return nil, ErrClosed }, "four", ErrClosed, []string{"one", "two", "three"}},
		{"its queue is too long", func(w [][]byte, n []byte) ([][]byte, error) {
			return slices.Repeat([][]byte{n}, maxQueuedFrames+1), nil
		}, "four", ErrFull, []string{"one", "two", "three"}},
		{"its queue is too large, after it dropped the oldest in place", oldest, strings.Repeat("x", maxQueuedBytes), ErrFull, []string{"one", "two", "three"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sum total
			q := newQueue(nil, -1, &sum)
			for _, text := range []string{"one", "two", "three"} {
				require.NoError(t, q.put([]byte(text)))
			}
			q.policy = c.policy
			require.Equal(t, c.want, q.put([]byte(c.next)))
			require.EqualValues(t, len(strings.Join(c.left, "")), sum.bytes.Load())
			require.True(t, waits(q))
			require.Equal(t, c.left, drained(t, q))
			require.Zero(t, sum.bytes.Load())
		})
	}
}

// A policy does not see what is being written, and if it panics, nothing changes.
func TestAPolicySeesWhatWaits(t *testing.T) {
	var saw []int
	q := newQueue(func(waiting [][]byte, next []byte) ([][]byte, error) {
		saw = append(saw, len(waiting))
		if string(next) == "panic" {
			panic("policy")
		}
		return append(waiting, next), nil
	}, -1, new(total))
	require.NoError(t, q.put([]byte("one")))
	require.NoError(t, q.put([]byte("two")))
	require.NoError(t, q.drain(func(...[]byte) error { return q.put([]byte("three")) }))
	require.Panics(t, func() { q.put([]byte("panic")) })
	require.Equal(t, []int{0, 1, 0, 1}, saw)
	require.Equal(t, []string{"three"}, drained(t, q))
}

// A policy that returns ErrClosed ends the session, at a Send and at a Broadcast, and
// the Broadcast does not count that session among those that missed the event.
func TestAPolicyEndsASession(t *testing.T) {
	r := Registry{Policy: func([][]byte, []byte) ([][]byte, error) { return nil, ErrClosed }}
	for _, send := range []func(s *Session) error{
		func(s *Session) error { return s.Send(framing.Event{Data: "hello"}) },
		func(*Session) error {
			require.NoError(t, r.Broadcast(framing.Event{Data: "hello"}))
			return ErrClosed
		},
	} {
		s, err := r.Open(t.Context())
		require.NoError(t, err)
		require.Equal(t, ErrClosed, send(s))
		require.Zero(t, r.Len())
		<-s.Done()
	}
}

// MaxQueuedBytes is the registry's, zero its default, negative any number.
func TestMaxQueuedBytesIsForAllSessions(t *testing.T) {
	for _, c := range []struct{ max, want int }{{0, DefaultMaxQueuedBytes}, {5000, 5000}, {-1, -1}} {
		r := Registry{MaxQueuedBytes: c.max}
		s, err := r.Open(t.Context())
		require.NoError(t, err)
		require.Equal(t, c.want, s.queue.max)
		require.Same(t, &r.queued, s.queue.total)
	}
}
