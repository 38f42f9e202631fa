package sessions

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrNotFound means that no session with this id is open.
	ErrNotFound = errors.New("no such session")
	// ErrLimit means that as many sessions are open as the limit allows.
	ErrLimit = errors.New("too many sessions")
	// ErrClosed means that the session has ended.
	ErrClosed = errors.New("the session has ended")
	// ErrFull means that a session's queue is full: its client is too far behind.
	ErrFull = errors.New("the session's queue is full")
)

// A MissedError names the sessions that missed a broadcast: their queues were full,
// or the registry's Policy refused the event. For errors.Is, it is [ErrFull].
type MissedError struct{ Sessions []*Session }

func (e *MissedError) Error() string {
	return fmt.Sprintf("%v: sessions that missed the event: %d", ErrFull, len(e.Sessions))
}

// Is reports whether target is [ErrFull].
func (e *MissedError) Is(target error) bool { return target == ErrFull }

// The default limits of a [Registry].
const (
	DefaultMaxSessions    = 10_000
	DefaultMaxQueuedBytes = 256 << 20
)

// How much may wait for one client. A single frame may be larger than that.
const (
	maxQueuedFrames = 1024
	maxQueuedBytes  = 1 << 20
)

// A Policy decides which frames wait for a client when a new one comes. Its arguments
// are the frames that are waiting already, and the new one. It returns an error or the
// new queue: the waiting frames and then the new one, unless the policy drops
// something. The new queue may use waiting's array. If it exceeds the limits, it is
// refused with [ErrFull]. After an error the queue is unchanged, and [ErrClosed] ends
// the session.
//
// A Policy is called under the queue's lock, so it must neither wait nor use the
// session. It must not change the bytes of a frame, and does not see the frames that
// are being written.
type Policy func(waiting [][]byte, next []byte) ([][]byte, error)

// A Sink sends the frames of a session to its client, all of them in one flush. A
// *[flushing.Stream] is one. A Sink must not change a frame, which all sessions may
// share, and must not keep the slice.
type Sink interface {
	SendFrames(frames ...[]byte) error
}

// A queue holds the frames that wait for one client. Many goroutines put frames in,
// and one drains it. While it is empty, it keeps little memory: see maxSpare.
type queue struct {
	policy Policy
	total  *total        // of the registry
	max    int           // of total; negative: any number
	ready  chan struct{} // holds a token while something waits

	mu     sync.Mutex // guards the rest
	closed bool
	frames [][]byte
	bytes  int      // of frames
	taken  int      // the bytes that are being written
	spare  [][]byte // an empty slice, to be reused for frames
}

func newQueue(policy Policy, max int, total *total) *queue {
	return &queue{policy: policy, total: total, max: max, ready: make(chan struct{}, 1)}
}

// put adds a frame, and never waits. The error is [ErrFull], [ErrClosed] or the
// policy's. After an error the frame was not added.
func (q *queue) put(frame []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	frames, bytes, err := q.with(frame)
	if err != nil {
		q.closed = errors.Is(err, ErrClosed) // at once: another put must not ask the policy again
		return err
	}
	alone := len(frames) == 1 && q.taken == 0
	full := len(frames) > maxQueuedFrames || bytes+q.taken > maxQueuedBytes
	if full && !alone || !q.total.add(bytes-q.bytes, q.max) {
		return ErrFull
	}
	q.frames, q.bytes = frames, bytes
	select {
	case q.ready <- struct{}{}:
	default: // the token is there
	}
	return nil
}

// with applies the policy to frame, and returns the frames that would then wait and
// their size in bytes. The caller holds mu.
func (q *queue) with(frame []byte) ([][]byte, int, error) {
	if q.policy == nil {
		return append(q.frames, frame), q.bytes + len(frame), nil
	}
	waiting := make([][]byte, len(q.frames), len(q.frames)+1) // a copy: what the policy returns may be refused
	copy(waiting, q.frames)
	frames, err := q.policy(waiting, frame)
	bytes := 0
	for _, f := range frames {
		bytes += len(f)
	}
	return frames, bytes, err
}

// drain calls write once with all waiting frames, if any, and returns write's error.
// The frames' bytes count until write returns.
func (q *queue) drain(write func(frames ...[]byte) error) error {
	q.mu.Lock()
	frames := q.frames
	q.frames, q.spare = q.spare, nil
	q.taken, q.bytes = q.bytes, 0
	q.mu.Unlock()

	defer q.drained(frames)
	if len(frames) == 0 {
		return nil // a policy dropped them, or the queue is closed
	}
	return write(frames...)
}

// drained stops counting the frames, and keeps their slice for the next ones.
func (q *queue) drained(frames [][]byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.total.add(-q.taken, q.max)
	q.taken = 0
	if cap(frames) <= maxSpare {
		clear(frames)
		q.spare = frames[:0]
	}
}

// maxSpare is the largest capacity of a slice that is kept.
const maxSpare = 64

// close drops what waits. From then on put returns [ErrClosed].
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.total.add(-q.bytes, q.max)
	q.frames, q.bytes = nil, 0
}

// A total counts the bytes in all queues of a registry. The zero value is ready to
// use. It is safe for concurrent use.
type total struct{ bytes atomic.Int64 }

// add adds n bytes to the count; n may be negative. It reports false, and adds
// nothing, if the count would exceed max. A negative max means any number.
func (t *total) add(n, max int) bool {
	if t.bytes.Add(int64(n)) <= int64(max) || max < 0 || n <= 0 {
		return true
	}
	t.bytes.Add(int64(-n))
	return false
}

// A Problem is an error in the form of an HTTP response (RFC 9457, problem+json). It
// is safe for concurrent use as long as no one changes it.
type Problem struct {
	Status     int           `json:"status"`
	Detail     string        `json:"detail"`         // what is wrong here; never what the client sent
	Code       int           `json:"code,omitempty"` // the error's code in JSON-RPC, if it has one
	RetryAfter time.Duration `json:"-"`              // when the client may try again, rounded up to seconds; zero: no Retry-After
}

func (p *Problem) Error() string { return p.Detail }

// MarshalJSON returns p with its title, which is the status in words.
func (p *Problem) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Status int    `json:"status"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Code   int    `json:"code,omitempty"`
	}{p.Status, http.StatusText(p.Status), p.Detail, p.Code})
}

// ServeHTTP responds with p.
func (p *Problem) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/problem+json")
	if p.RetryAfter > 0 {
		seconds := (p.RetryAfter + time.Second - 1) / time.Second
		w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) // a client that has left needs no answer
}
