package programs

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
)

// A BasicClient is the basic client: it prints the events of a stream, and reconnects
// when the stream ends. It is for one Run.
type BasicClient struct {
	URL    string
	HTTP   *http.Client
	Events io.Writer // gets the events, or the bytes
	Status io.Writer // gets a line for each connection that is made or lost
	Limit  int       // how many events to print; zero: no limit
	Raw    bool      // print the stream's bytes as they came, not the events

	Idle time.Duration // how long nothing may come before it reconnects; zero: any time

	reconnector reconnector
	out         output
	printed     int
}

// Run prints until ctx ends, Limit is reached, or the server wants no more
// connections (204): all of them return nil. A server that cannot be reached at
// the first attempt returns an error, and so does one that answers with
// something else than an event stream, and a bidirectional one. A stream that was
// lost is taken up again. Events that cannot be written are an error at once.
func (c *BasicClient) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.out = output{c.Events, stop}
	c.HTTP = limited(c.HTTP, c.Idle)
	if c.Raw {
		c.HTTP = teeing(c.HTTP, c.out)
	}
	c.reconnector = reconnector{url: c.URL, server: "basic-sse-server", status: c.Status}
	fmt.Fprintf(c.Status, "reading %s · Ctrl-C stops\n", c.URL)
	err := c.reconnector.run(ctx, c.HTTP, c.follow)
	return cmp.Or(unwritten(ctx), err)
}

// follow prints the events of one stream, until it ends.
func (c *BasicClient) follow(_ context.Context, source *parsing.Source, progress func(framing.Event)) error {
	c.reconnector.opened()
	first := true
	for event, err := range source.Events() {
		if err != nil {
			return err
		}
		if first && event.Type == "endpoint" {
			return &reconnection.FinalError{Err: kindError("this is a bidirectional server, which waits for answers, but this client gives none (go run ./harness bidirectional-client does)")}
		}
		first = false
		progress(event)
		c.reconnector.missing(event)
		if err := c.print(event); err != nil {
			return &reconnection.FinalError{Err: err}
		}
	}
	return nil
}

// print writes one event and reports errEnough when it was the last one wanted.
func (c *BasicClient) print(event framing.Event) error {
	if !c.Raw {
		if _, err := fmt.Fprintln(c.out, Describe(event)); err != nil {
			return err
		}
	}
	c.printed++
	if c.printed == c.Limit {
		return errEnough
	}
	return nil
}
