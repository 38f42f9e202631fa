package sessions

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// frames returns frames of these sizes, each filled with a different byte.
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

// Many goroutines put frames in while one drains: each frame comes once, and those of
// one goroutine in their order. This test is for -race above all.
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
