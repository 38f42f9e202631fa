package tour

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"example.com/sseworkbook/harness/programs"
	"example.com/sseworkbook/harness/visible"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
)

// A oneWay is the first act's event stream, with both of its ends: that of a real
// server on a socket, and that of its client. It notes what passes between them.
// Only the tour's own goroutine uses it.
type oneWay struct {
	ctx    context.Context // the act's, until close
	leave  context.CancelFunc
	addr   string // of the server
	stop   func() // ends it
	opened chan *serverEnd

	stream *serverEnd      // the server's end
	source *parsing.Source // the client's end, or nil

	client    reconnection.Reconnector
	sources   chan *parsing.Source // each new one
	ended     error                // how the last one ended
	outcomes  chan error           // tells that to the client
	following sync.WaitGroup       // the client's Run

	transport http.Transport
	response  *http.Response // the last one
	wire      bytes.Buffer   // what the client has read since the last look
}

// A serverEnd is the server's end of a stream. The handler that has opened it
// leaves it to the tour until the tour ends it.
type serverEnd struct {
	*flushing.Stream
	request http.Header // as the server got it
	end     chan ending // takes one
}

// An ending is how a stream ends.
type ending int

const (
	complete ending = iota // the handler returns, and the response ends as it should
	cut                    // the connection breaks
)

// newOneWay starts the server. It lasts until close is called; when ctx ends,
// whatever waits on it fails.
func newOneWay(ctx context.Context) (*oneWay, error) {
	ctx, leave := context.WithCancel(ctx)
	o := &oneWay{ctx: ctx, leave: leave, opened: make(chan *serverEnd, 1), sources: make(chan *parsing.Source, 1), outcomes: make(chan error, 1)}
	var err error
	if o.addr, o.stop, err = serve(http.HandlerFunc(o.open)); err != nil {
		leave()
		return nil, err
	}
	o.client = reconnection.Reconnector{
		URL: "http://" + o.addr + "/events", Client: &http.Client{Transport: o},
		OnLost: func(reconnection.Loss) { o.client.Restart() }, // the tour does not wait for so long
	}
	return o, nil
}

// close ends both ends: the client's connections end with the server's.
func (o *oneWay) close() {
	o.leave()
	o.stop()
	o.following.Wait()
}

// open opens a stream, and hands it to the tour.
func (o *oneWay) open(w http.ResponseWriter, r *http.Request) {
	stream, err := flushing.Open(w, r)
	if err != nil {
		return
	}
	end := make(chan ending, 1)
	put(o.ctx, o.opened, &serverEnd{stream, r.Header, end})
	select {
	case how := <-end:
		if how == cut {
			panic(http.ErrAbortHandler) // net/http's way to break a response off
		}
	case <-o.ctx.Done():
	}
}

// RoundTrip implements [http.RoundTripper], for the client: it keeps the response
// for show, and the bytes of its body as they are read.
func (o *oneWay) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := o.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	o.response = response
	teeBody(response, &o.wire)
	return response, nil
}

// connect starts the client, and returns when it has its first stream.
func (o *oneWay) connect() error {
	ctx, cancel := context.WithCancelCause(o.ctx)
	o.following.Go(func() { cancel(o.client.Run(o.ctx, o.follow)) }) // it ends without a stream only if it fails
	return o.connected(ctx)
}

// comeBack tells the client how its stream ended, and returns when it has the next one.
func (o *oneWay) comeBack() error {
	o.outcomes <- o.ended
	return o.connected(o.ctx)
}

// connected waits for both ends of a new stream.
func (o *oneWay) connected(ctx context.Context) (err error) {
	if o.source, err = take(ctx, o.sources); err != nil {
		return err
	}
	o.stream, err = take(ctx, o.opened)
	return err
}

// follow leaves one stream of the client's to the tour, until that has seen its end.
func (o *oneWay) follow(_ context.Context, source *parsing.Source, _ func(framing.Event)) error {
	put(o.ctx, o.sources, source)
	select {
	case err := <-o.outcomes:
		return err
	case <-o.ctx.Done():
		return o.ctx.Err()
	}
}

// understood waits for n events and returns each as lines for a person.
func (o *oneWay) understood(n int) ([][]string, error) {
	var events [][]string
	for range n {
		event, err := o.source.Decode()
		if err != nil {
			return nil, fmt.Errorf("the client waited for an event: %w", errors.Join(o.ctx.Err(), err))
		}
		events = append(events, strings.Split(programs.Describe(event), "\n"))
	}
	return events, nil
}

// outcome reads on where no event is to come, and says what came.
func (o *oneWay) outcome() (string, error) {
	var event framing.Event
	if event, o.ended = o.source.Decode(); o.ended == nil {
		return "an event: " + programs.Describe(event), nil
	}
	return "no event: " + programs.Explain(o.ended).Error(), o.ctx.Err()
}

// look returns what came over the wire since the last look, a line each, with
// the line ends made visible.
func (o *oneWay) look() []string {
	var lines []string
	for line := range strings.Lines(o.wire.String()) {
		lines = append(lines, visible.Text(line))
	}
	o.wire.Reset()
	return lines
}
