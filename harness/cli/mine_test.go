package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
)

// childVar makes a program of the test itself: one that waits to be told to stop.
const childVar = "CLI_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

// child says whose code it runs, and ends on Ctrl-C.
func child() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println(os.Args[1], os.Getenv(yoursVar))
	<-ctx.Done()
	fmt.Println("told to stop")
	return 1
}

func TestCtrlCEndsTheTourThatWasBuilt(t *testing.T) {
	t.Setenv(childVar, "1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := runTour(ctx, os.Args[0], []catalog.Lesson{{Name: "01-framing"}, {Name: "03-parsing"}}, w, io.Discard)
		w.Close()
		ended <- err
	}()
	output := bufio.NewReader(r)
	line, err := output.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "demo 01-framing,03-parsing\n", line)

	cancel()
	rest, err := io.ReadAll(output)
	require.NoError(t, err)
	require.Equal(t, "told to stop\n", string(rest))
	require.Error(t, <-ended, "a tour that was stopped did not get to its end")
}

func TestATourThatFailsIsAnError(t *testing.T) {
	err := runTour(t.Context(), "/no/such/harness", nil, io.Discard, io.Discard)
	require.True(t, errors.Is(err, os.ErrNotExist), "%v", err)
}
