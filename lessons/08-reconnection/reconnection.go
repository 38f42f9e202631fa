// Package reconnection brings a client back whenever its stream is lost, and sends it
// what it missed.
package reconnection

import (
	"context"
	"net/http"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// A Reconnector keeps an event stream going: whenever the stream is lost, it waits, and
// connects again. Set its exported fields before Run. It is for one Run at a time, but
// Restart may be called from anywhere.
type Reconnector struct {
	URL string // of the event stream

	// Request makes the request of one connection, with ctx. It is called for each
	// connection, because a body can be read only once. Nil means a GET of URL.
	Request func(ctx context.Context) (*http.Request, error)

	Client      *http.Client   // nil: http.DefaultClient
	LastEventID string         // to begin with
	Delay       time.Duration  // before the first connection
	MinWindow   time.Duration  // the first window of a wait; zero: DefaultMinWindow
	MaxWindow   time.Duration  // the largest; zero: DefaultMaxWindow
	Random      func() float64 // in [0, 1), for the waits; nil: math/rand/v2's
	OnLost      func(Loss)     // is told of each loss, before the wait; may be nil

	restart
}

// Run connects, and calls follow with each connection's stream, one connection at a
// time. A stream that ends, a server that cannot be reached, and the statuses 429 and
// 5xx are losses: Run waits, and connects again. A request has the last event ID as its
// Last-Event-ID header, and its stream begins with that ID. If there is none, or a
// header cannot hold it, the request has no such header.
//
// Run returns ctx's cause when ctx ends, and nil when the server answers 204, No
// Content: it has nothing more to send. It returns any other response that is not an
// event stream as a *[parsing.ResponseError], an event that is too large as
// [parsing.ErrEventTooLarge], an error of Request, and the Err of a *[FinalError] from
// follow, even from a stream that Restart has ended. If ctx ends at that moment, Run may
// return either. When Run returns, the last stream is closed.
func (c *Reconnector) Run(ctx context.Context, follow Follow) error {
	// TODO: this makes one connection, without Delay. Go on until an error is final or ctx
	// ends. Each turn is a connection, a report to OnLost and a wait: see untilRestart.
	return c.connect(ctx, new(memory), follow)
}

// connect makes one connection and has follow read its stream. It returns how that
// ended, with what the next connection needs in kept.
func (c *Reconnector) connect(ctx context.Context, kept *memory, follow Follow) error {
	// TODO: Make the request, connect with parsing.Connect, and call follow.
	// Close the stream.
	// Keep the last event ID and the reconnection time. A stream that just
	// ends is io.EOF.
	return nil
}

// wait returns how long to wait after a loss: at least the server's reconnection time
// or its Retry-After, whichever is longer, and then a random part of a window. The
// first window is MinWindow, or the reconnection time if that is longer. Each further
// loss without progress doubles it. No window is longer than MaxWindow.
func (c *Reconnector) wait(kept *memory, err error) time.Duration {
	// TODO: this is enough for part 1. In part 2, at least the time that the server asks for
	// (see retryAfter), plus a random part of the window (see random).
	return kept.reconnectionTime
}

// isFinal reports whether to connect again is pointless: the server says that it has
// nothing for us, or would only do the same again.
func isFinal(err error) bool {
	// TODO: A response other than 429 or 500 to 599 is final, and so are a
	// FinalError and an event that is too large.
	return false
}

// Publish sends an event to all sessions, and keeps it. The event gets an ID of the
// log's, in place of its own. A session that would miss the event, because its queue is
// full or its policy refuses the event, is closed: its client comes back, and gets the
// rest from the log. That is no error. If the event cannot be framed, Publish returns a
// *[framing.FieldError], and the event does not count.
func (l *Log) Publish(e framing.Event) error {
	// TODO: Give the event its id, broadcast it, close the sessions that
	// missed it, and keep it.
	return nil
}

// ServeHTTP streams a session to its client, as [sessions.Registry.ServeHTTP] does. After
// the endpoint event, the client gets every event after the one with the request's
// Last-Event-ID, each once and in order, and then what is published. If the log no
// longer has all of these events, or never had that ID, the client gets a "reset" event
// instead, with the ID to go on from. A request whose Last-Event-ID is missing or empty
// gets a "start" event in the same way.
func (l *Log) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// TODO: Open the session, stream it to the client with what was missed,
	// and close it.
	l.sessions.ServeHTTP(w, r)
}
