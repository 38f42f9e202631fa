package sessions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// frames returns frames of these sizes, each of another byte.
func frames(sizes ...int) [][]byte {
	var all [][]byte
	for i, size := range sizes {
		all = append(all, bytes.Repeat([]byte{byte('a' + i%26)}, size))
	}
	return all
}

// drained returns what a drain hands over, as one string for each frame.
func drained(t *testing.T, q *queue) []string {
	t.Helper()
	var got []string
	require.NoError(t, q.drain(func(frames ...[]byte) error {
		for _, f := range frames {
			got = append(got, string(f))
		}
		return nil
	}))
	return got
}

// waits reports whether the queue says that something waits, and takes its token.
func waits(q *queue) bool {
	select {
	case <-q.ready:
		return true
	default:
		return false
	}
}

func TestAQueueKeepsOrderAndHandsOverAll(t *testing.T) {
	var sum total
	q := newQueue(nil, -1, &sum)
	require.False(t, waits(q))
	require.Empty(t, drained(t, q))
	for round := range 5 { // with the slice of the round before, too
		want := []string{}
		for i := range 100 * round {
			want = append(want, fmt.Sprint(round, i))
			require.NoError(t, q.put([]byte(want[i])))
		}
		require.Equal(t, round > 0, waits(q))
		require.False(t, waits(q), "one token, however many frames wait")
		require.ElementsMatch(t, want, drained(t, q))
		require.Zero(t, sum.bytes.Load())
	}
}

func TestAQueueIsBounded(t *testing.T) {
	for _, c := range []struct {
		name    string
		waiting []int // the sizes of the frames that wait
		next    int
		want    error
	}{
		{"the last frame that fits", slices.Repeat([]int{1}, maxQueuedFrames-1), 1, nil},
		{"a frame too many", slices.Repeat([]int{1}, maxQueuedFrames), 1, ErrFull},
		{"the last byte that fits", []int{maxQueuedBytes - 1}, 1, nil},
		{"a byte too many", []int{maxQueuedBytes}, 1, ErrFull},
		{"a larger frame alone", nil, maxQueuedBytes + 1, nil},
		{"a larger frame behind another", []int{1}, maxQueuedBytes + 1, ErrFull},
		{"a frame behind a larger one", []int{maxQueuedBytes + 1}, 1, ErrFull},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sum total
			q := newQueue(nil, -1, &sum)
			for _, f := range frames(c.waiting...) {
				require.NoError(t, q.put(f))
			}
			before := sum.bytes.Load()
			require.Equal(t, c.want, q.put(make([]byte, c.next)))
			if c.want != nil {
				require.Equal(t, before, sum.bytes.Load())
				require.Len(t, drained(t, q), len(c.waiting))
			}
		})
	}
}

// What is being written counts in bytes until write returns, and not in frames.
func TestWhatIsBeingWrittenCounts(t *testing.T) {
	var sum total
	q := newQueue(nil, -1, &sum)
	require.NoError(t, q.put(make([]byte, maxQueuedBytes-10)))
	failed := errors.New("failed")
	require.Equal(t, failed, q.drain(func(...[]byte) error {
		require.EqualValues(t, maxQueuedBytes-10, sum.bytes.Load())
		require.Equal(t, ErrFull, q.put(make([]byte, 11)))
		require.NoError(t, q.put(make([]byte, 10)))
		require.Equal(t, ErrFull, q.put(make([]byte, maxQueuedBytes+1)), "a larger frame is alone when nothing is being written")
		return failed
	}))
	require.EqualValues(t, 10, sum.bytes.Load())
	require.NoError(t, q.put(make([]byte, 11)))
}

func TestQueuesShareABound(t *testing.T) {
	var sum total
	a, b := newQueue(nil, 100, &sum), newQueue(nil, 100, &sum)
	require.NoError(t, a.put(make([]byte, 60)))
	require.Equal(t, ErrFull, b.put(make([]byte, 41)))
	require.NoError(t, b.put(make([]byte, 40)))
	require.Len(t, drained(t, a), 1)
	require.NoError(t, b.put(make([]byte, 60)))
	b.close()
	require.NoError(t, a.put(make([]byte, 100)))
	require.Equal(t, ErrFull, a.put(make([]byte, 1)))

	var any total
	require.NoError(t, newQueue(nil, -1, &any).put(make([]byte, 1000)))
}

