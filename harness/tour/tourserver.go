package tour

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"

	"example.com/sseworkbook/harness/httpserve"
	"example.com/sseworkbook/harness/programs"
	"example.com/sseworkbook/harness/visible"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// A tourServer holds both parties of the tour, a real server on a socket and its
// client, and notes what passes between them. Only the tour's own goroutine uses
// it; the handler takes its orders from a channel.
type tourServer struct {
	ctx    context.Context
	server *http.Server
	served chan error // Serve's one result
	addr   string

	requests chan http.Header // one for each stream that opens, as the server got it
	acts     chan act
	results  chan error // one for each act

	transport *http.Transport
	client    *http.Client
	response  *http.Response  // the last one
	wire      bytes.Buffer    // what the client has read since the last look
	source    *parsing.Source // the open stream, or nil
}

// An act is what the server does next on its stream, and how it goes on.
type act struct {
	do   func(*flushing.Stream) error
	then ending
}

// An ending says what becomes of a stream after an act.
type ending int

const (
	goOn  ending = iota
	leave        // the handler returns, and the response ends as it should
	cut          // the connection breaks
)

// newTourServer starts the server. The server lasts until close is called; when ctx
// ends, whatever waits on it fails.
func newTourServer(ctx context.Context) (*tourServer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the tour's server: %w", err)
	}
	s := &tourServer{
		ctx:      ctx,
		served:   make(chan error, 1),
		addr:     listener.Addr().String(),
		requests: make(chan http.Header, 1),
		acts:     make(chan act),
		results:  make(chan error, 1),

		transport: &http.Transport{},
	}
	s.client = teeing(&http.Client{Transport: s}, &s.wire)
	s.server = &http.Server{
		Handler:     httpserve.LocalGuard().Handler(http.HandlerFunc(s.serve)),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    log.New(io.Discard, "", 0), // what goes wrong is the tour's to tell
	}
	go func() { s.served <- s.server.Serve(listener) }() // close waits for it
	return s, nil
}

// close ends both parties: the client's connections end with the server's.
func (s *tourServer) close() {
	if s.source != nil {
		s.source.Close()
	}
	s.server.Close()
	<-s.served
}

// RoundTrip implements [http.RoundTripper]: it keeps the response for show.
func (s *tourServer) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.transport.RoundTrip(r)
	s.response = response
	return response, err
}

// serve is the server's side of a stream: it does the acts until one ends it.
func (s *tourServer) serve(w http.ResponseWriter, r *http.Request) {
	stream, err := flushing.Open(w, r)
	if err != nil {
		return
	}
	s.requests <- r.Header
	for {
		select {
		case <-r.Context().Done():
			return
		case a := <-s.acts:
			s.results <- a.do(stream)
			switch a.then {
			case leave:
				return
			case cut:
				panic(http.ErrAbortHandler) // net/http's way to break a response off
			}
		}
	}
}

// perform has the server do one thing, and waits until it is done.
func (s *tourServer) perform(then ending, do func(*flushing.Stream) error) error {
	select {
	case s.acts <- act{do, then}:
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	select {
	case err := <-s.results:
		return err
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// send has the server send events.
func (s *tourServer) send(events ...framing.Event) error {
	return s.perform(goOn, func(stream *flushing.Stream) error { return stream.Send(events...) })
}

// connect opens a stream and returns the request's header as the server got it.
func (s *tourServer) connect(lastID string) (http.Header, error) {
	r, err := http.NewRequestWithContext(s.ctx, http.MethodGet, "http://"+s.addr+"/events", nil)
	if err != nil {
		return nil, err
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	if s.source, err = parsing.Connect(s.client, r); err != nil {
		return nil, err
	}
	select {
	case header := <-s.requests:
		return header, nil
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	}
}

// receive returns the next event as the client understands it. The error is the
// stream's end; when the tour itself was ended, stopped is set.
func (s *tourServer) receive() (event framing.Event, err, stopped error) {
	event, err = s.source.Decode()
	return event, err, s.ctx.Err()
}

// understood waits for n events and returns each as lines for a person.
func (s *tourServer) understood(n int) ([][]string, error) {
	var events [][]string
	for range n {
		event, err, stopped := s.receive()
		if err := errors.Join(stopped, err); err != nil {
			return nil, fmt.Errorf("the client waited for an event: %w", err)
		}
		events = append(events, strings.Split(programs.Describe(event), "\n"))
	}
	return events, nil
}

// look returns what came over the wire since the last look, a line each, with
// the line ends made visible.
func (s *tourServer) look() []string {
	var lines []string
	for line := range strings.Lines(s.wire.String()) {
		lines = append(lines, visible.Text(line))
	}
	s.wire.Reset()
	return lines
}
