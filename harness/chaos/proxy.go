package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// receiveBuffer is how much the system may hold of what comes from the server, in bytes,
// so that the server soon notices a connection that stalls.
const receiveBuffer = 32 << 10

// A proxy is what stands between one client and the server.
type proxy struct {
	listener *net.TCPListener
	server   string                    // its address
	plan     func(connection int) Plan // what is done to each connection; they count from 1
	history  *history
	running  sync.WaitGroup // the links, and what ends the listener
}

// newProxy returns a proxy that listens on a free port of this machine.
func newProxy(server string, plan func(connection int) Plan, h *history) (*proxy, error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("starting a proxy: %w", err)
	}
	return &proxy{listener: listener, server: server, plan: plan, history: h}, nil
}

// url returns the URL of the event stream behind the proxy.
func (p *proxy) url() string { return "http://" + p.listener.Addr().String() + "/events" }

// run lets connections pass until ctx ends. When it returns, all of them are closed. It
// closes the listener.
func (p *proxy) run(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer p.running.Wait()
	defer end()
	p.running.Go(func() {
		<-ctx.Done()
		p.listener.Close()
	})
	for connection := 1; ; connection++ {
		client, err := p.listener.AcceptTCP()
		if ctx.Err() != nil {
			if err == nil {
				client.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("a proxy accepts no connections: %w", err)
		}
		server, err := p.dial(ctx)
		if err != nil {
			client.Close()
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		p.running.Go(func() { p.link(connection, client, server).run(ctx) })
	}
}

// dial connects to the server.
func (p *proxy) dial(ctx context.Context) (*net.TCPConn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", p.server)
	if err != nil {
		return nil, fmt.Errorf("a proxy cannot reach the server: %w", err)
	}
	server, ok := conn.(*net.TCPConn)
	if !ok {
		conn.Close()
		return nil, errors.New("a proxy got a connection that is not TCP")
	}
	if err := server.SetReadBuffer(receiveBuffer); err != nil {
		server.Close()
		return nil, fmt.Errorf("a proxy cannot make a buffer smaller: %w", err)
	}
	return server, nil
}

// link returns the link of a connection.
func (p *proxy) link(connection int, client, server *net.TCPConn) *link {
	return &link{
		plan:    p.plan(connection),
		client:  client,
		server:  server,
		tracker: newTracker(),
		buffer:  make([]byte, 4<<10),
		happens: func(f Fault, t *tracker) {
			p.history.add(Entry{Connection: connection, What: Faulted, Fault: f, Place: t.Place, Tail: string(t.tail)})
		},
	}
}
