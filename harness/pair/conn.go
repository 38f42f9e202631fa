package pair

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// breakable is a client's connection that can be made to fail as one does when
// a cable is pulled or a proxy gives up: both sides see a reset.
type breakable interface {
	net.Conn
	cut()
}

// memoryConn is one side of an in-memory connection. It keeps to net.Conn:
// deadlines, io.EOF once the other side has closed and all is read, a broken
// pipe when writing to a side that has closed. Safe for concurrent use.
type memoryConn struct {
	in, out       *buffer
	local, remote address
}

// newMemoryConns returns the two sides of a connection with size bytes of
// buffer each way.
func newMemoryConns(size int, client, server address) (clientSide, serverSide *memoryConn) {
	up, down := newBuffer(size), newBuffer(size)
	return &memoryConn{in: down, out: up, local: client, remote: server},
		&memoryConn{in: up, out: down, local: server, remote: client}
}

func (c *memoryConn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

func (c *memoryConn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

// Close ends reading first: a peer that learns of the end must not get an
// answer to it through.
func (c *memoryConn) Close() error {
	c.in.endReading()
	c.out.endWriting()
	return nil
}

// cut breaks the connection in both directions, for both sides; in first, as
// in Close.
func (c *memoryConn) cut() {
	c.in.reset()
	c.out.reset()
}

func (c *memoryConn) LocalAddr() net.Addr  { return c.local }
func (c *memoryConn) RemoteAddr() net.Addr { return c.remote }

func (c *memoryConn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

func (c *memoryConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	return nil
}

func (c *memoryConn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

// wrap dresses err as package net does, so that errors.Is, errors.As and
// Timeout work as on a socket. io.EOF stays as it is, there as here.
func (c *memoryConn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: c.local.Network(), Source: c.local, Addr: c.remote, Err: err}
}

// address is where one side of an in-memory connection seems to live.
type address string

// Network says "memory".
func (address) Network() string { return "memory" }

// String has the form host:port, which servers like to take apart.
func (a address) String() string { return string(a) }

// tcpConn is the client's side of a real connection.
type tcpConn struct {
	*net.TCPConn
	broken atomic.Bool // set by cut, before the socket is closed
}

// cut sends a reset to the server and makes the client's own reads and writes
// fail as if the server had sent one.
func (c *tcpConn) cut() {
	c.broken.Store(true)
	_ = c.SetLinger(0) // closing then sends RST, not FIN
	_ = c.Close()
}

func (c *tcpConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	return n, c.seen("read", err)
}

func (c *tcpConn) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	return n, c.seen("write", err)
}

// seen turns "use of closed network connection", which only the one who closed
// it can get, into what the client of a broken connection gets.
func (c *tcpConn) seen(op string, err error) error {
	if !c.broken.Load() || !errors.Is(err, net.ErrClosed) {
		return err
	}
	return &net.OpError{
		Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(),
		Err: os.NewSyscallError(op, syscall.ECONNRESET),
	}
}
