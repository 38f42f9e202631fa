package process

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// This test's own program is also the processes that it starts.
func TestMain(m *testing.M) {
	switch os.Getenv("ROLE") {
	case "":
		os.Exit(m.Run())
	case "worker":
		work()
	case "deaf worker":
		signal.Ignore(os.Interrupt)
		work()
	case "polite worker":
		interrupted, _ := signal.NotifyContext(context.Background(), os.Interrupt)
		go work()
		<-interrupted.Done()
	case "boss":
		_ = worker().Run()
	case "boss who leaves":
		_ = worker().Start()
	}
}

// worker returns a command for a process that works.
func worker() *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ROLE=worker")
	return cmd
}

// work has a connection to the test until either end is gone.
func work() {
	connection, err := net.Dial("tcp", os.Getenv("TEST"))
	if err == nil {
		_, _ = io.Copy(io.Discard, connection)
	}
}

// start starts a process with a role, and returns the connection of the one that
// works. It ends, and can be read to its end then, when that one does.
func start(t *testing.T, ctx context.Context, role string) (*exec.Cmd, net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	cmd := Command(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "ROLE="+role, "TEST="+listener.Addr().String())
	require.NoError(t, cmd.Start())
	connection, err := listener.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { connection.Close() })
	return cmd, connection
}

// requireEnd waits for the end of the process at the other end.
func requireEnd(t *testing.T, connection net.Conn) {
	t.Helper()
	require.NoError(t, connection.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err := io.Copy(io.Discard, connection) // a reset is an end, too
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the process is still there")
}

func TestTheEndOfAContextReachesWhatAProcessHasStarted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd, connection := start(t, ctx, "boss")
	cancel()
	require.Error(t, cmd.Wait())
	requireEnd(t, connection)
}

// A process is told to stop, and may end in its own way.
func TestAProcessMayEndInItsOwnWay(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd, connection := start(t, ctx, "polite worker")
	cancel()
	require.ErrorIs(t, cmd.Wait(), context.Canceled)
	require.Equal(t, 0, cmd.ProcessState.ExitCode())
	requireEnd(t, connection)
}

func TestAProcessThatDoesNotListenIsKilled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd, connection := start(t, ctx, "deaf worker")
	cancel()
	require.Error(t, cmd.Wait())
	require.False(t, cmd.ProcessState.Success())
	requireEnd(t, connection)
}

func TestKillGroupOfWhatWasNeverStarted(t *testing.T) {
	KillGroup(Command(t.Context(), "never"))
}
