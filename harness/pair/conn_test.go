package pair

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// connected runs f in a bubble with the two sides of a connection that holds
// four bytes each way.
func connected(t *testing.T, f func(t *testing.T, client, server *memoryConn)) {
	synctest.Test(t, func(t *testing.T) {
		client, server := newMemoryConns(4, "127.0.0.1:1", "127.0.0.1:2")
		f(t, client, server)
		_ = client.Close()
		_ = server.Close()
	})
}

func TestAWriteWaitsForRoom(t *testing.T) {
	connected(t, func(t *testing.T, client, server *memoryConn) {
		written := false
		go func() {
			n, err := server.Write([]byte("abcdef"))
			if n != 6 || err != nil {
				t.Errorf("Write: %d, %v", n, err)
			}
			written = true
		}()
		synctest.Wait()
		require.False(t, written)
		require.Equal(t, "abcd", readSome(t, client))
		synctest.Wait()
		require.True(t, written)
		require.Equal(t, "ef", readSome(t, client))
	})
}

func TestTwoWritesDoNotMix(t *testing.T) {
	connected(t, func(t *testing.T, client, server *memoryConn) {
		for _, text := range []string{"aaaaaa", "bbbbbb"} {
			go func() { _, _ = server.Write([]byte(text)) }()
		}
		all := make([]byte, 12)
		_, err := io.ReadFull(client, all)
		require.NoError(t, err)
		require.Contains(t, []string{"aaaaaabbbbbb", "bbbbbbaaaaaa"}, string(all))
	})
}

func TestWhatWasWrittenBeforeCloseIsRead(t *testing.T) {
	connected(t, func(t *testing.T, client, server *memoryConn) {
		_, err := server.Write([]byte("abc"))
		require.NoError(t, err)
		require.NoError(t, server.Close())
		require.Equal(t, "abc", readSome(t, client))
		_, err = client.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		_, err = client.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
		_, err = server.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = server.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

// Whoever waits is woken, with the error that a socket would give.
func TestAWaitEnds(t *testing.T) {
	ways := map[string]struct {
		end         func(client, server *memoryConn)
		read, write error // what the server's side gets
	}{
		"by the peer's Close": {
			func(client, _ *memoryConn) { _ = client.Close() }, io.EOF, syscall.EPIPE},
		"by its own Close": {
			func(_, server *memoryConn) { _ = server.Close() }, net.ErrClosed, net.ErrClosed},
		"by a cut": {
			func(client, _ *memoryConn) { client.cut() }, syscall.ECONNRESET, syscall.ECONNRESET},
		"by a deadline in the past": {
			func(_, server *memoryConn) { _ = server.SetDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded, os.ErrDeadlineExceeded},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			connected(t, func(t *testing.T, client, server *memoryConn) {
				read, write := inBackground(server)
				synctest.Wait()
				way.end(client, server)
				require.ErrorIs(t, <-read, way.read)
				require.ErrorIs(t, <-write, way.write)
			})
		})
	}
}

// inBackground reads from c and writes more to it than it holds.
func inBackground(c *memoryConn) (read, write <-chan error) {
	r, w := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		r <- err
	}()
	go func() {
		_, err := io.Copy(c, strings.NewReader("abcdef"))
		w <- err
	}()
	return r, w
}

func TestADeadlinePassesOnTimeAndCanBeMoved(t *testing.T) {
	connected(t, func(t *testing.T, client, server *memoryConn) {
		begin := time.Now()
		require.NoError(t, client.SetReadDeadline(begin.Add(time.Second)))
		require.NoError(t, client.SetReadDeadline(begin.Add(time.Minute))) // the first has no say any more
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		timeout, ok := errors.AsType[net.Error](err)
		require.True(t, ok && timeout.Timeout())
		require.Equal(t, time.Minute, time.Since(begin))

		require.NoError(t, client.SetReadDeadline(time.Time{}))
		_, err = server.Write([]byte("abc"))
		require.NoError(t, err)
		require.Equal(t, "abc", readSome(t, client))
	})
}

func TestAWriteThatMeetsItsDeadlineSaysHowMuchWent(t *testing.T) {
	connected(t, func(t *testing.T, client, server *memoryConn) {
		require.NoError(t, server.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err := server.Write([]byte("abcdef"))
		require.Equal(t, 4, n)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
}

func TestACutLosesWhatIsOnTheWay(t *testing.T) {
	connected(t, func(t *testing.T, client, server *memoryConn) {
		_, err := server.Write([]byte("abc"))
		require.NoError(t, err)
		client.cut()
		_, err = client.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

// A dial that nobody accepts ends with its context, or with the listener.
func TestADialIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryListener(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := l.dial(ctx, l.Addr().String())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = l.dial(t.Context(), "127.0.0.1:0")
		require.ErrorIs(t, err, syscall.ECONNREFUSED, "another address")

		require.NoError(t, l.Close())
		require.NoError(t, l.Close())
		_, err = l.dial(t.Context(), l.Addr().String())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

// readSome returns what one Read gives.
func readSome(t *testing.T, c net.Conn) string {
	t.Helper()
	p := make([]byte, 64)
	n, err := c.Read(p)
	require.NoError(t, err)
	return string(p[:n])
}
