package tour

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"example.com/sseworkbook/harness/programs"
	"example.com/sseworkbook/harness/visible"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// A oneWay is the first act's event stream, with both of its ends: that of a real
// server on a socket, and that of its client. It notes what passes between them.
// Only the tour's own goroutine uses it.
type oneWay struct {
	ctx    context.Context
	addr   string // of the server
	stop   func() // ends it
	opened chan *serverEnd
	closed chan struct{}

	stream *serverEnd      // the server's end
	source *parsing.Source // the client's end, or nil

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
	o := &oneWay{ctx: ctx, opened: make(chan *serverEnd, 1), closed: make(chan struct{})}
	var err error
	o.addr, o.stop, err = serve(http.HandlerFunc(o.open))
	return o, err
}

// close ends both ends: the client's connections end with the server's.
func (o *oneWay) close() {
	if o.source != nil {
		o.source.Close()
	}
	close(o.closed)
	o.stop()
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
	case <-o.closed:
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

// connect opens a stream, after the event with the id lastID if there is one.
func (o *oneWay) connect(lastID string) error {
	r, err := http.NewRequestWithContext(o.ctx, http.MethodGet, "http://"+o.addr+"/events", nil)
	if err != nil {
		return err
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	if o.source, err = parsing.Connect(&http.Client{Transport: o}, r); err != nil {
		return err
	}
	o.stream, err = take(o.ctx, o.opened)
	return err
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
	event, ended := o.source.Decode()
	if ended == nil {
		return "an event: " + programs.Describe(event), nil
	}
	return "no event: " + programs.Explain(ended).Error(), o.ctx.Err()
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
