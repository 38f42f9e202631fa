package chaos

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"example.com/sseworkbook/harness/httpserve"
	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
	heartbeats "example.com/sseworkbook/solutions/09-heartbeats"
	backpressure "example.com/sseworkbook/solutions/10-backpressure"
)

const (
	// waitingAtMost is how many events may wait for a client before its session ends.
	waitingAtMost = 100

	// sendBuffer is how much the system may hold of what goes to a client, in bytes.
	sendBuffer = 16 << 10

	// burst is how many events are published at once.
	burst = 8
)

// A server sends the events of a run.
type server struct {
	listener net.Listener
	log      *reconnection.Log
	limit    *backpressure.Limit
	beat     time.Duration
	rate     float64 // events per second
}

// newServer returns a server that listens on a free port of this machine.
func newServer(o Options) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	limit := &backpressure.Limit{Size: waitingAtMost}
	registry := &sessions.Registry{Policy: limit.Disconnect}
	return &server{
		listener: smallBuffers{listener},
		log:      reconnection.NewLog(registry, o.logSize),
		limit:    limit,
		beat:     o.beat,
		rate:     o.rate(),
	}, nil
}

// addr returns where the server listens.
func (s *server) addr() string { return s.listener.Addr().String() }

// run serves until ctx ends. It closes the listener.
func (s *server) run(ctx context.Context) error {
	return httpserve.Run(ctx, s.listener, heartbeats.Handler(s.log, s.beat), nil)
}

// publish publishes the events at the server's rate, and counts them in published. What a
// busy machine delays, it does not make up for: too much would wait for all clients.
func (s *server) publish(ctx context.Context, events []framing.Event, published *atomic.Int64) error {
	ticker := time.NewTicker(time.Duration(burst / s.rate * float64(time.Second)))
	defer ticker.Stop()
	for n, event := range events {
		if n%burst == 0 {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if err := s.log.Publish(event); err != nil {
			return fmt.Errorf("publishing event %d: %w", n+1, err)
		}
		published.Add(1)
	}
	return nil
}

// smallBuffers is a listener whose connections hold little of what is sent. Otherwise
// the system would take megabytes for a client that reads nothing.
type smallBuffers struct{ net.Listener }

// Accept implements [net.Listener].
func (l smallBuffers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(sendBuffer) // without it, the server only notices later
	}
	return conn, err
}
