package reconnection

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"iter"
	"maps"
	"math"
	mathrand "math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// The defaults of a [Reconnector].
const (
	DefaultReconnectionTime = 3 * time.Second // of a server that has not named one
	DefaultMinWindow        = time.Second
	DefaultMaxWindow        = 30 * time.Second
)

// DefaultLogSize is how many events a [Log] keeps if it is told no number.
const DefaultLogSize = 1000

// forever is the longest wait there is.
const forever time.Duration = math.MaxInt64

// A Follow reads one stream until it ends or ctx does, and calls progress with each
// event, on its own goroutine. It returns the stream's error, or nil. A *[FinalError]
// ends the Reconnector's Run.
type Follow func(ctx context.Context, source *parsing.Source, progress func(framing.Event)) error

// A FinalError says not to connect again.
type FinalError struct{ Err error }

func (e *FinalError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *FinalError) Unwrap() error { return e.Err }

// A Loss is a connection that was lost, or could not be made.
type Loss struct {
	Err         error         // why; io.EOF if the stream just ended
	Wait        time.Duration // how long until the next attempt
	Losses      int           // how many in a row, with this one: 1 after progress
	LastEventID string        // with which the next stream begins
}

// memory is what a Reconnector keeps from one connection to the next.
type memory struct {
	lastEventID      string
	reconnectionTime time.Duration
	losses           int // since the last progress
}

// opens reports whether e belongs to the opening of a stream, and is no progress:
// whoever accepts a connection and drops it sends such events too.
func opens(e framing.Event) bool {
	return e.Type == "endpoint" || e.Type == "start" || e.Type == "reset"
}

// result returns what Run returns for a final error.
func result(err error) error {
	if final, ok := errors.AsType[*FinalError](err); ok {
		return final.Err
	}
	if response, ok := errors.AsType[*parsing.ResponseError](err); ok && response.StatusCode == http.StatusNoContent {
		return nil
	}
	return err
}

// request returns the request of the next connection. It does not change what Request
// returns, which may be the same each time. An error of Request is final, unless ctx has
// ended.
func (c *Reconnector) request(ctx context.Context, lastEventID string) (*http.Request, error) {
	newRequest := c.Request
	if newRequest == nil {
		newRequest = func(ctx context.Context) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
		}
	}
	r, err := newRequest(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, &FinalError{err}
	}
	r = r.WithContext(ctx) // a copy
	header := http.Header{}
	maps.Copy(header, r.Header)
	header.Del("Last-Event-ID")
	if lastEventID != "" && !strings.ContainsFunc(lastEventID, notInHeaders) {
		header.Set("Last-Event-ID", lastEventID)
	}
	r.Header = header
	return r, nil
}

// notInHeaders reports whether no HTTP header may hold c (RFC 9110, section 5.5).
func notInHeaders(c rune) bool { return c < ' ' && c != '\t' || c == 0x7F }

// random returns a number in [0, 1).
func (c *Reconnector) random() float64 {
	if c.Random != nil {
		return c.Random()
	}
	return mathrand.Float64()
}

// retryAfter returns the wait that a refused connection asks for, or zero.
func retryAfter(err error) time.Duration {
	if response, ok := errors.AsType[*parsing.ResponseError](err); ok {
		return timeouts.ParseRetryAfter(response.Header.Get("Retry-After"))
	}
	return 0
}

// refuse tells a client that there is no session for it.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	(&sessions.Problem{Status: http.StatusServiceUnavailable, Detail: err.Error(), RetryAfter: 5 * time.Second}).ServeHTTP(w, r)
}

// pause waits for so long, or until ctx ends.
func pause(ctx context.Context, wait time.Duration) {
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
}

// A restart ends the current turn of a Reconnector's Run.
type restart struct {
	mu  sync.Mutex // guards end
	end context.CancelFunc
}

// Restart has a running Run connect again at once: it ends the current connection, or
// the current wait. Without a Run, it does nothing.
func (r *restart) Restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end != nil {
		r.end()
	}
}

// untilRestart calls f with a context that ends when ctx does, and on Restart.
func (r *restart) untilRestart(ctx context.Context, f func(ctx context.Context)) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	r.mu.Lock()
	r.end = end
	r.mu.Unlock()
	f(ctx)
}

// Events returns an iterator over the events of all connections. What ends Run with an
// error is the last thing that it yields.
func (c *Reconnector) Events(ctx context.Context) iter.Seq2[framing.Event, error] {
	return func(yield func(framing.Event, error) bool) {
		enough := false
		err := c.Run(ctx, func(_ context.Context, source *parsing.Source, progress func(framing.Event)) error {
			for event, err := range source.Events() {
				if err != nil {
					return err
				}
				progress(event)
				if !yield(event, nil) {
					enough = true
					return &FinalError{io.EOF}
				}
			}
			return nil
		})
		if err != nil && !enough {
			yield(framing.Event{}, err)
		}
	}
}

// Answering returns a Follow that has client answer the requests in each stream.
func Answering(client *cleanup.Client) Follow {
	return func(ctx context.Context, source *parsing.Source, progress func(framing.Event)) error {
		c := *client
		c.OnEvent = func(e framing.Event) {
			progress(e)
			if client.OnEvent != nil {
				client.OnEvent(e)
			}
		}
		return c.Answer(ctx, source, source.URL)
	}
}

// A Log sends events to all sessions, and keeps the last of them for clients that come
// back. It is an http.Handler for the sessions' event streams, and is safe for
// concurrent use.
type Log struct {
	sessions *sessions.Registry
	epoch    string // the ids of another log begin with another epoch

	// mu makes a new session and its position one step: each event is either among what
	// its client missed, or comes live.
	mu   sync.Mutex
	last uint64          // the number of the last event; zero: there was none
	kept []framing.Event // event n is at n % len(kept)
}

// NewLog returns a log that sends to the sessions in registry and keeps the last size
// events; zero or less means DefaultLogSize. Two logs never give the same ID.
func NewLog(registry *sessions.Registry, size int) *Log {
	if size <= 0 {
		size = DefaultLogSize
	}
	return &Log{sessions: registry, epoch: rand.Text(), kept: make([]framing.Event, size)}
}

// LastID returns the ID of the last event that was published: the ID to go on from. Before
// the first event, it is an ID, too.
func (l *Log) LastID() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.id(l.last)
}

// id returns the id of event number n.
func (l *Log) id(n uint64) string { return l.epoch + "-" + strconv.FormatUint(n, 10) }
