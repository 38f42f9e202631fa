package pair

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// A dialer makes the client's connections. net/http closes them.
type dialer func(ctx context.Context, addr string) (breakable, error)

// memoryListener hands in-memory connections to a server.
type memoryListener struct {
	bufferSize int
	addr       address
	conns      chan net.Conn
	closed     chan struct{}
	close      sync.Once
}

func newMemoryListener(bufferSize int) *memoryListener {
	return &memoryListener{
		bufferSize: bufferSize,
		addr:       nextAddress(),
		conns:      make(chan net.Conn),
		closed:     make(chan struct{}),
	}
}

// Accept waits for the next dial, or for Close.
func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: l.addr.Network(), Addr: l.addr, Err: net.ErrClosed}
	}
}

// Close makes Accept return and later dials be refused. Connections that were
// accepted live on.
func (l *memoryListener) Close() error {
	l.close.Do(func() { close(l.closed) })
	return nil
}

// Addr is the address that the pair's URL names.
func (l *memoryListener) Addr() net.Addr { return l.addr }

func (l *memoryListener) dial(ctx context.Context, addr string) (breakable, error) {
	if addr != l.addr.String() {
		return nil, l.refused(addr)
	}
	client, server := newMemoryConns(l.bufferSize, nextAddress(), l.addr)
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, l.refused(addr)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (l *memoryListener) refused(addr string) error {
	return &net.OpError{
		Op: "dial", Net: l.addr.Network(), Addr: address(addr),
		Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
	}
}

var memoryPorts atomic.Int64

// nextAddress makes an address that no other in-memory connection has. The
// host is one that the certificate of httptest is good for.
func nextAddress() address {
	return address(fmt.Sprintf("127.0.0.1:%d", memoryPorts.Add(1)))
}

// dialTCP makes a real connection.
func dialTCP(ctx context.Context, addr string) (breakable, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &tcpConn{TCPConn: c.(*net.TCPConn)}, nil
}
