package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
	heartbeats "example.com/sseworkbook/solutions/09-heartbeats"
	backpressure "example.com/sseworkbook/solutions/10-backpressure"
)

// The windows of a client's waits are short, because a run is.
const (
	minWindow = 20 * time.Millisecond
	maxWindow = 200 * time.Millisecond
)

// waitStream is which of a seed's random numbers are those of the clients' waits.
const waitStream = 0x3a17

// errDone ends a client that has the last event.
var errDone = errors.New("the client has the last event")

// A client receives the events of a run. Its fields belong to the goroutine of run until
// that returns.
type client struct {
	number     int // from 1
	connection int // the current one, from 1
	judge      *Judge
	history    *history
	started    func() // is called when the client has its first ID
	transport  *http.Transport
	stream     *reconnection.Reconnector

	last    time.Time     // when the last event came
	longest time.Duration // how long none came, at most
}

// newClient returns a client of the stream at url. Started is called by run's goroutine.
func newClient(number int, url string, o Options, j *Judge, h *history, started func()) *client {
	c := &client{number: number, judge: j, history: h, started: started}
	c.transport = &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	random := rand.New(rand.NewPCG(o.Seed, waitStream<<32|uint64(number)))
	c.stream = &reconnection.Reconnector{
		URL:       url,
		Client:    &http.Client{Transport: &heartbeats.Transport{Base: o.broken(counting{c}), Limit: o.idle}},
		MinWindow: minWindow,
		MaxWindow: maxWindow,
		Random:    random.Float64,
		OnLost: func(loss reconnection.Loss) {
			h.add(Entry{Connection: c.connection, What: Lost, Text: loss.Err.Error()})
		},
	}
	return c
}

// run receives events until the last one has come, or ctx ends.
func (c *client) run(ctx context.Context) error {
	defer c.transport.CloseIdleConnections()
	err := c.stream.Run(ctx, backpressure.Complete(c.handle))
	switch {
	case errors.Is(err, errDone):
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil:
		err = errors.New("the server said that there is nothing more")
	}
	return fmt.Errorf("client %d gave up: %w", c.number, err)
}

// handle passes an event to the judge. It returns a final error after the last one.
func (c *client) handle(e framing.Event) error {
	before := c.judge.Position()
	number := c.judge.Hear(c.connection, e)
	switch e.Type {
	case "endpoint":
		return nil
	case "start":
		if before < 0 {
			c.last = time.Now()
			c.started()
		}
	case "reset":
		c.history.add(Entry{Connection: c.connection, What: Reset, From: before + 1, To: number})
	default:
		c.note(number)
	}
	if c.judge.Done() {
		return &reconnection.FinalError{Err: errDone}
	}
	return nil
}

// note takes note of an event that was published.
func (c *client) note(number int) {
	now := time.Now()
	c.longest = max(c.longest, now.Sub(c.last))
	c.last = now
	c.history.received(c.connection, number)
}

// counting is the innermost transport of a client. It counts the connections: each
// request has one of its own.
type counting struct{ c *client }

// RoundTrip implements [http.RoundTripper].
func (t counting) RoundTrip(r *http.Request) (*http.Response, error) {
	t.c.connection++
	t.c.history.add(Entry{Connection: t.c.connection, What: Opened, Text: r.Header.Get("Last-Event-ID")})
	return t.c.transport.RoundTrip(r)
}
