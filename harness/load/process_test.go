package load_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/sseworkbook/harness/load"
)

// roleVar makes another program of the test's: a server, its parent, or one that
// fails.
const roleVar = "LOAD_TEST_ROLE"

// addrVar says at which address a server serves; "": at any.
const addrVar = "LOAD_TEST_ADDR"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVar) {
	case "server":
		exitOn(load.Serve(cmp.Or(os.Getenv(addrVar), "127.0.0.1:0"), os.Stdin, os.Stdout))
	case "parent":
		server, err := load.Start(context.Background(), role("server"))
		exitOn(err)
		fmt.Println(server.URL)
		select {} // until it is killed
	case "broken":
		exitOn(io.ErrUnexpectedEOF)
	}
	goleak.VerifyTestMain(m)
}

// exitOn ends the process if err is one.
func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	if os.Getenv(roleVar) == "server" {
		os.Exit(0)
	}
}

// role returns a process that plays a part.
func role(name string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// start starts a server in a process of its own.
func start(t *testing.T) *load.Process {
	server, err := load.Start(t.Context(), role("server"))
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	return server
}

func TestTheServerIsAProcessOfItsOwn(t *testing.T) {
	summary, err := run(t, t.Context(), start(t).URL, small())
	require.NoError(t, err)
	require.NoError(t, summary.Err())
	require.EqualValues(t, 100, summary.Answered)
	require.Positive(t, summary.KiBPerClient)
}

// A server that dies ends the run, which says so.
func TestTheEndOfTheServerIsTheEndOfTheRun(t *testing.T) {
	server := start(t)
	o := small()
	o.For, o.Progress = load.MaxFor, &lines{row: server.Stop}
	summary, err := run(t, server.Context, server.URL, o)
	require.ErrorContains(t, err, "the server's process ended: ")
	require.EqualValues(t, 20, summary.Connected)
	require.Zero(t, summary.OnTheWay, "they are lost")
	count := map[string]int64{}
	for _, loss := range summary.Lost {
		count[loss.What] += loss.Count
	}
	require.EqualValues(t, 20, count["a client was cut off"])
	require.Equal(t, summary.Sent-summary.Answered, count["an event never arrived"]+count["an answer never came back"])
}

func TestAServerThatDoesNotStartIsAnError(t *testing.T) {
	cmd := role("broken")
	cmd.Stderr = nil
	_, err := load.Start(t.Context(), cmd)
	require.EqualError(t, err, "the server did not start: exit status 3")

	_, err = load.Start(t.Context(), exec.Command("/no/such/program"))
	require.ErrorIs(t, err, os.ErrNotExist)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if server, err := load.Start(ctx, role("server")); err == nil { // it was quicker
		server.Stop()
	}
}

// A parent that is killed cannot end its server: the server notices. Both have the
// other end of the pipe, so that its end is the end of both.
func TestTheServerDoesNotOutliveItsParent(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	parent := role("parent")
	parent.Stderr = w
	stdout, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	w.Close()
	var url string
	_, err = fmt.Fscanln(stdout, &url)
	require.NoError(t, err)
	summary, err := run(t, t.Context(), url, small()) // it is there
	require.NoError(t, err)
	require.NoError(t, summary.Err())

	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	_, err = io.ReadAll(r)
	require.NoError(t, err)
}

func TestServeEndsWithItsStdin(t *testing.T) {
	stdin, leave := io.Pipe()
	r, stdout := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- load.Serve("127.0.0.1:0", stdin, stdout) }()
	var url string
	_, err := fmt.Fscanln(r, &url)
	require.NoError(t, err)
	require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, url)
	leave.CloseWithError(io.ErrClosedPipe) // a pipe that breaks is an end, too
	require.NoError(t, <-served)
}
