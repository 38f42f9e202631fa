package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// childVar makes a program of the test itself: one that waits to be told to stop.
const childVar = "CLI_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

// watchChild is the value of childVar with which the child is the harness itself.
const watchChild = "watch"

// child says whose code it runs, and ends when it is told to.
func child() int {
	if os.Getenv(childVar) == watchChild {
		if err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
			return 1
		}
		return 0
	}
	ctx := untilStarterEnds(context.Background())
	fmt.Println(os.Args[1], os.Getenv(yoursVar))
	<-ctx.Done()
	fmt.Println("told to stop")
	if os.Args[1] == "demo" {
		return 1
	}
	return 0
}

// What was built is told to stop. A tour has not got to its end then, and a server has.
func TestCtrlCEndsWhatWasBuilt(t *testing.T) {
	require.Error(t, interrupted(t, "demo"))
	require.NoError(t, interrupted(t, "basic-sse-server"))
}

// interrupted returns what comes of a command that is built with two lessons, and is told
// to stop.
func interrupted(t *testing.T, name string) error {
	t.Setenv(childVar, "1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		h := &mineHarness{yours: []string{"01-framing", "03-parsing"}, binary: os.Args[0]}
		err := h.run(ctx, w, io.Discard, name)
		w.Close()
		ended <- err
	}()
	output := bufio.NewReader(r)
	line, err := output.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, name+" 01-framing,03-parsing\n", line)

	cancel()
	rest, err := io.ReadAll(output)
	require.NoError(t, err)
	require.Equal(t, "told to stop\n", string(rest))
	return <-ended
}

func TestATourThatFailsIsAnError(t *testing.T) {
	err := (&mineHarness{binary: "/no/such/harness"}).run(t.Context(), io.Discard, io.Discard, "demo")
	require.True(t, errors.Is(err, os.ErrNotExist), "%v", err)
}

// What runs on the learner's code runs with the flags that were typed.
func TestACommandRunsOnYoursWithItsFlags(t *testing.T) {
	cmd, path, flags := find(newRoot(), []string{"bidirectional-server", "-mine", "-host", "a.example", "-host=b.example", "--timeout", "5s", "-strict"})
	_, err := cmd.parse(flags)
	require.NoError(t, err)
	cmd.path = path
	require.Equal(t, []string{"bidirectional-server", "-host=a.example", "-host=b.example", "-timeout=5s"}, again(cmd))

	cmd, path, flags = find(newRoot(), []string{"demo", "chaos", "-seed", "7", "-mine"})
	_, err = cmd.parse(flags)
	require.NoError(t, err)
	cmd.path = path
	require.Equal(t, []string{"demo", "chaos", "-seed=7"}, again(cmd))
}

// Bad flags are refused before anything is built.
func TestBadFlagsAreRefusedBeforeYoursIsBuilt(t *testing.T) {
	for _, make := range []func() *command{newBasicServer, newBasicClient, newBidirectionalServer, newBidirectionalClient, newLoad, newChaos} {
		cmd := make()
		cmd.stderr = io.Discard
		cmd.ctx = t.Context()
		name := map[string]string{"basic-sse-server": "-interval=-1s", "basic-sse-client": "-n=-1", "bidirectional-server": "-timeout=0",
			"bidirectional-client": "-fail=2", "load": "-clients=-1", "chaos": "-events=0"}[cmd.name()]
		_, err := cmd.parse([]string{"-mine", name})
		require.NoError(t, err)
		require.ErrorContains(t, cmd.run(cmd, nil), strings.Split(name, "=")[0])
		_, err = cmd.parse([]string{"-mine=false", "-strict"})
		require.NoError(t, err)
		require.ErrorContains(t, cmd.run(cmd, nil), "-strict needs -mine")
	}
}
