package chaos

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// A link is one connection through a proxy, and what is done to it.
type link struct {
	plan    Plan
	client  *net.TCPConn
	server  *net.TCPConn
	tracker *tracker
	happens func(Fault, *tracker) // is told of each fault, before it does anything
	buffer  []byte
}

// run lets the response pass, with the plan's faults, until one of the two sides has
// closed its connection, a fault has ended it, or ctx ends. Then both are closed.
func (l *link) run(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() {
		defer end()
		io.Copy(l.server, l.client) // until the client has closed its side
	})
	beside.Go(func() {
		<-ctx.Done()
		l.close()
	})
	l.respond(ctx)
	end()
	beside.Wait()
}

// close closes both sides.
func (l *link) close() {
	l.client.Close()
	l.server.Close()
}

// respond lets the response pass, with the plan's faults.
func (l *link) respond(ctx context.Context) {
	for _, fault := range l.plan {
		if l.pass(ctx, fault.After, len(l.buffer), 0) != nil {
			return
		}
		l.happens(fault, l.tracker)
		if l.apply(ctx, fault) != nil {
			return
		}
	}
	for l.pass(ctx, len(l.buffer), len(l.buffer), 0) == nil {
	}
}

// apply does what fault says. It returns an error if the connection is over.
func (l *link) apply(ctx context.Context, fault Fault) error {
	switch fault.Kind {
	case Cut:
		l.client.SetLinger(0)
		l.server.SetLinger(0)
		return net.ErrClosed
	case Close:
		return net.ErrClosed
	case CloseClient:
		l.client.CloseWrite()
		io.Copy(io.Discard, l.server) // until the client has noticed, and closes its side
		return net.ErrClosed
	case CloseServer:
		return l.server.CloseWrite()
	case Silence:
		<-ctx.Done()
		return ctx.Err()
	case Stall:
		return wait(ctx, fault.For)
	case Delay:
		return l.pass(ctx, fault.Bytes, len(l.buffer), fault.For)
	default: // Split
		return l.pieces(ctx, fault.Bytes)
	}
}

// pieces lets n bytes pass in pieces of 1, 2, … 7 bytes, and then of 1 again.
func (l *link) pieces(ctx context.Context, n int) error {
	for size := 1; n > 0; size = size%7 + 1 {
		if err := l.pass(ctx, min(n, size), size, 0); err != nil {
			return err
		}
		n -= size
	}
	return nil
}

// pass lets n bytes pass, in chunks of at most size bytes, each of them after a delay.
func (l *link) pass(ctx context.Context, n, size int, delay time.Duration) error {
	for n > 0 {
		got, err := l.server.Read(l.buffer[:min(n, size)])
		if err != nil {
			return err
		}
		if err := wait(ctx, delay); err != nil {
			return err
		}
		if _, err := l.client.Write(l.buffer[:got]); err != nil {
			return err
		}
		l.tracker.passed(l.buffer[:got])
		n -= got
	}
	return nil
}

// wait waits, and returns an error if ctx ends first.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
