package programs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	parsing "example.com/sseworkbook/solutions/03-parsing"
)

const (
	// defaultReconnectionTime is for a server that has not named one.
	defaultReconnectionTime = 3 * time.Second

	// minReconnectionTime keeps a server's "retry: 0" from making a hot loop.
	minReconnectionTime = 100 * time.Millisecond
)

// errEnough ends a client that has got all that it wanted.
var errEnough = errors.New("enough events")

// A kindError says that a server is of another kind than its client is for.
type kindError string

func (e kindError) Error() string { return string(e) }

// A reconnector makes a client's connection anew whenever it is lost. Both clients
// use one, for a single call of keep.
type reconnector struct {
	url    string
	server string    // the command that starts the server, for whoever has forgotten to
	status io.Writer // gets a line for each connection that is made or lost

	wait time.Duration // the server's reconnection time; zero: it named none
	note string        // what there is to say of the next attempt

	connected bool // once at least
}

// keep calls follow, which makes one connection and returns how that ended, until
// ctx ends, follow has got enough, or the server wants no more connections (204):
// all of them return nil. A server that cannot be reached at the first attempt
// returns an error, and so does one that answers with something else than an
// event stream, or is of another kind. A stream that was lost is taken up again.
func (r *reconnector) keep(ctx context.Context, follow func(context.Context) error) error {
	for {
		err := follow(ctx)
		switch {
		case ctx.Err() != nil || errors.Is(err, errEnough):
			return nil
		case status(err) == http.StatusNoContent:
			fmt.Fprintln(r.status, "the server answered 204: it has nothing more to send")
			return nil
		case !r.connected || isFinal(err):
			return fmt.Errorf("reading %s: %w", r.url, explainFor(r.server, err))
		}
		wait := cmp.Or(r.wait, defaultReconnectionTime)
		fmt.Fprintf(r.status, "%v; reconnecting in %v%s\n", explainFor(r.server, err), wait, r.note)
		if !pause(ctx, wait) {
			return nil
		}
	}
}

// opened takes note that follow has its connection.
func (r *reconnector) opened() {
	if r.connected {
		fmt.Fprintln(r.status, "reconnected")
	}
	r.connected = true
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

// status returns the HTTP status of an answer that is no event stream, or 0.
func status(err error) int {
	if response, ok := errors.AsType[*parsing.ResponseError](err); ok {
		return response.StatusCode
	}
	return 0
}

// isFinal reports whether reconnecting is pointless: the server is of another kind,
// sends an event that is too large, which it would send again, or answered, and not
// in a way that is over after a while (5xx, and 429, too many requests).
func isFinal(err error) bool {
	if _, ok := errors.AsType[kindError](err); ok || errors.Is(err, parsing.ErrEventTooLarge) {
		return true
	}
	code := status(err)
	return code != 0 && code < 500 && code != http.StatusTooManyRequests
}
