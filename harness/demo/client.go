package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"syscall"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

const (
	// defaultReconnectionTime is for a server that has not named one.
	defaultReconnectionTime = 3 * time.Second

	// minReconnectionTime keeps a server's "retry: 1" from making a hot loop.
	minReconnectionTime = 100 * time.Millisecond
)

// errEnough ends a client that has printed as many events as it was to.
var errEnough = errors.New("enough events")

// A Client is the basic client: it prints the events of a stream, and reconnects
// when the stream ends. It is for one Run.
type Client struct {
	URL    string
	HTTP   *http.Client
	Events io.Writer // gets the events, or the bytes
	Status io.Writer // gets a line for each connection that is made or lost
	Limit  int       // how many events to print; zero: no limit
	Raw    bool      // print the stream's bytes as they came, not the events

	connected bool // once at least
	printed   int
	lastID    string
	wait      time.Duration // the server's reconnection time; zero: it named none
}

// Run prints until ctx ends, Limit is reached, or the server wants no more
// connections (204): all of them return nil. A server that cannot be reached at
// the first attempt returns an error, and so does one that answers with
// something else than an event stream. A stream that was lost is taken up again.
func (c *Client) Run(ctx context.Context) error {
	if c.Raw {
		c.HTTP = teeing(c.HTTP, c.Events)
	}
	fmt.Fprintf(c.Status, "reading %s · Ctrl-C stops\n", c.URL)
	for {
		err := c.follow(ctx)
		switch {
		case ctx.Err() != nil || errors.Is(err, errEnough):
			return nil
		case status(err) == http.StatusNoContent:
			fmt.Fprintln(c.Status, "the server answered 204: it has nothing more to say, ever")
			return nil
		case !c.connected || isFinal(err):
			return fmt.Errorf("reading %s: %w", c.URL, explain(err))
		}
		if !c.pause(ctx, err) {
			return nil
		}
	}
}

// follow makes one connection and prints what comes, until it ends.
func (c *Client) follow(ctx context.Context) error {
	r, err := eventRequest(ctx, c.URL, c.lastID)
	if err != nil {
		return err
	}
	source, err := parsing.Connect(c.HTTP, r)
	if err != nil {
		return err
	}
	defer source.Close()
	defer c.remember(source)
	if c.connected {
		fmt.Fprintln(c.Status, "reconnected")
	}
	c.connected = true
	for event, err := range source.Events() {
		if err != nil {
			return err
		}
		if err := c.print(event); err != nil {
			return err
		}
	}
	return io.EOF
}

// print writes one event and reports errEnough when it was the last one wanted.
func (c *Client) print(event framing.Event) error {
	if !c.Raw {
		fmt.Fprintln(c.Events, describe(event))
	}
	c.printed++
	if c.printed == c.Limit {
		return errEnough
	}
	return nil
}

// remember keeps what the next connection needs of the one that ends. A decoder
// starts without a last event ID, so an empty one says nothing here.
func (c *Client) remember(source *parsing.Source) {
	if id := source.LastEventID(); id != "" {
		c.lastID = id
	}
	if wait := source.ReconnectionTime(); wait > 0 {
		c.wait = wait
	}
}

// pause waits for the reconnection time. It returns false if ctx ends first.
func (c *Client) pause(ctx context.Context, reason error) bool {
	wait := c.wait
	if wait == 0 {
		wait = defaultReconnectionTime
	}
	wait = max(wait, minReconnectionTime)
	fmt.Fprintf(c.Status, "%v; again in %v with Last-Event-ID: %q\n", explain(reason), wait, c.lastID)
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}

// eventRequest returns the GET that an EventSource would send: with the
// Last-Event-ID, if there is one.
func eventRequest(ctx context.Context, address, lastID string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	return r, nil
}

// status returns the HTTP status of an answer that is no event stream, or 0.
func status(err error) int {
	if response, ok := errors.AsType[*parsing.ResponseError](err); ok {
		return response.StatusCode
	}
	return 0
}

// isFinal reports whether reconnecting is pointless: the server answered, and
// not in a way that is over after a while (5xx, and 429, too many requests).
func isFinal(err error) bool {
	code := status(err)
	return code != 0 && code < 500 && code != http.StatusTooManyRequests
}

// explain puts the likely cause before the errors that say little by themselves.
func explain(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("the server ended the stream")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return errors.New("the connection broke")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nothing listens there; is the server running? (go run ./harness basic-sse-server)")
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err // without the URL, which the reader has seen
	}
	return err
}
