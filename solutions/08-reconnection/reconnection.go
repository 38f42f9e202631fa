// Package reconnection brings a client back whenever its stream is lost, and sends it
// what it missed.
package reconnection

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
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
//
//lesson:begin // TODO: this makes one connection, without Delay. Go on until an error is final or ctx
//lesson:begin // ends. Each turn is a connection, a report to OnLost and a wait: see untilRestart.
//lesson:begin return c.connect(ctx, new(memory), follow)
func (c *Reconnector) Run(ctx context.Context, follow Follow) error {
	kept := &memory{lastEventID: c.LastEventID, reconnectionTime: DefaultReconnectionTime}
	c.untilRestart(ctx, func(ctx context.Context) { pause(ctx, c.Delay) })
	for ctx.Err() == nil {
		var err error
		c.untilRestart(ctx, func(ctx context.Context) {
			err = c.connect(ctx, kept, follow)
			if ctx.Err() == nil && !isFinal(err) {
				pause(ctx, c.lost(kept, err))
			}
		})
		if isFinal(err) {
			return result(err)
		}
	}
	return context.Cause(ctx)
}

// connect makes one connection and has follow read its stream. It returns how that
// ended, with what the next connection needs in kept.
//
//lesson:todo Make the request, connect with parsing.Connect, and call follow. Close the stream.
//lesson:todo Keep the last event ID and the reconnection time. A stream that just ends is io.EOF.
func (c *Reconnector) connect(ctx context.Context, kept *memory, follow Follow) error {
	r, err := c.request(ctx, kept.lastEventID)
	if err != nil {
		return err
	}
	source, err := parsing.Connect(cmp.Or(c.Client, http.DefaultClient), r)
	if err != nil {
		return err
	}
	defer source.Close()
	source.SetLastEventID(kept.lastEventID)
	err = follow(ctx, source, func(e framing.Event) {
		if !opens(e) {
			kept.losses = 0
		}
	})
	kept.lastEventID = source.LastEventID()
	if wait, said := source.ReconnectionTime(); said {
		kept.reconnectionTime = wait
	}
	return cmp.Or(err, io.EOF)
}

// lost takes note of a loss, tells OnLost, and returns how long to wait.
func (c *Reconnector) lost(kept *memory, err error) time.Duration {
	kept.losses++
	wait := c.wait(kept, err)
	if c.OnLost != nil {
		c.OnLost(Loss{Err: err, Wait: wait, Losses: kept.losses, LastEventID: kept.lastEventID})
	}
	return wait
}

// wait returns how long to wait after a loss: at least the server's reconnection time
// or its Retry-After, whichever is longer, and then a random part of a window. The
// first window is MinWindow, or the reconnection time if that is longer. Each further
// loss without progress doubles it. No window is longer than MaxWindow.
//
//lesson:begin // TODO: this is enough for part 1. In part 2, at least the time that the server asks for
//lesson:begin // (see retryAfter), plus a random part of the window (see random).
//lesson:begin return kept.reconnectionTime
func (c *Reconnector) wait(kept *memory, err error) time.Duration {
	most := cmp.Or(c.MaxWindow, DefaultMaxWindow)
	window := max(cmp.Or(c.MinWindow, DefaultMinWindow), kept.reconnectionTime)
	for range kept.losses - 1 {
		if window > most/2 {
			window = most
			break
		}
		window *= 2
	}
	least := max(kept.reconnectionTime, retryAfter(err))
	part := time.Duration(c.random() * float64(min(window, most)))
	return least + min(part, forever-least)
}

// isFinal reports whether to connect again is pointless: the server says that it has
// nothing for us, or would only do the same again.
//
//lesson:todo A response other than 429 or 500 to 599 is final, and so are a FinalError and an event that is too large.
func isFinal(err error) bool {
	if response, ok := errors.AsType[*parsing.ResponseError](err); ok {
		return response.StatusCode/100 != 5 && response.StatusCode != http.StatusTooManyRequests
	}
	_, final := errors.AsType[*FinalError](err)
	return final || errors.Is(err, parsing.ErrEventTooLarge)
}

// Publish sends an event to all sessions, and keeps it. The event gets an ID of the
// log's, in place of its own. A session that would miss the event, because its queue is
// full or its policy refuses the event, is closed: its client comes back, and gets the
// rest from the log. That is no error. If the event cannot be framed, Publish returns a
// *[framing.FieldError], and the event does not count.
//
//lesson:todo Give the event its id, broadcast it, close the sessions that missed it, and keep it.
func (l *Log) Publish(e framing.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.ID = l.id(l.last + 1)
	err := l.sessions.Broadcast(e)
	if missed, ok := errors.AsType[*sessions.MissedError](err); ok {
		for _, session := range missed.Sessions {
			session.Close()
		}
		err = nil
	}
	if err == nil {
		l.last++
		l.kept[l.last%uint64(len(l.kept))] = e
	}
	return err
}

// ServeHTTP streams a session to its client, as [sessions.Registry.ServeHTTP] does. After
// the endpoint event, the client gets every event after the one with the request's
// Last-Event-ID, each once and in order, and then what is published. If the log no
// longer has all of these events, or never had that ID, the client gets a "reset" event
// instead, with the ID to go on from. A request whose Last-Event-ID is missing or empty
// gets a "start" event in the same way.
//
//lesson:todo Open the session, stream it to the client with what was missed, and close it.
//lesson:begin l.sessions.ServeHTTP(w, r)
func (l *Log) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	session, missed, err := l.open(r.Context(), r.Header.Get("Last-Event-ID"))
	if err != nil {
		refuse(w, r, err)
		return
	}
	defer session.Close()
	session.Stream(w, r, missed...)
}

// open opens a session, and returns what its client missed.
func (l *Log) open(ctx context.Context, lastEventID string) (*sessions.Session, []framing.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	session, err := l.sessions.Open(ctx)
	return session, l.missed(lastEventID), err
}

// missed returns the events after the one with this id, or the one event that says
// where to begin instead.
func (l *Log) missed(lastEventID string) []framing.Event {
	n, ok := l.number(lastEventID)
	switch {
	case lastEventID == "":
		return []framing.Event{{Type: "start", ID: l.id(l.last)}}
	case !ok || n > l.last || l.last-n > uint64(len(l.kept)):
		return []framing.Event{{Type: "reset", ID: l.id(l.last)}}
	}
	var missed []framing.Event
	for ; n < l.last; n++ {
		missed = append(missed, l.kept[(n+1)%uint64(len(l.kept))])
	}
	return missed
}

// number returns the number in an id, and whether this log would have written the id so.
func (l *Log) number(id string) (n uint64, ok bool) {
	_, number, _ := strings.Cut(id, "-")
	n, _ = strconv.ParseUint(number, 10, 64) // what is not a number differs from any id
	return n, id == l.id(n)
}
