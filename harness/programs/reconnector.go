package programs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"example.com/sseworkbook/harness/visible"
	framing "example.com/sseworkbook/solutions/01-framing"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
)

// errEnough ends a client that has got all that it wanted.
var errEnough = errors.New("enough events")

// A kindError says that a server is of another kind than its client is for.
type kindError string

func (e kindError) Error() string { return string(e) }

// A reconnector is lesson 08's Reconnector, and tells of each connection that is made
// or lost in a line. Both clients use one, for a single run.
type reconnector struct {
	url    string
	server string    // the command that starts the server, for whoever has forgotten to
	status io.Writer // gets the lines

	connected bool // once at least
}

// run has follow read one stream after the other, until ctx ends, follow has got
// enough, or the server wants no more connections (204): all of them return nil. A
// server that cannot be reached at the first attempt is an error, and so is one that
// answers with something else than an event stream, or is of another kind. A stream
// that was lost is taken up again.
func (r *reconnector) run(ctx context.Context, client *http.Client, follow reconnection.Follow) error {
	connecting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	err := (&reconnection.Reconnector{
		URL: r.url, Client: client,
		OnLost: func(loss reconnection.Loss) {
			if r.connected {
				r.lost(loss)
			} else {
				giveUp(loss.Err)
			}
		},
	}).Run(connecting, follow)
	switch {
	case ctx.Err() != nil || errors.Is(err, errEnough):
		return nil
	case err == nil:
		fmt.Fprintln(r.status, "the server answered 204: it has nothing more to send")
		return nil
	}
	return fmt.Errorf("reading %s: %w", r.url, explainFor(r.server, err))
}

// lost tells of a loss.
func (r *reconnector) lost(loss reconnection.Loss) {
	with := ""
	if loss.LastEventID != "" {
		with = " with Last-Event-ID: " + visible.Quote(loss.LastEventID)
	}
	fmt.Fprintf(r.status, "%v; reconnecting in %v%s\n", explainFor(r.server, loss.Err), loss.Wait.Round(100*time.Millisecond), with)
}

// opened takes note that follow has its connection.
func (r *reconnector) opened() {
	if r.connected {
		fmt.Fprintln(r.status, "reconnected")
	}
	r.connected = true
}

// missing tells of an event that says that others are missing.
func (r *reconnector) missing(event framing.Event) {
	switch event.Type {
	case "reset":
		fmt.Fprintln(r.status, "the server no longer has what came after the last event ID: events are missing here")
	case "gap":
		fmt.Fprintf(r.status, "this client was too slow: %s events are missing here\n", visible.Short(event.Data))
	}
}

// pause waits for so long. It returns false if ctx ends first.
func pause(ctx context.Context, wait time.Duration) bool {
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}
