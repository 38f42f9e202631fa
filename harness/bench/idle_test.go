package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkIdle opens streams and lets them be. It reports what the server's
// process holds for each of them: heap objects, stacks and goroutines, but not
// what the kernel has in its socket buffers.
func BenchmarkIdle(b *testing.B) {
	for _, n := range []int{500, 2000, 8000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for _, s := range streamServers {
				b.Run(s.name, func(b *testing.B) { benchmarkIdle(b, s, n) })
			}
		})
	}
}

func benchmarkIdle(b *testing.B, s streamServer, n int) {
	var memory, goroutines float64
	for b.Loop() {
		before, after := measureIdle(b, s, n)
		memory += after.memory() - before.memory()
		goroutines += float64(after.Goroutines - before.Goroutines)
	}
	streams := float64(n) * float64(b.N)
	b.ReportMetric(memory/1024/streams, "KiB/conn")
	b.ReportMetric(goroutines/streams, "goroutines/conn")
}

// measureIdle returns what a server's process holds before n streams are open, and
// while they are.
func measureIdle(b *testing.B, s streamServer, n int) (before, after usage) {
	b.Helper()
	server, end := startServer(b, s.name)
	defer end()
	before = server.usage(b)
	for range n {
		stream, err := openStream(server.addr, s)
		if errors.Is(err, syscall.EMFILE) {
			b.Skipf("it needs %d open files in each of two processes: see ulimit -n", n+50)
		}
		require.NoError(b, err)
		defer stream.Close()
	}
	return before, server.usage(b)
}

// openStream opens a stream, with the request of a browser's EventSource, and
// returns when the server says that it is open. The caller closes it.
//
// The close is a reset. The usual way to leave would keep the port taken for a
// minute (TIME_WAIT), and the more such ports there are, the longer it takes to
// connect: each contender would pay for those before. To the server it is the
// same, a read that fails.
func openStream(addr string, s streamServer) (net.Conn, error) {
	stream, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	stream.(*net.TCPConn).SetLinger(0)
	stream.SetDeadline(time.Now().Add(30 * time.Second)) // a server that says nothing ends the benchmark
	if err := askForStream(stream, s); err != nil {
		stream.Close()
		return nil, fmt.Errorf("opening a stream of %s: %w", s.name, err)
	}
	return stream, nil
}

func askForStream(stream io.ReadWriter, s streamServer) error {
	_, err := fmt.Fprintf(stream, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n\r\n", s.target)
	if err != nil {
		return err
	}
	answer := make([]byte, 0, 2048)
	for !bytes.HasSuffix(answer, []byte(s.opened)) {
		n, err := stream.Read(answer[len(answer):cap(answer)])
		answer = answer[:len(answer)+n]
		if err != nil {
			return fmt.Errorf("it answered %q: %w", answer, err)
		}
	}
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("it answered %q", answer)
	}
	return nil
}