func TestAQueueIsClosed(t *testing.T) {
	var sum total
	q := newQueue(nil, -1, &sum)
	require.NoError(t, q.put([]byte("one")))
	q.close()
	q.close()
	require.Zero(t, sum.bytes.Load())
	require.Equal(t, ErrClosed, q.put([]byte("two")))
	require.Empty(t, drained(t, q))
	require.Zero(t, sum.bytes.Load())
}

func TestAQueueIsClosedWhileItIsDrained(t *testing.T) {
	var sum total
	q := newQueue(nil, -1, &sum)
	require.NoError(t, q.put([]byte("one")))
	require.NoError(t, q.drain(func(frames ...[]byte) error {
		require.NoError(t, q.put([]byte("three")))
		q.close()
		require.EqualValues(t, len("one"), sum.bytes.Load(), "it is still being written")
		require.Equal(t, "one", string(frames[0]))
		return nil
	}))
	require.Zero(t, sum.bytes.Load())
	require.Empty(t, drained(t, q))
}

func TestAPanicInTheSinkLeavesNothingCounted(t *testing.T) {
	var sum total
	q := newQueue(nil, -1, &sum)
	require.NoError(t, q.put([]byte("one")))
	require.PanicsWithValue(t, "sink", func() { q.drain(func(...[]byte) error { panic("sink") }) })
	require.Zero(t, sum.bytes.Load())
	require.NoError(t, q.put([]byte("two")))
	require.Equal(t, []string{"two"}, drained(t, q))
}

// A large burst must not be kept in memory, and an idle queue holds no frame.
func TestAQueueLetsGoOfFrames(t *testing.T) {
	q := newQueue(nil, -1, new(total))
	for _, n := range []int{10, 2 * maxSpare} {
		for range n {
			require.NoError(t, q.put([]byte("frame")))
		}
		require.Len(t, drained(t, q), n)
		require.LessOrEqual(t, cap(q.spare), maxSpare)
		for _, f := range q.spare[:cap(q.spare)] {
			require.Nil(t, f)
		}
	}
}

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

// A policy does not see what is being written, and a panic of it changes nothing.
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

// A policy that returns ErrClosed ends the session, at a Send as at a Broadcast, and
// the broadcast does not count it among those that missed the event.
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

// Many put frames in while one drains: each frame comes once, and those of one putter
// in their order. It is for -race above all.
func TestManyPutWhileOneDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const putters, each = 8, 100
		var sum total
		q := newQueue(nil, -1, &sum)
		var last [putters]int
		count := 0
		stop := make(chan struct{})
		var drainer, all sync.WaitGroup
		drainer.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-q.ready:
					q.drain(func(frames ...[]byte) error {
						for _, f := range frames {
							count++
							last[f[0]]++
							if last[f[0]] != int(f[1]) {
								t.Errorf("frame %d of a putter came as its frame %d", f[1], last[f[0]])
							}
						}
						return nil
					})
				}
			}
		})
		for i := range putters {
			all.Go(func() {
				for n := range each {
					if err := q.put([]byte{byte(i), byte(n + 1)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		synctest.Wait()
		close(stop)
		drainer.Wait()
		require.Equal(t, putters*each, count)
		require.Zero(t, sum.bytes.Load())
	})
}

func TestAMissedErrorSaysHowMany(t *testing.T) {
	err := fmt.Errorf("broadcasting: %w", &MissedError{Sessions: make([]*Session, 3)})
	require.ErrorIs(t, err, ErrFull)
	require.NotErrorIs(t, err, ErrClosed)
	require.ErrorContains(t, err, "3 sessions missed the event")
}

// One Problem may answer many requests at once: with -race this sees a write to it.
func TestAProblemIsShared(t *testing.T) {
	shared := &Problem{Status: 429, Detail: "too fast", Code: -32000, RetryAfter: 1500 * time.Millisecond}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			w := httptest.NewRecorder()
			shared.ServeHTTP(w, nil)
			if w.Code != 429 || w.Header().Get("Retry-After") != "2" || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("the response is %d %v", w.Code, w.Header())
			}
			var got map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got) != 4 ||
				got["title"] != "Too Many Requests" || got["status"] != 429. || got["detail"] != "too fast" || got["code"] != -32000. {
				t.Errorf("the body is %s", w.Body)
			}
		})
	}
	all.Wait()
	require.Equal(t, "too fast", shared.Error())

	w := httptest.NewRecorder()
	(&Problem{Status: 404, Detail: "not here"}).ServeHTTP(w, nil)
	require.Empty(t, w.Header().Values("Retry-After"))
	require.JSONEq(t, `{"title":"Not Found","status":404,"detail":"not here"}`, w.Body.String())
}
